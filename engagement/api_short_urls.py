"""What of the metrics API takes the short way past the middleware: sending samples."""

from django.urls import path

from engagement.samples_door import samples

urlpatterns = [path("samples/", samples)]
