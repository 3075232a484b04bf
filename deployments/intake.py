"""The writing door for what we shipped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.aliases import Identity, aliases_of
from accounts.models import Project
from common.errors import BadInput
from deployments.hypotheses import state_hypothesis
from deployments.identity import Place, identify, lock_place, word_of, words_on
from deployments.lifecycle import Word, better_version, together
from deployments.line import settle, take_in
from deployments.models import Change, Checkup, Deployment, Shipper
from deployments.ship import Ship
from feedback.gather import hurry

# When Wake looks back at a ship; the last two are look-backs months later.
HORIZONS = (
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=28),
    timedelta(days=90),
    timedelta(days=180),
)


# A ship that was reported later than this is history; nobody waits for what is said of it now.
NEWS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The deployment, whether this call was the first to tell of it, and what was not readable."""

    deployment: Deployment
    created: bool
    problems: tuple[str, ...] = ()
    changed: bool = False  # whether it told something that was not known


def record_deployment(*, project: Project, ship: Ship, now: datetime) -> Recorded:
    """Save a ship with its checkups, or neither; CI may safely retry."""
    with transaction.atomic():
        place = lock_place(project, ship)
        word = word_of(ship, now=now)
        deployment = identify(place, ship, word)
        created = deployment is None
        if deployment is None:
            deployment, changed = _create(place, ship, word, now), True
        else:
            changed = _bring_up_to_date(deployment, ship, word)
        _save_people_and_changes(deployment, ship)
        for one in [deployment, *(settle(place, deployment) if changed else [])]:
            if one.is_live:
                _make_checkups(one)
        deployment.refresh_from_db()
        problems = list(ship.problems)
        if ship.expectation:
            try:
                state_hypothesis(deployment, ship.expectation, now=now)
            except BadInput as reason:  # a ship is never lost for a misspelt hypothesis
                problems.append(str(reason))
                deployment.extra = {**deployment.extra, "problems": problems}
                deployment.save(update_fields=["extra"])
    if created and deployment.is_live and now - deployment.shipped_at < NEWS:
        hurry(project, now=now)
    return Recorded(deployment, created, tuple(problems), changed)


def _create(place: Place, ship: Ship, word: Word, now: datetime) -> Deployment:
    deployment = Deployment(
        project=place.project,
        environment=place.environment,
        service=place.service,
        kind=place.kind,
        external_id=ship.external_id or place.id_of(ship.version),
        version=ship.version,
        sha=ship.sha,
        title=ship.title,
        notes=ship.notes,
        url=ship.url,
        started_at=ship.started_at,
        areas=list(ship.areas),
        tags=list(ship.tags),
        fixes=list(ship.fixes),
        extra=_extra(ship),
        source=ship.source,
        received_at=now,
    )
    take_in(deployment, [word])
    try:
        with transaction.atomic():
            deployment.save()  # UniqueConstraint "a_ship_is_recorded_once"
    except IntegrityError:
        # At the same moment, a call with this id named another place; that one was first.
        deployment = Deployment.objects.get(project=place.project, external_id=ship.external_id)
        _bring_up_to_date(deployment, ship, word)
    return deployment


def _extra(ship: Ship) -> dict[str, object]:
    return {**ship.extra, **({"problems": list(ship.problems)} if ship.problems else {})}


def _bring_up_to_date(deployment: Deployment, ship: Ship, word: Word) -> bool:
    """Let a later call add what was not known; return True if it did."""
    before = _facts(deployment)
    taken_back = deployment.rolled_back_by_id is not None
    at, status = deployment.rolled_back_at, deployment.status
    take_in(deployment, together(words_on(deployment), [word]))
    if taken_back:  # what follows from the other ships is looked at when the line is settled
        deployment.rolled_back_at, deployment.status = at, status
    sha = max(deployment.sha, ship.sha, key=len)
    deployment.version = better_version(deployment.version, ship.version, sha=sha)
    for name in ("title", "notes", "url", "sha", "started_at"):
        if not getattr(deployment, name):
            setattr(deployment, name, getattr(ship, name))
    for name in ("areas", "tags", "fixes"):
        if more := [word for word in getattr(ship, name) if word not in getattr(deployment, name)]:
            setattr(deployment, name, [*getattr(deployment, name), *more])
    deployment.extra = {**deployment.extra, **_extra(ship)}
    changed = _facts(deployment) != before
    if changed:
        deployment.save()
    return changed


def _facts(deployment: Deployment) -> dict[str, object]:
    return {f.attname: getattr(deployment, f.attname) for f in deployment._meta.concrete_fields}


def _save_people_and_changes(deployment: Deployment, ship: Ship) -> None:
    known = aliases_of(deployment.project) if ship.people else None
    Shipper.objects.bulk_create(
        (
            Shipper(
                deployment=deployment,
                email=person.email,
                name=person.name,
                user=known.member(Identity(person.email, person.name)) if known else None,
            )
            for person in ship.people
        ),
        ignore_conflicts=True,
    )
    Change.objects.bulk_create(
        (
            Change(
                deployment=deployment,
                kind=change.kind,
                ref=change.ref,
                message=change.message,
                author_name=change.author.name if change.author else "",
                author_email=change.author.email if change.author else "",
                authored_at=change.authored_at,
                files=list(change.files),
                url=change.url,
            )
            for change in ship.changes
        ),
        ignore_conflicts=True,
    )


def _make_checkups(deployment: Deployment) -> None:
    Checkup.objects.bulk_create(
        (
            Checkup(deployment=deployment, horizon=horizon, due_at=deployment.starts_at + horizon)
            for horizon in HORIZONS
        ),
        ignore_conflicts=True,
    )
    # News may move the moment at which it went live; what was looked at stays.
    for checkup in deployment.checkups.filter(finished_at=None):
        due_at = deployment.starts_at + checkup.horizon
        if checkup.due_at != due_at:
            Checkup.objects.filter(pk=checkup.pk, finished_at=None).update(due_at=due_at)
