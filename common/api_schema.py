"""Words that the API's docs use for every door: errors, filters, pages, batch reports."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from drf_spectacular.utils import inline_serializer as inline
from rest_framework import serializers


class WrongField(serializers.Serializer[object]):
    """One thing that is wrong."""

    field = serializers.CharField()
    message = serializers.CharField()
    mend = serializers.CharField(allow_blank=True)


class Refused(serializers.Serializer[object]):
    """Why a call was refused: a sentence, and field by field where there are fields."""

    detail = serializers.CharField()
    errors = WrongField(many=True, required=False)  # type: ignore[assignment]


class WrongRow(WrongField):
    """Why one row of a batch was refused; `index` counts from 0."""

    index = serializers.IntegerField()


class BatchReport(serializers.Serializer[object]):
    """What became of a batch; every row is counted in exactly one of the four."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    errors = WrongRow(many=True)  # type: ignore[assignment]


_ERRORS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "Something sent cannot be read; the answer names the field and how to mend it.",
        {
            "detail": "version: is missing, and so is sha. Send at least one of them.",
            "errors": [
                {
                    "field": "version",
                    "message": "is missing, and so is sha.",
                    "mend": "Send at least one of them.",
                }
            ],
        },
    ),
    401: ("No key, or one that is unknown.", {"detail": "This API key is unknown or revoked."}),
    403: (
        "The key lacks the scope.",
        {
            "detail": "This key lacks the scope read. Make one that has it: Settings, API keys.",
        },
    ),
    404: ("Not in this project.", {"detail": "Not found."}),
    413: (
        "More than Wake takes in one call.",
        {"detail": "The body is larger than 12 MB. Send it in parts."},
    ),
}

_FILTERS = {
    "since": "Keep what happened at this time or later: ISO 8601 or epoch.",
    "until": "Keep what happened before this time: ISO 8601 or epoch.",
    "page_size": "Rows a page, at most 200; 50 if not sent.",
    "cursor": "From `next` or `previous` of another answer.",
}


def errors(*codes: int) -> dict[int, OpenApiResponse]:
    """Return the error answers with these codes, as extend_schema wants them."""
    return {
        code: OpenApiResponse(
            Refused,
            description=_ERRORS[code][0],
            examples=[OpenApiExample(f"{code}", _ERRORS[code][1], response_only=True)],
        )
        for code in codes
    }


def filters(*names: str) -> list[OpenApiParameter]:
    """Return the filters of a list, with the two that page through it."""
    return [
        OpenApiParameter(name, str, description=_FILTERS.get(name, f"Keep those with this {name}."))
        for name in (*names, "page_size", "cursor")
    ]


def paged(name: str, row: type[serializers.BaseSerializer[Any]]) -> Any:
    """Return the shape of one page of rows."""
    return inline(
        name,
        {
            "results": row(many=True),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
        },
    )
