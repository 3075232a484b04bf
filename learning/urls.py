"""The library of learnings."""

from django.urls import URLPattern, URLResolver, path

from learning import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.learnings, name="learnings"),
    path("<int:pk>/", views.learning, name="learning"),
    path("<int:pk>/edit/", views.learning_edit, name="learning_edit"),
]
