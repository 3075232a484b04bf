"""Which ship a call is about: one that is known, or a new one."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Environment, Project, Service, environment_for
from deployments.lifecycle import (
    LONGEST_JOB,
    Named,
    Word,
    is_told_twice,
    life_of,
    live_moments,
    sittings,
    together,
)
from deployments.models import Deployment, DeploymentKind, DeploymentQuerySet, OtherId
from deployments.ship import Ship

# How many times one version may go live again in one place before the oldest are not looked at.
MAX_RETURNS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where ships of one kind take over from each other."""

    project: Project
    environment: Environment
    service: Service | None
    kind: str

    def ships(self) -> DeploymentQuerySet:
        """Return the ships of the place."""
        return Deployment.objects.filter(
            environment=self.environment, service=self.service, kind=self.kind
        )

    def id_of(self, version: str) -> str:
        """Return an id for one more ship of the version, for which the caller has none."""
        where = f"{self.environment.pk}/{self.service.pk if self.service else '-'}"
        kind = "" if self.kind == DeploymentKind.CODE else f"{self.kind}:"
        known = Deployment.objects.filter(project=self.project)
        number = self.ships().filter(version=version).count() + 1
        while known.filter(external_id=f"{where}@{kind}{version}#{number}").exists():
            number += 1
        return f"{where}@{kind}{version}#{number}"


def lock_place(project: Project, ship: Ship) -> Place:
    """Return the place of the ship, and let nobody else record there until this is done.

    Ships to one place are told apart by what is known there, so they are taken one by one.
    """
    environment = environment_for(project, ship.environment)
    environment = Environment.objects.select_for_update().get(pk=environment.pk)
    service = None
    if ship.service:
        service, _ = Service.objects.get_or_create(project=project, name=ship.service)
    return Place(project, environment, service, ship.kind)


def word_of(ship: Ship, *, now: datetime) -> Word:
    """Return what the caller told of the ship's life."""
    return Word(ship.shipped_at, ship.status, ship.external_id, ship.guessed, now)


def words_on(deployment: Deployment) -> tuple[Word, ...]:
    """Return all that was told of the life of a ship."""
    if deployment.told:
        return tuple(Word.from_json(kept) for kept in deployment.told)
    # It was stored before words were kept.
    by_us = f"{deployment.environment_id}/{deployment.service_id or '-'}@"
    known_as = deployment.external_id
    return (
        Word(
            deployment.shipped_at,
            deployment.status,
            "" if known_as.startswith(by_us) else known_as,
            heard_at=deployment.received_at,
        ),
    )


def identify(place: Place, ship: Ship, word: Word) -> Deployment | None:
    """Return the known ship that the call is about, or None if it is a new one.

    An id tells. With a new one, it is still a ship that another tool told of within minutes: the
    same version of the same commit in the same place. Without an id, the same version in the same
    place is the same ship, until another version has gone live there in between.
    """
    if not ship.external_id:
        return _by_version(place, ship, word)
    known = _by_id(place.project, ship.external_id)
    if known:
        return known
    twin = _twin(place, ship, word)
    if twin:
        OtherId.objects.get_or_create(
            project=place.project, external_id=ship.external_id, defaults={"deployment": twin}
        )
    return twin


def _by_id(project: Project, external_id: str) -> Deployment | None:
    known = Deployment.objects.filter(project=project, external_id=external_id).first()
    if known:
        return known
    other = OtherId.objects.filter(project=project, external_id=external_id)
    found = other.select_related("deployment").first()
    return found.deployment if found else None


def _tool(external_id: str) -> str:
    """Return who counts by such ids: `github:1:release` of `github:1:release:7`."""
    return external_id.rpartition(":")[0]


def _twin(place: Place, ship: Ship, word: Word) -> Deployment | None:
    """Return the ship as another tool told of it, the closest in time."""
    name, tool = Named(ship.version, ship.sha), _tool(word.id)
    near = place.ships().filter(
        shipped_at__gte=word.at - LONGEST_JOB, shipped_at__lte=word.at + LONGEST_JOB
    )
    found = []
    for known in near:
        words = words_on(known)
        told_by = {_tool(other.id) for other in words if other.id}
        if (
            tool not in told_by
            and name.is_same_as(Named(known.version, known.sha))
            and is_told_twice(life_of(words), word)
        ):
            found.append(known)
    return min(found, key=lambda known: (abs(known.shipped_at - word.at), known.pk), default=None)


def _by_version(place: Place, ship: Ship, word: Word) -> Deployment | None:
    name = Named(ship.version, ship.sha)
    spelt = {ship.version, name.plain_version, f"v{name.plain_version}"}
    alike = place.ships().filter(version__in=spelt).order_by("-shipped_at", "-pk")
    known = [row for row in alike[:MAX_RETURNS] if name.is_same_as(Named(row.version, row.sha))]
    words = {row.pk: words_on(row) for row in known}
    # The call may come from another tool than the one that knows the ship by an id.
    for row in known:
        if any(told.id for told in words[row.pk]) and _is_one(place, name, words[row.pk], word):
            return row
    family = [row for row in known if not any(told.id for told in words[row.pk])]
    everything = together(*(words[row.pk] for row in family), [word])
    parted = sittings(everything, others_between(place, name, everything))
    mine = next((group for group in parted if _key(word) in map(_key, group)), parted[-1])
    here = {_key(told) for told in mine}
    owners = [row for row in family if _key(_telling(words[row.pk])) in here]
    return min(owners, key=lambda row: (abs(row.shipped_at - word.at), row.pk), default=None)


def _is_one(place: Place, name: Named, words: tuple[Word, ...], word: Word) -> bool:
    both = together(words, [word])
    return len(sittings(both, others_between(place, name, both))) == 1


def _key(word: Word) -> tuple[object, ...]:
    return word.at, word.status, word.id, word.guessed


def _telling(words: tuple[Word, ...]) -> Word:
    """Return the word by which a ship is found again: the one that says when it went live."""
    went_live = live_moments(words)
    return next((word for word in words if word.at in went_live), words[0])


def others_between(place: Place, name: Named, words: tuple[Word, ...]) -> list[datetime]:
    """Return when another version went live in the place, in the time that the words span."""
    moments = live_moments(words)
    if len(moments) < 2 or place.kind != DeploymentKind.CODE:
        return []
    rows = (
        place.ships()
        .live()
        .filter(shipped_at__gt=min(moments), shipped_at__lt=max(moments))
        .values_list("version", "sha", "shipped_at")
    )
    return [at for version, sha, at in rows if not name.is_same_as(Named(version, sha))]
