"""Links in mails that work without signing in."""

from django.urls import URLPattern, URLResolver, path

from digest.unsubscribe import unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
]
