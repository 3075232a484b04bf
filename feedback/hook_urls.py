"""Where the tools that hear customers post; it stands before the hooks of deployments."""

from django.urls import path

from feedback import hooks

urlpatterns = [path("feedback/<str:key>/", hooks.feedback_hook, name="feedback_hook")]
