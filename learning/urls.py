"""The library of learnings."""

from django.urls import URLPattern, URLResolver, path

from learning import right_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.learnings, name="learnings"),
    path("how-often-right/", right_views.how_often_right, name="how_often_right"),
    path("<int:pk>/", views.learning, name="learning"),
    path("<int:pk>/edit/", views.learning_edit, name="learning_edit"),
]
