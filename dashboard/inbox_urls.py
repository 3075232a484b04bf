"""The feedback inbox; its item pages read across rooms, so the dashboard serves them."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard import inbox_bulk_views as bulk
from dashboard import inbox_item_views as item
from dashboard import inbox_saved_views, inbox_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox_views.inbox, name="inbox"),
    path("views/", inbox_saved_views.saved_view_keep, name="saved_view_keep"),
    path("views/<int:pk>/", inbox_saved_views.saved_view_change, name="saved_view_change"),
    path("bulk/", bulk.feedback_bulk, name="feedback_bulk"),
    path("bulk/<int:pk>/", bulk.feedback_bulk_progress, name="feedback_bulk_progress"),
    path("bulk/<int:pk>/stop/", bulk.feedback_bulk_stop, name="feedback_bulk_stop"),
    path("bulk/<int:pk>/undo/", bulk.feedback_bulk_undo, name="feedback_bulk_undo"),
    path("<int:pk>/", inbox_views.feedback_item, name="feedback_item"),
    path("<int:pk>/status/", item.feedback_status, name="feedback_status"),
    path("<int:pk>/ship/", item.feedback_ship, name="feedback_ship"),
    path("<int:pk>/note/", item.feedback_note, name="feedback_note"),
    path("<int:pk>/assign/", item.feedback_assign, name="feedback_assign"),
    path("<int:pk>/hold/", item.feedback_hold, name="feedback_hold"),
    path("<int:pk>/same/", item.feedback_merge_choose, name="feedback_merge_choose"),
    path("<int:pk>/merge/", item.feedback_merge, name="feedback_merge"),
    path("", include("feedback.urls")),
]
