"""The part of a project's settings that says where feedback comes from."""

from django.urls import URLPattern, URLResolver, path

from feedback import call_views
from feedback import connection_actions as actions
from feedback import connection_mapping_views as mapping_views
from feedback import connection_views as views

_ONE = "<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.connections, name="settings_connections"),
    path("new/", views.connection_new, name="settings_connection_new"),
    path(_ONE, views.connection, name="settings_connection"),
    path(_ONE + "change/", views.connection_change, name="settings_connection_change"),
    path(_ONE + "switch/", actions.connection_switch, name="settings_connection_switch"),
    path(_ONE + "gather/", actions.connection_gather, name="settings_connection_gather"),
    path(_ONE + "secret/", actions.connection_secret, name="settings_connection_secret"),
    path(_ONE + "remove/", actions.connection_remove, name="settings_connection_remove"),
    path(_ONE + "mapping/", mapping_views.mapping, name="settings_connection_mapping"),
    path(_ONE + "calls/", call_views.calls, name="settings_calls"),
    path(_ONE + "calls/replay/", call_views.calls_replay, name="settings_calls_replay"),
    path(_ONE + "calls/<int:number>/", call_views.call, name="settings_call"),
    path(_ONE + "calls/<int:number>/replay/", call_views.call_replay, name="settings_call_replay"),
]
