"""Links in mails that work without signing in."""

from django.urls import URLPattern, URLResolver, path

from digest.finding_views import finding_mails_off
from digest.unsubscribe import unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("findings/off/<str:token>/", finding_mails_off, name="finding_mails_off"),
]
