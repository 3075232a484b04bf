"""The library of learnings."""

from django.urls import URLPattern, URLResolver, path

from learning import (
    export_views,
    filing_views,
    predictions_views,
    right_views,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.learnings, name="learnings"),
    path("how-often-right/", right_views.how_often_right, name="how_often_right"),
    path("expectations/", predictions_views.predictions, name="predictions"),
    path("export/", export_views.learnings_export, name="learnings_export"),
    path("<int:pk>/", views.learning, name="learning"),
    path("<int:pk>/filed/", filing_views.learning_filed, name="learning_filed"),
    path("<int:pk>/edit/", views.learning_edit, name="learning_edit"),
]
