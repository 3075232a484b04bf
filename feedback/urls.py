"""Bringing feedback in from files; the inbox itself is the dashboard's."""

from django.urls import URLPattern, URLResolver, path

from feedback import import_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("import/", views.import_feedback, name="import_feedback"),
    path("import/<int:pk>/", views.import_progress, name="import_progress"),
    path("import/<int:pk>/start/", views.import_start, name="import_start"),
    path("import/<int:pk>/refused.csv", views.import_refused, name="import_refused"),
]
