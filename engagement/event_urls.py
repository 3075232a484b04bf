"""Where Segment's libraries and OpenTelemetry's exporters post to.

These addresses take the short way past the middleware.
"""

from django.urls import path, re_path

from engagement import event_door, telemetry_door
from engagement.event_calls import CALLS

urlpatterns = [
    re_path(rf"^(?P<call>{'|'.join(CALLS)})/?$", event_door.events, name="events-in"),
    path("metrics", telemetry_door.metrics, name="otlp-metrics"),
    path("projects/<str:key>/settings", event_door.library_settings, name="events-settings"),
]
