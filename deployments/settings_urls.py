"""The part of a project's settings that tells CI how to reach Wake."""

from django.urls import URLPattern, URLResolver, path

from deployments import connect_views, delivery_views, mapping_views
from deployments import hook_views as hooks
from deployments import settings_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("connect/arrival/", connect_views.arrival, name="settings_connect_arrival"),
    path("connect/key/", connect_views.ci_key_make, name="settings_connect_key"),
    path("connect/", views.connect, name="settings_connect"),
    path("connect/hooks/", hooks.webhook_make, name="settings_webhook_make"),
    path("connect/hooks/<int:pk>/", hooks.webhook, name="settings_webhook"),
    path("connect/hooks/<int:pk>/secret/", hooks.webhook_rotate, name="settings_webhook_rotate"),
    path("connect/hooks/<int:pk>/remove/", hooks.webhook_remove, name="settings_webhook_remove"),
    path("connect/hooks/<int:pk>/mapping/", mapping_views.mapping, name="settings_mapping"),
    path("deliveries/", delivery_views.deliveries, name="settings_deliveries"),
    path("deliveries/replay/", delivery_views.deliveries_replay, name="settings_deliveries_replay"),
    path("deliveries/<int:pk>/", delivery_views.delivery, name="settings_delivery"),
    path(
        "deliveries/<int:pk>/replay/",
        delivery_views.delivery_replay,
        name="settings_delivery_replay",
    ),
]
