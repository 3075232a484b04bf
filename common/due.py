"""Rows for places that Wake asks: when each is asked next, who is at it, and how it does."""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar, cast

from django.db import models
from django.db.models import Q

from common.claims import unclaimed
from common.health import Facts, Health, judge

# What was gathered so lately is not gathered again for a ship.
FRESH = timedelta(minutes=5)


P = TypeVar("P", bound=models.Model)


class PlaceQuerySet(models.QuerySet[P]):
    """Ways to ask for places."""

    def due(self, now: datetime) -> Self:
        """Keep those to gather from now that no living worker holds."""
        return self.filter(unclaimed(now), is_active=True, next_due_at__lte=now)

    def hurry(self, *, now: datetime) -> int:
        """Make them due, because a ship is looked at; return how many.

        What was gathered a moment ago, what fails, and what asked to be left alone keep their time.
        """
        rested = Q(rest_until=None) | Q(rest_until__lte=now)
        stale = Q(worked_at=None) | Q(worked_at__lte=now - FRESH)
        waiting = self.filter(rested, stale, is_active=True, failures=0, next_due_at__gt=now)
        return waiting.update(next_due_at=now)


class Place(models.Model):
    """What each row for a place has, whatever comes from there."""

    is_active = models.BooleanField(default=True)
    # Work that is due is a row; empty means that nothing is gathered, because it is sent to us.
    next_due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    cursor = models.JSONField(default=dict)  # how far gathering has come
    rest_until = models.DateTimeField(null=True)  # the place asked to be left alone until then
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)  # why the last try failed, and the mend
    tried_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)  # when something new last came
    rhythm = models.JSONField(default=list)  # [day, its longest silence in seconds], newest last

    class Meta:
        abstract = True

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to gather from here."""
        # The UPDATE is the lock: whoever changes the row has won it.
        rows = cast(PlaceQuerySet[Any], type(self)._default_manager.all())
        return rows.due(now).filter(pk=self.pk).update(claimed_at=now) == 1

    def release(self) -> None:
        """Give back the claim at the end of a turn that left more to take."""
        rows = type(self)._default_manager.filter(pk=self.pk, claimed_at=self.claimed_at)
        rows.update(claimed_at=None)

    def start_afresh(self, now: datetime) -> None:
        """Forget the claim and the failures, unsaved; what is asked at all is due at once."""
        self.claimed_at = None
        self.failures, self.failing_since = 0, None
        self.problem, self.rest_until = "", None
        if self.next_due_at is not None:
            self.next_due_at = now


def health_of(place: Place, *, created_at: datetime, now: datetime) -> Health:
    """Return how the place does."""
    facts = Facts(
        is_active=place.is_active,
        is_asked=place.next_due_at is not None,
        created_at=created_at,
        worked_at=place.worked_at,
        heard_at=place.heard_at,
        failing_since=place.failing_since,
        problem=place.problem,
        rhythm=place.rhythm,
    )
    return judge(facts, now=now)
