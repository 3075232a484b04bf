"""The API for what we learned."""

from django.urls import path

from learning import api

urlpatterns = [
    path("learnings/", api.LearningList.as_view(), name="api-learnings"),
    path("deployments/<int:pk>/estimates/", api.EstimateList.as_view(), name="api-estimates"),
]
