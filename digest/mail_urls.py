"""Mails on their way: those kept to be read, and what a provider reports of others."""

from django.urls import URLPattern, URLResolver, path

from digest import kept_views
from digest.bounce_hook import provider_hook

urlpatterns: list[URLPattern | URLResolver] = [
    path("", kept_views.mails, name="mails"),
    path("<int:pk>/", kept_views.mail, name="mail"),
    path("<int:pk>/html/", kept_views.mail_html, name="mail_html"),
    path("<int:pk>/file/", kept_views.mail_file, name="mail_file"),
    path("bounces/<str:provider>/", provider_hook, name="mail_provider_hook"),
]
