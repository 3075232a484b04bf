"""What the API's docs say of the feedback doors; nothing here is run to answer a call."""

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers

from common.api_schema import BatchReport, errors, filters, paged
from feedback.models import Status

_ONE = {
    "id": "review-1042",
    "text": "The address step asks for everything twice",
    "rating": 2,
    "version": "2.4.0",
    "created_at": "2026-03-11T17:20:00Z",
    "customer": {"id": "c-77", "name": "Kim", "email": "kim@example.com"},
}


class CustomerFacts(serializers.Serializer[object]):
    """Who said it; at least one of the three."""

    id = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)


class FeedbackSent(serializers.Serializer[object]):
    """One thing a customer said; send `text`, `rating` or both. Unknown fields are kept."""

    text = serializers.CharField(required=False, max_length=50_000)
    rating = serializers.FloatField(required=False, help_text="On rating_scale; 1 to 5 stars.")
    rating_scale = serializers.CharField(
        required=False, help_text="stars, csat, nps, percent, thumbs, or two ends such as 1-7."
    )
    rating_max = serializers.FloatField(required=False, help_text="The best there is; 5.")
    id = serializers.CharField(required=False, max_length=200, help_text="Makes retries safe.")
    source = serializers.CharField(required=False, max_length=40)  # type: ignore[assignment]
    created_at = serializers.CharField(required=False, help_text="ISO 8601 or epoch; now.")
    version = serializers.CharField(required=False, max_length=100)
    environment = serializers.CharField(required=False, max_length=100)
    area = serializers.CharField(required=False, max_length=200)
    url = serializers.CharField(required=False, max_length=2000)
    customer = CustomerFacts(required=False)
    reply_text = serializers.CharField(required=False)
    replied_at = serializers.CharField(required=False)


class FeedbackBatch(serializers.Serializer[object]):
    """Up to 1,000 at once; a bare list is taken too."""

    feedback = FeedbackSent(many=True)


class FeedbackSummary(serializers.Serializer[object]):
    """One thing a customer said, in a list."""

    id = serializers.IntegerField()
    external_id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()
    rating = serializers.FloatField(allow_null=True)
    version = serializers.CharField()
    created_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Status.choices)
    theme = serializers.CharField()
    mood = serializers.CharField()


class FeedbackReceipt(FeedbackSummary):
    """What was stored, and whether it is new."""

    created = serializers.BooleanField()


class FeedbackDetail(FeedbackSummary):
    """One thing a customer said, with all that came with it."""

    environment = serializers.CharField()
    area = serializers.CharField()
    url = serializers.CharField()
    customer = CustomerFacts(allow_null=True)
    reply_text = serializers.CharField()
    replied_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)
    language = serializers.CharField()
    rating_scale = serializers.CharField()
    rating_given = serializers.FloatField(allow_null=True)
    held_at = serializers.DateTimeField(allow_null=True)
    held_because = serializers.CharField()
    merged_into = serializers.IntegerField(allow_null=True)
    extra = serializers.DictField()


describe_submit = extend_schema(
    operation_id="send_feedback",
    summary="Send feedback, one or a batch",
    description="Take one thing a customer said, or a batch; sending it again changes nothing. It "
    "is stored before the answer. When much comes at once, lists show it a second or two later; "
    "reading it by its id shows it at once.",
    tags=["feedback"],
    request={
        "application/json": PolymorphicProxySerializer(
            "FeedbackOneOrBatch", [FeedbackSent, FeedbackBatch], resource_type_field_name=None
        )
    },
    responses={
        201: FeedbackReceipt,
        200: PolymorphicProxySerializer(
            "FeedbackTaken", [FeedbackReceipt, BatchReport], resource_type_field_name=None
        ),
        **errors(400, 401, 403, 413),
    },
    examples=[
        OpenApiExample("One", _ONE, request_only=True),
        OpenApiExample("A batch", {"feedback": [_ONE]}, request_only=True),
    ],
)
describe_list = extend_schema(
    operation_id="list_feedback",
    summary="List feedback that counts, newest first",
    tags=["feedback"],
    parameters=filters(
        "status", "rating_min", "rating_max", "version", "source", "since", "until", "q"
    ),
    responses={200: paged("FeedbackPage", FeedbackSummary), **errors(400, 401, 403, 404)},
)
describe_detail = extend_schema(
    operation_id="read_feedback",
    summary="Read one thing a customer said",
    tags=["feedback"],
    responses={200: FeedbackDetail, **errors(401, 403, 404)},
)
