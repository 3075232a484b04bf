"""The API for what we shipped."""

from django.urls import path

from deployments import api

urlpatterns = [
    path("deployments/", api.DeploymentList.as_view(), name="api-deployments"),
    path("deployments/<int:pk>/", api.DeploymentDetail.as_view(), name="api-deployment"),
]
