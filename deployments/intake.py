"""The writing door for what we shipped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Environment, Project, Service, User, environment_for
from common.errors import BadInput
from deployments.hypotheses import state_hypothesis
from deployments.models import (
    Change,
    Checkup,
    Deployment,
    DeploymentStatus,
    Shipper,
)
from deployments.ship import Person, Ship

# When Wake looks back at a ship; the last two are look-backs months later.
HORIZONS = (
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=28),
    timedelta(days=90),
    timedelta(days=180),
)
# How many times one version may go live again in one place before the oldest are not looked at.
MAX_RETURNS = 20
# News never turns a later state back into an earlier one: deliveries arrive in any order.
_RANK = {
    DeploymentStatus.PENDING: 0,
    DeploymentStatus.IN_PROGRESS: 1,
    DeploymentStatus.FAILED: 2,
    DeploymentStatus.SUCCEEDED: 3,  # a job that failed and was run again did ship
    DeploymentStatus.ROLLED_BACK: 4,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """The deployment, whether this call was the first to tell of it, and what was not readable."""

    deployment: Deployment
    created: bool
    problems: tuple[str, ...] = ()


def record_deployment(*, project: Project, ship: Ship, now: datetime) -> Recorded:
    """Save a ship with its checkups, or neither; CI may safely retry."""
    with transaction.atomic():
        environment = environment_for(project, ship.environment)
        # Ships to one place are told apart by what is known there, so they are taken one by one.
        Environment.objects.select_for_update().get(pk=environment.pk)
        service = None
        if ship.service:
            service, _ = Service.objects.get_or_create(project=project, name=ship.service)
        external_id, known = _identify(project, environment, service, ship)
        deployment, created = (
            (known, False)
            if known
            else _create(project, environment, service, external_id, ship, now)
        )
        if not created:
            _bring_up_to_date(deployment, ship)
        _save_people_and_changes(deployment, ship)
        if deployment.is_live:
            _make_checkups(deployment)
        problems = list(ship.problems)
        if ship.expectation:
            try:
                state_hypothesis(deployment, ship.expectation, now=now)
            except BadInput as reason:  # a ship is never lost for a misspelt hypothesis
                problems.append(str(reason))
                deployment.extra = {**deployment.extra, "problems": problems}
                deployment.save(update_fields=["extra"])
    return Recorded(deployment, created, tuple(problems))


def _identify(
    project: Project, environment: Environment, service: Service | None, ship: Ship
) -> tuple[str, Deployment | None]:
    """Return the id that this ship has, and the deployment that it is, if it is known.

    Without an id from the caller, the same version in the same place is the same ship, until
    another version has gone live there in between: then the older one has come back.
    """
    place = Deployment.objects.filter(project=project)
    if ship.external_id:
        return ship.external_id, place.filter(external_id=ship.external_id).first()
    place = place.filter(environment=environment, service=service)
    same = place.filter(version=ship.version)
    alike = same.filter(sha__in=["", ship.sha]) if ship.sha else same
    others = place.live().exclude(version=ship.version)
    for known in alike.order_by("-shipped_at", "-pk")[:MAX_RETURNS]:
        start, end = sorted([known.shipped_at, ship.shipped_at])
        between = others.filter(shipped_at__gt=start, shipped_at__lt=end)
        may_return = known.is_live and ship.status != DeploymentStatus.ROLLED_BACK
        if not may_return or not between.exists():
            return known.external_id, known
    where = f"{environment.pk}/{service.pk if service else '-'}"
    return f"{where}@{ship.version}#{same.count() + 1}", None


def _create(
    project: Project,
    environment: Environment,
    service: Service | None,
    external_id: str,
    ship: Ship,
    now: datetime,
) -> tuple[Deployment, bool]:
    return Deployment.objects.get_or_create(
        project=project,
        external_id=external_id,  # UniqueConstraint "a_ship_is_recorded_once"
        defaults={
            "environment": environment,
            "service": service,
            "version": ship.version,
            "sha": ship.sha,
            "status": ship.status,
            "title": ship.title,
            "notes": ship.notes,
            "url": ship.url,
            "started_at": ship.started_at,
            "shipped_at": ship.shipped_at,
            "areas": list(ship.areas),
            "tags": list(ship.tags),
            "fixes": list(ship.fixes),
            "extra": _extra(ship),
            "source": ship.source,
            "received_at": now,
        },
    )


def _extra(ship: Ship) -> dict[str, object]:
    return {**ship.extra, **({"problems": list(ship.problems)} if ship.problems else {})}


def _bring_up_to_date(deployment: Deployment, ship: Ship) -> None:
    """Let a later call add what was not known, and move the ship on in its life."""
    before = _RANK[DeploymentStatus(deployment.status)]
    after = _RANK[DeploymentStatus(ship.status)]
    if after > before:
        # It went live when it succeeded, not when it was begun or taken back.
        if ship.status != DeploymentStatus.ROLLED_BACK:
            deployment.shipped_at = ship.shipped_at
        deployment.status = ship.status
    for name in ("title", "notes", "url", "sha", "started_at"):
        if not getattr(deployment, name):
            setattr(deployment, name, getattr(ship, name))
    for name in ("areas", "tags", "fixes"):
        if more := [word for word in getattr(ship, name) if word not in getattr(deployment, name)]:
            setattr(deployment, name, [*getattr(deployment, name), *more])
    deployment.extra = {**deployment.extra, **_extra(ship)}
    deployment.save()


def _save_people_and_changes(deployment: Deployment, ship: Ship) -> None:
    members = _members(deployment.project, ship.people)
    Shipper.objects.bulk_create(
        (
            Shipper(
                deployment=deployment,
                email=person.email,
                name=person.name,
                user=members.get(person.email),
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


def _members(project: Project, people: tuple[Person, ...]) -> dict[str, User]:
    emails = [person.email for person in people]
    return {user.email: user for user in project.members.filter(email__in=emails)}


def _make_checkups(deployment: Deployment) -> None:
    Checkup.objects.bulk_create(
        (
            Checkup(deployment=deployment, horizon=horizon, due_at=deployment.shipped_at + horizon)
            for horizon in HORIZONS
        ),
        ignore_conflicts=True,
    )
