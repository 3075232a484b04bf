"""The week in review, for scripts: the same reading as the digest's."""

from datetime import UTC

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Scope
from common.api_schema import errors
from common.values import read_moment
from common.windows import WEEK, Window
from dashboard.speed import Measure
from dashboard.week import WeekInReview, week_in_review
from dashboard.week_outputs import (
    LookBackOut,
    OverlapOut,
    ReasonOut,
    TurnedOut,
    UnansweredOut,
    WeekPaceOut,
)


class ShipOut(serializers.Serializer[object]):
    """A ship with its verdict's word."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    version = serializers.CharField()
    service = serializers.CharField()
    shipped_at = serializers.DateTimeField(default_timezone=UTC)
    shipped_by = serializers.ListField(child=serializers.CharField())
    hypothesis = serializers.CharField()
    verdict = serializers.CharField()
    was_rolled_back = serializers.BooleanField()
    feedback_count = serializers.IntegerField()
    next_look_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)


class LessonOut(serializers.Serializer[object]):
    """A verdict that was reached, or a learning that was confirmed."""

    id = serializers.IntegerField(source="pk")
    deployment = serializers.IntegerField(source="ship_id")
    ship = serializers.CharField()
    headline = serializers.CharField()
    evidence = serializers.CharField()
    takeaway = serializers.CharField()
    verdict = serializers.CharField()
    is_confirmed = serializers.BooleanField()
    confirmed_by = serializers.CharField()
    overturns = serializers.BooleanField()
    learned_at = serializers.DateTimeField(default_timezone=UTC)


class OverturnedOut(serializers.Serializer[object]):
    """A learning of which a look-back came to another verdict this week."""

    id = serializers.IntegerField(source="learning.pk")
    deployment = serializers.IntegerField(source="learning.deployment_id")
    headline = serializers.CharField(source="learning.headline")
    verdict = serializers.CharField(source="learning.verdict")
    verdict_before = serializers.CharField(source="was.verdict")
    confirmed_before_by = serializers.CharField(source="confirmed_by")


class SurpriseOut(serializers.Serializer[object]):
    """What was expected, and what was measured."""

    deployment = serializers.IntegerField(source="ship_id")
    ship = serializers.CharField()
    metric = serializers.CharField()
    expected = serializers.CharField()
    measured = serializers.CharField()
    is_better = serializers.BooleanField(allow_null=True)


class QuoteOut(serializers.Serializer[object]):
    """A customer's words, and the ship they are most likely about."""

    feedback = serializers.IntegerField(source="feedback_id")
    text = serializers.CharField()
    rating = serializers.FloatField(allow_null=True)
    mood = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    said_at = serializers.DateTimeField(default_timezone=UTC)
    deployment = serializers.IntegerField(source="ship_id", allow_null=True)
    ship = serializers.CharField()
    probability = serializers.FloatField(allow_null=True)


class VoicesOut(serializers.Serializer[object]):
    """How much customers said, against as long before."""

    count = serializers.IntegerField()
    count_before = serializers.IntegerField()
    rating = serializers.FloatField(allow_null=True)
    rating_before = serializers.FloatField(allow_null=True)
    unread = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    quotes = QuoteOut(many=True)


class OverdueOut(serializers.Serializer[object]):
    """A draft that nobody has confirmed in time."""

    id = serializers.IntegerField(source="pk")
    deployment = serializers.IntegerField(source="ship_id")
    ship = serializers.CharField()
    headline = serializers.CharField()
    due_at = serializers.DateTimeField(default_timezone=UTC)
    owners = serializers.ListField(child=serializers.CharField())


class PaceOut(serializers.Serializer[object]):
    """A median in seconds, and what it was in the time before."""

    median = serializers.SerializerMethodField()
    previous = serializers.SerializerMethodField()
    count = serializers.IntegerField()

    def get_median(self, row: Measure) -> float | None:
        """Return the seconds."""
        return row.median.total_seconds() if row.median is not None else None

    def get_previous(self, row: Measure) -> float | None:
        """Return the seconds."""
        return row.previous.total_seconds() if row.previous is not None else None


class SpeedOut(serializers.Serializer[object]):
    """Learning speed over the last twelve weeks."""

    ships = serializers.IntegerField()
    time_to_feedback = PaceOut()
    time_to_eyes = PaceOut()
    time_to_verdict = PaceOut()
    time_to_learning = PaceOut()
    share_learned = serializers.FloatField(allow_null=True)
    share_previous = serializers.FloatField(allow_null=True)


class WeekOut(serializers.Serializer[WeekInReview]):
    """One week of a project."""

    start = serializers.DateTimeField(source="week.start", default_timezone=UTC)
    end = serializers.DateTimeField(source="week.end", default_timezone=UTC)
    headline = serializers.CharField()
    learning_speed = SpeedOut(source="speed")
    learning_speed_of_the_week = WeekPaceOut(source="pace")
    ship_count = serializers.IntegerField(source="ships.count")
    ship_count_before = serializers.IntegerField(source="ships.count_before")
    ships = ShipOut(source="ships.lines", many=True)
    learnings = LessonOut(source="lessons", many=True)
    overturned = OverturnedOut(many=True)
    surprises = SurpriseOut(many=True)
    feedback = VoicesOut(source="voices")
    feedback_turned = TurnedOut(source="turned")
    feedback_unanswered = UnansweredOut(source="unanswered")
    overdue_count = serializers.IntegerField(source="overdue.count")
    overdue = OverdueOut(source="overdue.lines", many=True)
    too_early = ShipOut(many=True)
    cannot_be_told_apart = OverlapOut(source="overlaps", many=True)
    look_back = LookBackOut(source="lookback", allow_null=True)
    nothing_learned_because = ReasonOut(source="nothing_because", many=True)


class Week(APIView):
    """The week in review."""

    @extend_schema(
        operation_id="week",
        summary="Read a week in review",
        tags=["week"],
        parameters=[
            OpenApiParameter(
                "ending", str, description="Where the week ends; a bare date is read as UTC."
            )
        ],
        responses={200: WeekOut, **errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Tell what a week shipped and taught; by default the seven days up to now."""
        project = project_for_key(request, Scope.READ)
        now = timezone.now()
        asked = request.query_params.get("ending")
        end = read_moment(asked, field="ending", now=now, zone=UTC) or now
        review = week_in_review(project, week=Window.before(end, WEEK), now=now)
        return Response(WeekOut(review).data)
