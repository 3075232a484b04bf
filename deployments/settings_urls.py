"""The part of a project's settings that tells CI how to reach Wake."""

from django.urls import URLPattern, URLResolver, path

from deployments import settings_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("connect/", views.connect, name="settings_connect"),
    path("connect/github/", views.webhook_make, name="settings_webhook_make"),
    path("connect/github/rotate/", views.webhook_rotate, name="settings_webhook_rotate"),
]
