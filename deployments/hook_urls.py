"""Where providers post."""

from django.urls import path

from deployments import webhooks

urlpatterns = [
    path("github/<str:key>/", webhooks.github, name="hook-github"),
]
