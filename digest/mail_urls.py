"""The mails that were kept to be read."""

from django.urls import URLPattern, URLResolver, path

from digest import kept_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", kept_views.mails, name="mails"),
    path("<int:pk>/", kept_views.mail, name="mail"),
    path("<int:pk>/html/", kept_views.mail_html, name="mail_html"),
    path("<int:pk>/file/", kept_views.mail_file, name="mail_file"),
]
