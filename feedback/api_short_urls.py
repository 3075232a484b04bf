"""What of the feedback API takes the short way past the middleware: sending."""

from django.urls import path

from feedback.api_door import feedback

urlpatterns = [path("", feedback)]
