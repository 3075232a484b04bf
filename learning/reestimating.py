"""Makes estimates anew with another method, shows what would change, and waits to be accepted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.dateparse import parse_datetime

from accounts.models import Project
from common.claims import unclaimed
from deployments.models import Checkup, Hypothesis
from learning.checkup import ESTIMATE_FIELDS, record_learning
from learning.estimating import estimate_checkup
from learning.inputs import Inputs, span_of
from learning.models import ImpactEstimate, Recalculated, Rerun, RerunPart
from learning.verdict import Verdict, decide

PART = 100  # checkups; each part reads its metrics once
VERDICTS_KEPT = 200
# What people see of an estimate: if none of it changes, nothing changes.
SEEN = ("word", "effect", "low", "high", "is_real", "smallest_visible")
# ... to so many digits.
DIGITS = 6


class NotReady(Exception):
    """A rerun that cannot be accepted or dropped as it stands; the text says why."""


def start_rerun(
    method: str, *, now: datetime, project: Project | None = None, since: datetime | None = None
) -> Rerun:
    """Save that all finished looks are to be made anew with `method`, and return that plan."""
    looks = Checkup.objects.filter(finished_at__isnull=False, estimates__isnull=False)
    if project:
        looks = looks.filter(deployment__project=project)
    if since:
        looks = looks.filter(deployment__shipped_at__gte=since)
    found = (
        looks.order_by("deployment__project", "deployment__shipped_at", "pk")
        .values_list("deployment__project", "pk")
        .distinct()
    )
    by_project: dict[int, list[int]] = defaultdict(list)
    for project_id, pk in found.iterator():
        by_project[project_id].append(pk)
    with transaction.atomic():
        rerun = Rerun.objects.create(
            project=project,
            method=method,
            total=sum(map(len, by_project.values())),
            started_at=now,
        )
        RerunPart.objects.bulk_create(
            RerunPart(rerun=rerun, checkups=ids[start : start + PART])
            for ids in by_project.values()
            for start in range(0, len(ids), PART)
        )
    finish_if_done(rerun, now=now)
    return rerun


def claim_part(rerun: Rerun, *, now: datetime) -> RerunPart | None:
    """Return a part that now belongs to this worker alone, or None if none is left."""
    open_parts = RerunPart.objects.filter(unclaimed(now), rerun=rerun, finished_at=None)
    for part in open_parts.order_by("pk")[:10]:
        if open_parts.filter(pk=part.pk).update(claimed_at=now):
            return part
    return None


def run_part(part: RerunPart, *, now: datetime) -> None:
    """Look again at the checkups of a part, and keep what would change. Safe to run twice."""
    rerun = part.rerun
    looks = list(
        Checkup.objects.filter(pk__in=part.checkups)
        .select_related("deployment__environment", "deployment__project", "deployment__adoption")
        .order_by("deployment__shipped_at", "pk")
    )
    changes: list[Recalculated] = []
    count: Counter[str] = Counter()
    verdicts: list[list[Any]] = []
    if looks:
        longest = max(look.horizon for look in looks)
        span = span_of([look.deployment for look in looks], longest=longest, now=now)
        inputs = Inputs(looks[0].deployment.project_id, span)
        known: dict[int, dict[int, ImpactEstimate]] = defaultdict(dict)
        for row in ImpactEstimate.objects.filter(checkup__in=looks).select_related("metric"):
            known[row.checkup_id][row.metric_id] = row
        bets = Hypothesis.objects.in_bulk(
            {look.deployment_id for look in looks}, field_name="deployment_id"
        )
        for look in looks:
            fresh = estimate_checkup(look, now=now, method=rerun.method, inputs=inputs)
            for new in fresh:
                old = known[look.pk].get(new.metric_id)
                if old is None:
                    continue
                count["looked"] += 1
                count[_change(old, new)] += 1
                if values := _values(old, new):
                    changes.append(Recalculated(rerun=rerun, estimate=old, values=values))
            if bet := bets.get(look.deployment_id):
                verdicts += _verdict(bet, look, known[look.pk], fresh)
    with transaction.atomic():
        Recalculated.objects.filter(rerun=rerun, estimate__checkup__in=part.checkups).delete()
        Recalculated.objects.bulk_create(changes, batch_size=1000)
        part.summary = {"count": dict(count), "verdicts": verdicts[:VERDICTS_KEPT]}
        part.finished_at = now
        done = RerunPart.objects.filter(pk=part.pk, finished_at=None)
        if done.update(summary=part.summary, finished_at=now):
            Rerun.objects.filter(pk=rerun.pk).update(done=F("done") + len(part.checkups))
    finish_if_done(rerun, now=now)


def finish_if_done(rerun: Rerun, *, now: datetime) -> bool:
    """Sum up a rerun of which all parts are done; return whether they are."""
    if rerun.parts.filter(finished_at=None).exists():
        return False
    count: Counter[str] = Counter()
    verdicts: list[list[Any]] = []
    for summary in rerun.parts.order_by("pk").values_list("summary", flat=True):
        count.update(summary.get("count", {}))
        verdicts += summary.get("verdicts", [])
    summary = {"count": dict(count), "verdicts": verdicts[:VERDICTS_KEPT]}
    Rerun.objects.filter(pk=rerun.pk, state=Rerun.State.RUNNING).update(
        state=Rerun.State.READY, summary=summary, finished_at=now
    )
    rerun.refresh_from_db()
    return True


def accept_rerun(
    rerun: Rerun, *, now: datetime, progress: Callable[[int], object] = lambda done: None
) -> int:
    """Put the new estimates in the place of the old ones; return how many changed.

    Learnings follow as after any look: a draft is brought up to date, a confirmed one that is
    overturned gets a new version. Raises NotReady.
    """
    if rerun.state != Rerun.State.READY:
        raise NotReady(f"It is {rerun.get_state_display().lower()}, so there is nothing to accept.")
    changed = 0
    for part in rerun.parts.order_by("pk"):
        with transaction.atomic():
            changed += _accept_part(part, now)
        progress(len(part.checkups))
    Rerun.objects.filter(pk=rerun.pk).update(state=Rerun.State.ACCEPTED, accepted_at=now)
    Recalculated.objects.filter(rerun=rerun).delete()
    return changed


def drop_rerun(rerun: Rerun) -> None:
    """Forget what a rerun found; raises NotReady if it was accepted."""
    if rerun.state == Rerun.State.ACCEPTED:
        raise NotReady("It was accepted already.")
    Recalculated.objects.filter(rerun=rerun).delete()
    Rerun.objects.filter(pk=rerun.pk).update(state=Rerun.State.DROPPED)


def _accept_part(part: RerunPart, now: datetime) -> int:
    found = Recalculated.objects.filter(rerun=part.rerun_id, estimate__checkup__in=part.checkups)
    rows = []
    for change in found.select_related("estimate"):
        for name, value in change.values.items():
            is_moment = name.endswith("_at") and value is not None
            setattr(change.estimate, name, parse_datetime(value) if is_moment else value)
        rows.append(change.estimate)
    ImpactEstimate.objects.bulk_update(rows, ESTIMATE_FIELDS, batch_size=500)
    for look in _looks_with(rows):
        estimates = look.estimates.select_related("metric").order_by("metric")
        record_learning(look, list(estimates), now=now)
    return len(rows)


def _looks_with(rows: list[ImpactEstimate]) -> Iterator[Checkup]:
    looks = Checkup.objects.filter(pk__in={row.checkup_id for row in rows})
    yield from looks.select_related("deployment__environment", "deployment__project").order_by(
        "due_at", "pk"
    )


def _values(old: ImpactEstimate, new: ImpactEstimate) -> dict[str, Any]:
    """Return the fields of an estimate that would change, as JSON keeps them."""
    new.estimated_at = new.estimated_at or old.estimated_at
    values = {
        name: getattr(new, name)
        for name in ESTIMATE_FIELDS
        if name != "estimated_at" and getattr(old, name) != getattr(new, name)
    }
    if not values:
        return {}
    values["estimated_at"] = new.estimated_at
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _change(old: ImpactEstimate, new: ImpactEstimate) -> str:
    """Return in a word what becomes of an estimate."""
    if all(_rounded(old, name) == _rounded(new, name) for name in SEEN):
        return "same"
    if old.word != new.word:
        return f"{old.word} -> {new.word}"
    if old.is_real != new.is_real:
        return "became real" if new.is_real else "no longer real"
    return "other numbers"


def _rounded(row: ImpactEstimate, name: str) -> Any:
    value = getattr(row, name)
    return round(value, DIGITS) if isinstance(value, float) else value


def _verdict(
    bet: Hypothesis, look: Checkup, known: dict[int, ImpactEstimate], fresh: list[ImpactEstimate]
) -> list[list[Any]]:
    """Return what becomes of the verdict at this look: nothing, or one row that says so."""
    new = next((row for row in fresh if row.metric_id == bet.metric_id), None)
    old = known.get(bet.metric_id)
    if old is None or new is None or look.horizon < bet.window:
        return []
    before, after = (_decided(bet, row) for row in (old, new))
    return [] if before == after else [[look.deployment_id, str(before), str(after)]]


def _decided(bet: Hypothesis, row: ImpactEstimate) -> Verdict:
    return decide(
        goal=bet.goal,
        word=row.word,
        effect=row.effect,
        low=row.low,
        high=row.high,
        window_over=True,
    )
