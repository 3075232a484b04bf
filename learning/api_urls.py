"""The API for what we learned."""

from django.urls import path

from learning import api, finding_api

urlpatterns = [
    path("learnings/", api.LearningList.as_view(), name="api-learnings"),
    path("findings/", finding_api.FindingList.as_view(), name="api-findings"),
    path("deployments/<int:pk>/estimates/", api.EstimateList.as_view(), name="api-estimates"),
]
