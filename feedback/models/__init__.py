"""The tables of what users say."""

from feedback.models.arrivals import Arrival
from feedback.models.connections import Call, Connection, ConnectionQuerySet, new_connection_key
from feedback.models.history import Band, BulkAction, FeedbackEvent, SavedView
from feedback.models.imports import Import
from feedback.models.items import Customer, FeedbackItem, FeedbackQuerySet, Status
from feedback.models.limits import Allowance
from feedback.models.privacy import Erasure, Forgotten

__all__ = [
    "Allowance",
    "Arrival",
    "Band",
    "BulkAction",
    "Call",
    "Connection",
    "ConnectionQuerySet",
    "Customer",
    "Erasure",
    "FeedbackEvent",
    "FeedbackItem",
    "FeedbackQuerySet",
    "Forgotten",
    "Import",
    "SavedView",
    "Status",
    "new_connection_key",
]
