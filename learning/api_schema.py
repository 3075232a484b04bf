"""What the API's docs say of the learning doors; nothing here is run to answer a call."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from common.api_schema import errors, filters, paged
from learning.models import Learning
from learning.verdict import Verdict


class GroundsKept(serializers.Serializer[object]):
    """The numbers that a verdict rests on; effects are relative, 0.05 is 5 %."""

    metric = serializers.CharField()
    goal = serializers.FloatField(help_text="Smallest effect that matters; negative for a fall.")
    goal_window_seconds = serializers.IntegerField()
    effect = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of the 95 % interval.")
    smallest_visible = serializers.FloatField(allow_null=True)
    window_start_at = serializers.DateTimeField(allow_null=True)
    window_end_at = serializers.DateTimeField(allow_null=True)
    decided_after_seconds = serializers.IntegerField(
        allow_null=True, help_text="How long after the ship the look was that decided."
    )
    method = serializers.CharField()
    note = serializers.CharField()
    needed = serializers.CharField(help_text="What would settle an open question.")
    needed_window_seconds = serializers.IntegerField(
        allow_null=True, help_text="The window at least that could show the goal; null if it did."
    )
    look_again_at = serializers.DateTimeField(allow_null=True, help_text="Null: no look is left.")


class LearningKept(serializers.Serializer[object]):
    """What the team takes away from a ship."""

    id = serializers.IntegerField()
    deployment = serializers.IntegerField()
    deployment_version = serializers.CharField()
    url = serializers.URLField()
    version = serializers.IntegerField(help_text="Grows when a look-back overturns it.")
    supersedes = serializers.IntegerField(allow_null=True, help_text="The version before it.")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    headline = serializers.CharField()
    evidence = serializers.CharField(help_text="Wake's words.")
    takeaway = serializers.CharField(help_text="The team's words.")
    tags = serializers.ListField(child=serializers.CharField())
    also_taught_by = serializers.ListField(child=serializers.IntegerField())
    state = serializers.ChoiceField(choices=Learning.State.choices)
    drafted_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    confirmed_by = serializers.CharField()
    grounds = GroundsKept(allow_null=True, help_text="Null without a hypothesis.")


class EstimateKept(serializers.Serializer[object]):
    """What a ship did to a metric, as seen at one checkup; effects are relative, 0.05 is 5 %."""

    metric = serializers.CharField()
    after_seconds = serializers.IntegerField(help_text="How long after the ship Wake looked.")
    word = serializers.CharField(help_text="estimated, or why there is no number.")
    effect = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of the 95 % interval.")
    smallest_visible = serializers.FloatField(allow_null=True)
    is_real = serializers.BooleanField(help_text="Stands out among all the ship's metrics.")
    look_again_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    beside = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of other deployments in its window."
    )
    method = serializers.CharField()
    estimated_at = serializers.DateTimeField()


describe_list = extend_schema(
    operation_id="list_learnings",
    summary="List learnings, newest first",
    tags=["learnings"],
    parameters=filters("verdict", "state", "tag", "q", "since", "until"),
    responses={200: paged("LearningPage", LearningKept), **errors(400, 401, 403, 404)},
)
describe_estimates = extend_schema(
    operation_id="list_estimates",
    summary="List the estimated effects of one deployment",
    tags=["learnings"],
    parameters=filters(),
    responses={200: paged("EstimatePage", EstimateKept), **errors(401, 403, 404)},
)
