"""The part of a project's settings that says where metrics come from."""

from django.urls import URLPattern, URLResolver, path

from dashboard import event_views, feed_views, sample_file_views, source_views, telemetry_views

_FEED = "gathered/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", source_views.sources, name="settings_sources"),
    path("new/", source_views.source_new, name="settings_source_new"),
    path("<int:pk>/", source_views.source, name="settings_source"),
    path("<int:pk>/change/", source_views.source_change, name="settings_source_change"),
    path("<int:pk>/remove/", source_views.source_remove, name="settings_source_remove"),
    path("<int:pk>/add/", feed_views.feed_new, name="settings_feed_new"),
    path(_FEED, feed_views.feed_change, name="settings_feed_change"),
    path(_FEED + "switch/", feed_views.feed_switch, name="settings_feed_switch"),
    path(_FEED + "gather/", feed_views.feed_gather, name="settings_feed_gather"),
    path(_FEED + "remove/", feed_views.feed_remove, name="settings_feed_remove"),
    path("events/", event_views.events, name="settings_events"),
    path("events/arrival/", event_views.events_arrival, name="settings_events_arrival"),
    path("events/key/", event_views.events_key, name="settings_events_key"),
    path("events/latest/", event_views.events_latest, name="settings_events_latest"),
    path("events/again/", event_views.events_read_again, name="settings_events_again"),
    path("events/let-go/", event_views.events_let_go, name="settings_events_let_go"),
    path("file/", sample_file_views.sample_file, name="settings_sample_file"),
    path("opentelemetry/", telemetry_views.telemetry, name="settings_telemetry"),
    path(
        "opentelemetry/follow/", telemetry_views.telemetry_follow, name="settings_telemetry_follow"
    ),
    path(
        "opentelemetry/<int:pk>/stop/",
        telemetry_views.telemetry_unfollow,
        name="settings_telemetry_unfollow",
    ),
]
