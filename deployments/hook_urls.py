"""Where providers post."""

from django.urls import path

from deployments import webhooks

urlpatterns = [
    path("<str:provider>/<str:key>/", webhooks.hook, name="hook"),
    # Tools that build their addresses themselves put more behind the one they are given.
    path("<str:provider>/<str:key>/<path:path>", webhooks.hook, name="hook-below"),
]
