"""A project's settings."""

from django.urls import URLPattern, URLResolver, path

from accounts import settings_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.settings, name="settings"),
    path("members/", views.members, name="settings_members"),
    path("members/<int:pk>/", views.member, name="settings_member"),
    path("members/<int:pk>/remove/", views.member_remove, name="settings_member_remove"),
    path("keys/", views.keys, name="settings_keys"),
    path("keys/<str:prefix>/revoke/", views.key_revoke, name="settings_key_revoke"),
]
