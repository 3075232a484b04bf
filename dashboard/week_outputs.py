"""What GET /api/v1/week/ says beyond ships, learnings and words: its smaller parts."""

from datetime import UTC

from rest_framework import serializers

from dashboard.week_overlaps import Overlap
from dashboard.week_pace import Reached
from dashboard.week_reasons import Why


class PhraseOut(serializers.Serializer[object]):
    """A phrase that customers started or stopped using: how many of how many."""

    phrase = serializers.CharField()
    before = serializers.IntegerField()
    before_total = serializers.IntegerField()
    after = serializers.IntegerField()
    after_total = serializers.IntegerField()


class PhraseQuoteOut(serializers.Serializer[object]):
    """A customer's words that use a phrase which is new."""

    feedback = serializers.IntegerField(source="feedback_id")
    text = serializers.CharField()
    phrase = serializers.CharField()


class TurnedOut(serializers.Serializer[object]):
    """What customers started and stopped saying, against the four weeks before."""

    started = PhraseOut(many=True)
    stopped = PhraseOut(many=True)
    quotes = PhraseQuoteOut(many=True)


class UnansweredOut(serializers.Serializer[object]):
    """What waits for an answer of the last twelve weeks; the count stops at 1,000."""

    count = serializers.IntegerField()
    oldest = serializers.IntegerField(source="oldest_id", allow_null=True)
    oldest_said_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)


class OverlapOut(serializers.Serializer[object]):
    """Ships that went out so close together that their effects cannot be told apart."""

    deployment = serializers.IntegerField(source="ship_id")
    ship = serializers.CharField()
    beside = serializers.SerializerMethodField()
    metric = serializers.CharField()
    next_look_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)

    def get_beside(self, row: Overlap) -> list[int]:
        """Return the ids of the other ships, the nearest first."""
        return [pk for pk, _ in row.beside]


class LookBackOut(serializers.Serializer[object]):
    """An old ship, and what it taught; `looked_after_days` is null where it is only remembered."""

    deployment = serializers.IntegerField(source="ship_id")
    ship = serializers.CharField()
    learning = serializers.IntegerField(source="learning_id")
    headline = serializers.CharField()
    takeaway = serializers.CharField()
    verdict = serializers.CharField()
    looked_after_days = serializers.IntegerField(source="looked_after.days", default=None)
    measured = serializers.CharField()


class ReasonOut(serializers.Serializer[object]):
    """Why nothing was learned, and what the next step is about."""

    why = serializers.ChoiceField(choices=[one.value for one in Why])
    count = serializers.IntegerField()
    learning = serializers.IntegerField(source="learning_id", allow_null=True)
    deployment = serializers.IntegerField(source="ship_id", allow_null=True)
    next_look_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)


class ReachedOut(serializers.Serializer[object]):
    """The median, in seconds, of the ships that got so far in this very week."""

    median = serializers.SerializerMethodField()
    count = serializers.IntegerField()

    def get_median(self, row: Reached) -> float | None:
        """Return the seconds."""
        return row.median.total_seconds() if row.median is not None else None


class WeekPaceOut(serializers.Serializer[object]):
    """What was reached this week, and how long after going live."""

    to_feedback = ReachedOut()
    to_eyes = ReachedOut()
    to_verdict = ReachedOut()
    to_learning = ReachedOut()
