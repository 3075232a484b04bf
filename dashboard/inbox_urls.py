"""The feedback inbox; its item pages read across rooms, so the dashboard serves them."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard import inbox_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox_views.inbox, name="inbox"),
    path("<int:pk>/", inbox_views.feedback_item, name="feedback_item"),
    path("<int:pk>/status/", inbox_views.feedback_status, name="feedback_status"),
    path("<int:pk>/ship/", inbox_views.feedback_ship, name="feedback_ship"),
    path("", include("feedback.urls")),
]
