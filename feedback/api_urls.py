"""The API for what users say."""

from django.urls import path

from feedback import api

urlpatterns = [
    path("feedback/", api.FeedbackList.as_view(), name="api-feedback"),
    path("feedback/<int:pk>/", api.FeedbackDetail.as_view(), name="api-feedback-item"),
]
