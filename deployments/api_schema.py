"""What the API's docs say of the deployment doors; nothing here is run to answer a call."""

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers

from common.api_schema import errors, filters, paged
from deployments.models import DeploymentKind, DeploymentStatus
from deployments.succession import SUPERSEDED

SHIP_STATES = [*DeploymentStatus.choices, (SUPERSEDED, "Superseded")]
_EXAMPLE = {
    "version": "2.4.0",
    "sha": "3f2c1d9",
    "environment": "production",
    "status": "succeeded",
    "finished_at": "2026-03-10T09:30:00Z",
    "title": "Shorter checkout form",
    "author": "ada@example.com",
    "commits": [
        {
            "sha": "3f2c1d9",
            "message": "Ask for the address once",
            "author": {"name": "Ada", "email": "ada@example.com"},
            "files": ["checkout/form.py"],
        }
    ],
    "hypothesis": {
        "metric": "checkout_conversion",
        "direction": "up",
        "min_effect": "2%",
        "window": "7d",
        "because": "31 complaints about the address step",
    },
}


class Person(serializers.Serializer[object]):
    """Somebody who shipped."""

    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)


class Commit(serializers.Serializer[object]):
    """A commit in a ship."""

    sha = serializers.CharField()
    message = serializers.CharField(required=False)
    author = Person(required=False)
    date = serializers.DateTimeField(required=False)
    files = serializers.ListField(child=serializers.CharField(), required=False)
    url = serializers.URLField(required=False)


class StatedHypothesis(serializers.Serializer[object]):
    """What a ship is expected to do."""

    metric = serializers.CharField(help_text="Its key; a metric that is not known yet is made.")
    direction = serializers.ChoiceField(choices=["up", "down"], required=False)
    min_effect = serializers.CharField(help_text='The smallest that matters: "2%" or 0.02.')
    window = serializers.CharField(required=False, help_text='"7d" if not sent.')
    statement = serializers.CharField(required=False)
    because = serializers.CharField(required=False)


class ShipReport(serializers.Serializer[object]):
    """A ship as CI tells of it; send `version`, `sha` or both. Unknown fields are kept."""

    version = serializers.CharField(required=False, max_length=200)
    sha = serializers.CharField(required=False, max_length=64)
    id = serializers.CharField(required=False, max_length=200, help_text="Makes retries safe.")
    environment = serializers.CharField(required=False, help_text="production if not sent.")
    service = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=DeploymentStatus.choices, required=False)
    kind = serializers.ChoiceField(
        choices=DeploymentKind.choices, required=False, help_text="code if not sent."
    )
    started_at = serializers.CharField(required=False, help_text="ISO 8601 with offset, or epoch.")
    finished_at = serializers.CharField(required=False, help_text="Now if not sent.")
    title = serializers.CharField(required=False, max_length=300)
    notes = serializers.CharField(required=False)
    url = serializers.URLField(required=False)
    author = serializers.CharField(required=False, help_text="A mail address.")
    shippers = serializers.ListField(child=serializers.CharField(), required=False)
    commits = Commit(many=True, required=False)
    pull_requests = serializers.ListField(child=serializers.JSONField(), required=False)
    adoption = serializers.JSONField(
        required=False,
        help_text='How many customers must have it before it is judged, "25%", or the key of a '
        "metric that is the share of customers who have it, or an object of `share` and `metric`.",
    )
    areas = serializers.ListField(child=serializers.CharField(), required=False)
    fixes = serializers.ListField(child=serializers.CharField(), required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    hypothesis = StatedHypothesis(required=False)


class KeptHypothesis(serializers.Serializer[object]):
    """A hypothesis as Wake keeps it."""

    metric = serializers.CharField()
    direction = serializers.ChoiceField(choices=["up", "down"])
    min_effect = serializers.FloatField(help_text="Relative: 0.02 is 2 %.")
    window_seconds = serializers.IntegerField()
    statement = serializers.CharField()
    because = serializers.CharField()
    frozen_at = serializers.DateTimeField(allow_null=True)


class Receipt(serializers.Serializer[object]):
    """What CI is told."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    version = serializers.CharField()
    environment = serializers.CharField()
    status = serializers.ChoiceField(choices=DeploymentStatus.choices)
    kind = serializers.ChoiceField(choices=DeploymentKind.choices)
    rolls_back = serializers.ListField(
        child=serializers.IntegerField(), help_text="The ships that this one took back."
    )
    created = serializers.BooleanField()
    checkups_due = serializers.ListField(child=serializers.DateTimeField())
    hypothesis = KeptHypothesis(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())


class ShipSummary(serializers.Serializer[object]):
    """A ship in a list."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    version = serializers.CharField()
    sha = serializers.CharField()
    environment = serializers.CharField()
    service = serializers.CharField()
    status = serializers.ChoiceField(choices=DeploymentStatus.choices)
    state = serializers.ChoiceField(
        choices=SHIP_STATES,
        help_text="As status, or superseded if it was live until another took over.",
    )
    kind = serializers.ChoiceField(choices=DeploymentKind.choices)
    title = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was taken back or another took over."
    )
    superseded_by = serializers.IntegerField(
        allow_null=True, help_text="The next ship in the same environment and service."
    )
    rolled_back_at = serializers.DateTimeField(allow_null=True)
    rolled_back_by = serializers.IntegerField(
        allow_null=True, help_text="The ship of an older version that took its place."
    )
    rolls_back = serializers.ListField(
        child=serializers.IntegerField(), help_text="The ships that this one took back."
    )
    shippers = Person(many=True)
    hypothesis = KeptHypothesis(allow_null=True)


class TurnedPhrase(serializers.Serializer[object]):
    """Words that customers started, or stopped, to use after a ship."""

    phrase = serializers.CharField()
    score = serializers.FloatField(help_text="A z; negative for what stopped.")
    before = serializers.IntegerField(help_text="Customers who said it in the four weeks before,")
    before_total = serializers.IntegerField(help_text="of so many who said anything.")
    after = serializers.IntegerField()
    after_total = serializers.IntegerField()
    about_this = serializers.IntegerField(help_text="Of those after, most likely about this ship.")
    window_seconds = serializers.IntegerField(help_text="How long after the ship was counted.")
    quotes = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of feedback that says it best."
    )


class ShipDetail(ShipSummary):
    """A ship with all that is known of it."""

    started_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    notes = serializers.CharField()
    link = serializers.URLField(help_text="What CI sent as url.")
    areas = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    fixes = serializers.ListField(child=serializers.CharField())
    extra = serializers.DictField()
    changes = serializers.ListField(child=serializers.DictField())
    checkups = inline_serializer(
        "CheckupDue",
        {
            "due_at": serializers.DateTimeField(),
            "finished_at": serializers.DateTimeField(allow_null=True),
            "problem": serializers.CharField(),
        },
        many=True,
    )
    adoption = inline_serializer(
        "ShipAdoption",
        {
            "share": serializers.FloatField(help_text="On it or on a later one; 0 to 1."),
            "users": serializers.IntegerField(allow_null=True, help_text="Of how many, if known."),
            "threshold": serializers.FloatField(),
            "reached_at": serializers.DateTimeField(
                allow_null=True, help_text="When the threshold was: the start of its window."
            ),
            "measured_at": serializers.DateTimeField(),
        },
        allow_null=True,
        help_text="How far customers have taken it up; null where nobody measures that.",
    )
    started_saying = TurnedPhrase(many=True, help_text="The surest first.")
    stopped_saying = TurnedPhrase(many=True, help_text="The surest first.")


describe_report = extend_schema(
    operation_id="report_deployment",
    summary="Report a deployment",
    tags=["deployments"],
    request={"application/json": ShipReport},
    responses={201: Receipt, 200: Receipt, **errors(400, 401, 403, 413)},
    examples=[OpenApiExample("A ship with a hypothesis", _EXAMPLE, request_only=True)],
)
describe_list = extend_schema(
    operation_id="list_deployments",
    summary="List deployments, newest first",
    tags=["deployments"],
    parameters=filters("environment", "service", "status", "version", "since", "until"),
    responses={200: paged("DeploymentPage", ShipSummary), **errors(400, 401, 403, 404)},
)
describe_detail = extend_schema(
    operation_id="read_deployment",
    summary="Read one deployment",
    tags=["deployments"],
    responses={200: ShipDetail, **errors(401, 403, 404)},
)
