"""Which of a file's columns is which field of feedback. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from feedback.rows import FIELDS

# The names that other tools give to our fields, likeliest first.
_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "review_id", "reviewid", "external_id", "feedback_id", "ticket_id", "uuid", "key"),
    "text": (
        "text", "review_text", "review", "content", "body", "comment", "comments", "message",
        "feedback", "description", "review_content", "review_body", "verbatim", "answer", "summary",
    ),
    "rating": ("rating", "stars", "star_rating", "score", "review_rating", "nps", "csat", "grade"),
    "rating_scale": ("rating_scale",),
    "rating_max": ("rating_max", "max_rating", "scale"),
    "version": (
        "version", "app_version", "app_version_name", "review_created_version",
        "reviewcreatedversion", "appversion", "release",
    ),
    "created_at": (
        "created_at", "review_last_update_date_and_time", "review_submit_date_and_time", "created",
        "date", "at", "time", "timestamp", "datetime", "submitted_at", "review_date", "said_at",
        "posted_at", "updated_at",
    ),
    "customer": (
        "customer", "customer_id", "customer_email", "email", "user_id", "user", "user_name",
        "username", "author", "reviewer", "reviewer_name", "author_name",
    ),
    "environment": ("environment", "env"),
    "area": ("area", "component", "topic", "category"),
    "url": ("url", "link", "review_link", "permalink"),
    "reply_text": (
        "reply_text", "developer_reply_text", "reply", "reply_content", "replycontent", "response",
        "developer_response",
    ),
    "replied_at": (
        "replied_at", "developer_reply_date_and_time", "repliedat", "reply_date", "response_date",
    ),
    "source": ("source",),
}  # fmt: skip


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """Return {their column: our field} for the columns whose name tells; each field once."""
    named: dict[str, str] = {}
    for column in columns:
        named.setdefault(re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_"), column)
    mapping: dict[str, str] = {}
    for field, aliases in _ALIASES.items():
        found = next((named[alias] for alias in aliases if alias in named), None)
        if found and found not in mapping:
            mapping[found] = field
    return mapping


def mapped(values: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Return a file's row with our names; columns without a field are kept under their own name.

    A column mapped to "" is left out. An object named `extra` is unpacked into the row.
    """
    row: dict[str, Any] = {}
    extra = values.get("extra")
    if isinstance(extra, Mapping) and "extra" not in mapping:
        row.update((name, value) for name, value in extra.items() if name not in FIELDS)
    for column, value in values.items():
        field = mapping.get(column)
        if field:
            row[field] = value
        elif field is None and value not in (None, "") and not (value is extra and row):
            row[f"their {column}" if column in FIELDS else column] = value
    return row
