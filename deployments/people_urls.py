"""The page on which the team says who is who, a part of a project's settings."""

from django.urls import URLPattern, URLResolver, path

from deployments import people_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.people, name="settings_people"),
    path("confirm/", views.confirm, name="settings_people_confirm"),
    path("not-this/", views.not_this_person, name="settings_people_not_this"),
    path("<int:pk>/undo/", views.undo, name="settings_people_undo"),
]
