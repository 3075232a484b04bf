"""The part of a project's settings on whom Wake tells its news."""

from django.urls import URLPattern, URLResolver, path

from outbound import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.hooks, name="settings_outgoing"),
    path("<int:pk>/", views.hook, name="settings_outgoing_hook"),
    path("<int:pk>/test/", views.hook_test, name="settings_outgoing_test"),
    path("<int:pk>/rotate/", views.hook_rotate, name="settings_outgoing_rotate"),
    path("<int:pk>/switch/", views.hook_switch, name="settings_outgoing_switch"),
    path("<int:pk>/remove/", views.hook_remove, name="settings_outgoing_remove"),
    path("<int:pk>/again/<int:message>/", views.message_again, name="settings_outgoing_again"),
]
