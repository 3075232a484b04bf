"""What the API's docs say of the metrics doors; nothing here is run to answer a call."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from common.api_schema import BatchReport, errors, filters, paged
from engagement.models import Direction, Kind, Measure, NoData, Role


class DefinitionSent(serializers.Serializer[object]):
    """What a metric is made of: events, by one of seven measures."""

    measure = serializers.ChoiceField(choices=Measure.choices)
    event = serializers.CharField(required=False, max_length=200)
    then_event = serializers.CharField(required=False, max_length=200)
    within = serializers.CharField(
        required=False, help_text='Of a conversion "1h" to "28d"; of day N retention "Nd".'
    )
    environment = serializers.CharField(required=False, max_length=100)
    service = serializers.CharField(required=False, max_length=100)
    version = serializers.CharField(required=False, max_length=100)
    where = serializers.DictField(
        required=False, child=serializers.CharField(), help_text="Properties of the event."
    )


class DefinitionKept(serializers.Serializer[object]):
    """What a metric is made of, and how far it is worked out."""

    measure = serializers.ChoiceField(choices=Measure.choices)
    event = serializers.CharField()
    then_event = serializers.CharField()
    within_seconds = serializers.IntegerField(allow_null=True)
    environment = serializers.CharField()
    service = serializers.CharField()
    version = serializers.CharField()
    where = serializers.DictField(child=serializers.CharField())
    revision = serializers.IntegerField()
    worked_out_from = serializers.DateTimeField(allow_null=True)
    worked_out_until = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField()


class MetricSent(serializers.Serializer[object]):
    """What is said of a metric; only `key` must be sent."""

    key = serializers.CharField(max_length=100)
    name = serializers.CharField(required=False, max_length=150)
    unit = serializers.CharField(required=False, max_length=30)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    good_direction = serializers.ChoiceField(choices=Direction.choices, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    no_data = serializers.ChoiceField(choices=NoData.choices, required=False)
    resolution = serializers.CharField(required=False, help_text='Size of a bucket: "1h", "1d".')
    definition = DefinitionSent(required=False)


class MetricKept(serializers.Serializer[object]):
    """A metric as Wake keeps it."""

    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    good_direction = serializers.ChoiceField(choices=Direction.choices)
    role = serializers.ChoiceField(choices=Role.choices)
    no_data = serializers.ChoiceField(choices=NoData.choices)
    resolution_seconds = serializers.IntegerField()
    definition = DefinitionKept(allow_null=True, help_text="Null unless it is made of events.")


class MetricReceipt(MetricKept):
    """A metric, and whether it is new."""

    created = serializers.BooleanField()


class SampleSent(serializers.Serializer[object]):
    """A sample: `value`, or `numerator` and `denominator`."""

    metric = serializers.CharField(max_length=100)
    at = serializers.CharField(help_text="Any time in the bucket: ISO 8601 with offset, or epoch.")
    value = serializers.FloatField(required=False)
    numerator = serializers.FloatField(required=False)
    denominator = serializers.FloatField(required=False)


class SamplesSent(serializers.Serializer[object]):
    """Up to 10,000 samples; a bare list is taken too."""

    samples = SampleSent(many=True)


class SamplesReport(BatchReport):
    """What became of a batch of samples."""

    new_metrics = serializers.ListField(child=serializers.CharField())


class SampleKept(serializers.Serializer[object]):
    """A sample as Wake keeps it; `at` is the start of its bucket."""

    at = serializers.DateTimeField()
    value = serializers.FloatField()
    denominator = serializers.FloatField(allow_null=True)


describe_define = extend_schema(
    operation_id="define_metric",
    summary="Define a metric",
    tags=["metrics"],
    request={"application/json": MetricSent},
    responses={201: MetricReceipt, 200: MetricReceipt, **errors(400, 401, 403, 413)},
    examples=[
        OpenApiExample(
            "A ratio",
            {
                "key": "checkout_conversion",
                "name": "Checkout conversion",
                "kind": "ratio",
                "good_direction": "up",
                "resolution": "1h",
            },
            request_only=True,
        ),
        OpenApiExample(
            "Made of events",
            {
                "key": "paid_within_a_day",
                "name": "Paid within a day",
                "resolution": "1d",
                "definition": {
                    "measure": "conversion",
                    "event": "Product Viewed",
                    "then_event": "Order Completed",
                    "within": "1d",
                    "environment": "production",
                },
            },
            request_only=True,
        ),
    ],
)
describe_list = extend_schema(
    operation_id="list_metrics",
    summary="List metrics",
    tags=["metrics"],
    parameters=filters(),
    responses={200: paged("MetricPage", MetricKept), **errors(401, 403, 404)},
)
describe_record = extend_schema(
    operation_id="send_samples",
    summary="Send metric samples",
    tags=["metrics"],
    request={"application/json": SamplesSent},
    responses={200: SamplesReport, **errors(400, 401, 403, 413)},
    examples=[
        OpenApiExample(
            "An hour of two metrics",
            {
                "samples": [
                    {
                        "metric": "checkout_conversion",
                        "at": "2026-03-11T17:00:00Z",
                        "numerator": 31,
                        "denominator": 940,
                    },
                    {"metric": "orders", "at": "2026-03-11T17:00:00Z", "value": 31},
                ]
            },
            request_only=True,
        )
    ],
)
describe_samples = extend_schema(
    operation_id="list_samples",
    summary="List the samples of a metric, oldest first",
    tags=["metrics"],
    parameters=filters("since", "until"),
    responses={200: paged("SamplePage", SampleKept), **errors(400, 401, 403, 404)},
)
