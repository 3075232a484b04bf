"""Links what customers said to what we shipped: rows in, the pure attribution, rows out."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from django.db.models import Q

from accounts.models import Project
from common.versions import plain
from deployments.models import Change, Deployment
from feedback.intake import mark_linked
from feedback.models import FeedbackItem
from learning.attribution import (
    CURRENT_METHOD,
    LOOK_BACK,
    Candidate,
    Said,
    Share,
    attribute,
)
from learning.attribution_adoption import Seen
from learning.knowledge import versions_before, what_is_known
from learning.models import Attribution

BATCH = 500
# More text than this of one ship adds nothing to what words it is about.
TEXT_LIMIT = 20_000
# The candidates for one feedback: the newest ships before it, and those of its exact version.
NEAREST = 60
# What is reviewed there came to its customers in stages, days after CI shipped it.
STORES = ("app_store", "google_play")
SHORT_SHA = 12  # what a ship that named no version is called


def link_feedback(project: Project, *, now: datetime) -> int:
    """Link all feedback of the project that waits for it; return how many that was."""
    linked = 0
    while batch := link_batch(project, now=now):
        linked += batch
    return linked


def link_batch(project: Project, *, now: datetime) -> int:
    """Link up to BATCH waiting feedback items in one transaction; return how many that was."""
    with transaction.atomic():
        items = list(
            FeedbackItem.objects.heard()
            .waiting_for_link()
            .filter(project=project)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:BATCH]
        )
        if not items:
            return 0
        # What a person has corrected stays as they said.
        corrected = set(
            FeedbackItem.objects.filter(
                pk__in=[item.pk for item in items], correction__isnull=False
            ).values_list("pk", flat=True)
        )
        _store([item for item in items if item.pk not in corrected], project)
        mark_linked(items, now=now)
    return len(items)


def relink_since(deployment: Deployment) -> None:
    """Make feedback wait again that was linked before Wake knew of this ship."""
    FeedbackItem.objects.filter(
        project=deployment.project_id,
        said_at__gte=deployment.shipped_at,
        said_at__lt=deployment.shipped_at + LOOK_BACK,
        linked_at__lt=deployment.received_at,
    ).update(linked_at=None)


def _store(items: Sequence[FeedbackItem], project: Project) -> None:
    if not items:
        return
    field = Candidates.of(project, items)
    known = what_is_known(project, items, field.seen)
    before = versions_before(items)
    Attribution.objects.filter(feedback__in=items).delete()
    Attribution.objects.bulk_create(
        (
            row
            for item in items
            for row in _rows(
                item,
                attribute(
                    as_said(item, before.get(item.pk, "")),
                    field.candidates_for(item),
                    known=known,
                ),
            )
        ),
        batch_size=2000,
    )


def _rows(item: FeedbackItem, shares: Iterable[Share]) -> list[Attribution]:
    return [
        Attribution(
            feedback=item,
            deployment_id=share.candidate,
            probability=share.probability,
            reasons=list(share.reasons),
            is_best=rank == 0,
            on_topic=share.on_topic,
            method=CURRENT_METHOD,
            said_at=item.said_at,
        )
        for rank, share in enumerate(shares)
    ]


def as_said(item: FeedbackItem, ran_before: str = "") -> Said:
    """Return a feedback as the attribution wants to be told of it."""
    return Said(
        key=item.pk,
        external_id=item.external_id,
        text=item.text,
        version=item.version,
        environment=item.environment,
        area=item.area,
        url=item.url,
        said_at=item.said_at,
        ran_before=ran_before,
        in_store=item.source in STORES,
    )


class Candidates:
    """The ships that a batch of feedback may be about, read once."""

    def __init__(self, ships: list[Candidate]) -> None:
        self.ships = sorted(ships, key=lambda ship: ship.shipped_at)
        self.times = [ship.shipped_at for ship in self.ships]
        self.by_version: dict[str, list[Candidate]] = {}
        for ship in self.ships:
            for name in {plain(ship.version), ship.sha, ship.sha[:SHORT_SHA]} - {""}:
                self.by_version.setdefault(name, []).append(ship)

    @classmethod
    def of(cls, project: Project, items: Sequence[FeedbackItem]) -> "Candidates":
        """Return the ships that any of `items` may be about, in two queries."""
        times = [item.said_at for item in items]
        said_versions = {item.version for item in items if item.version}
        versions = {
            name for said in said_versions for name in (said, plain(said), f"v{plain(said)}")
        }
        near = Q(shipped_at__gte=min(times) - LOOK_BACK, shipped_at__lte=max(times))
        ships = (
            Deployment.objects.filter(project=project)
            .reaching_customers()
            .filter(near | Q(version__in=versions) | Q(sha__in=versions))
            .select_related("environment")
            .prefetch_related("changes")
        )
        return cls([_as_candidate(ship) for ship in ships])

    def candidates_for(self, item: FeedbackItem) -> list[Candidate]:
        """Return the newest ships before `item`, and those of its exact version."""
        end = bisect_right(self.times, item.said_at)
        start = bisect_right(self.times, item.said_at - LOOK_BACK)
        near = self.ships[max(start, end - NEAREST) : end]
        exact = [
            ship
            for ship in self.by_version.get(plain(item.version), ())
            if ship.shipped_at <= item.said_at and ship not in near
        ]
        return exact + near

    def seen(self, named: Iterable[tuple[datetime, str]]) -> Seen:
        """Return when customers named which ship's version, from moments and versions in order."""
        found = []
        for said_at, version in named:
            ships = self.by_version.get(plain(version), ())
            live = [ship for ship in ships if ship.shipped_at <= said_at]
            if live:
                found.append((said_at.timestamp(), live[-1].key))
        return Seen(
            np.array([at for at, _ in found], float),
            np.array([key for _, key in found], np.int64),
        )


def _as_candidate(ship: Deployment) -> Candidate:
    changes: list[Change] = list(ship.changes.all())
    texts = [ship.title, ship.notes, *(change.message for change in changes)]
    return Candidate(
        key=ship.pk,
        version=ship.version,
        sha=ship.sha,
        shipped_at=ship.shipped_at,
        environment=ship.environment.name,
        text="\n".join(filter(None, texts))[:TEXT_LIMIT],
        areas=tuple(ship.areas),
        paths=tuple(path for change in changes for path in change.files),
        refs=tuple(change.ref for change in changes),
        fixes=tuple(str(fix) for fix in ship.fixes),
        train=f"{ship.environment_id}/{ship.service_id or ''}",
        gone_at=ship.rolled_back_at,
    )
