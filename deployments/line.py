"""The ships of one place in the order in which they went live, kept true as news comes in."""

from collections.abc import Sequence
from datetime import datetime

from deployments.identity import Place, others_between, words_on
from deployments.lifecycle import (
    SHORTEST_SHA,
    GoneLive,
    Named,
    Word,
    life_of,
    roll_backs,
    sittings,
)
from deployments.models import Change, Deployment, DeploymentKind, DeploymentStatus, Shipper

# What a ship has because it was told of, not because of the version it carries.
_ITS_OWN = ("id", "external_id", "told", "rolled_back_at", "rolled_back_by")


def take_in(deployment: Deployment, words: Sequence[Word]) -> None:
    """Let the ship be what the words tell of it, as far as they alone can tell; unsaved."""
    life = life_of(words)
    deployment.status = life.status
    deployment.shipped_at = life.shipped_at
    deployment.last_live_at = life.last_live_at
    deployment.told = [word.as_json() for word in words]
    deployment.rolled_back_at = life.rolled_back_at


def settle(place: Place, deployment: Deployment) -> list[Deployment]:
    """Put right what the news of this ship changes for the others; return the ships that changed.

    A ship may turn out to have gone live twice, if another was live in between; and which ships
    were rolled back, and by which, follows from the whole line.
    """
    if not deployment.is_live or place.kind != DeploymentKind.CODE:
        return []
    parted = _part(place, deployment)
    straddling = place.ships().filter(
        shipped_at__lt=deployment.shipped_at, last_live_at__gt=deployment.shipped_at
    )
    for other in straddling.exclude(pk=deployment.pk):
        parted += _part(place, other)
    return parted + _settle_roll_backs(place, deployment, parted=parted)


def _part(place: Place, deployment: Deployment) -> list[Deployment]:
    """Make ships of their own of the words that tell of a later going live of the same version."""
    words = words_on(deployment)
    if any(word.id for word in words):  # whoever gave it an id has said that it is one ship
        return []
    name = Named(deployment.version, deployment.sha)
    first, *later = sittings(words, others_between(place, name, words))
    if not later:
        return []
    take_in(deployment, first)
    deployment.save()
    return [deployment, *(_made_of(place, deployment, group) for group in later)]


def _made_of(place: Place, like: Deployment, words: Sequence[Word]) -> Deployment:
    """Save a ship of the same version, with the people and changes that were told of it."""
    fields = [
        field.attname for field in Deployment._meta.concrete_fields if field.name not in _ITS_OWN
    ]
    ship = Deployment(**{name: getattr(like, name) for name in fields})
    ship.external_id = place.id_of(like.version)
    take_in(ship, words)
    ship.save()
    shippers, changes = list(like.shippers.all()), list(like.changes.all())
    for shipper in shippers:
        shipper.pk, shipper.deployment = None, ship
    for change in changes:
        change.pk, change.deployment = None, ship
    Shipper.objects.bulk_create(shippers)
    Change.objects.bulk_create(changes)
    return ship


def _settle_roll_backs(
    place: Place, deployment: Deployment, *, parted: Sequence[Deployment]
) -> list[Deployment]:
    line = place.ships().live()
    later = line.filter(shipped_at__gte=deployment.shipped_at).exclude(pk=deployment.pk)
    name = Named(deployment.version, deployment.sha)
    if not parted and deployment.rolled_back_by_id is None and not later.exists():
        # The newest ship, of a version that was never there, takes nothing back.
        spelt = {deployment.version, name.plain_version, f"v{name.plain_version}"}
        again = line.filter(version__in=spelt).exclude(pk=deployment.pk)
        start = deployment.sha[:SHORTEST_SHA]
        by_sha = line.filter(sha__startswith=start).exclude(pk=deployment.pk)
        if not again.exists() and not (start and by_sha.exists()):
            return []
    rows = line.values_list("pk", "version", "sha", "shipped_at", "rolled_back_by")
    found = [GoneLive(pk, Named(version, sha), at) for pk, version, sha, at, _ in rows]
    by = roll_backs(found)
    before = {pk: taken_by for pk, *_, taken_by in rows}
    went_live_at = {ship.pk: ship.at for ship in found}
    stale = {pk for pk in before if before[pk] != by.get(pk)}
    # The news may have moved the ship, or the one that took it back, in time.
    news = {deployment.pk, *(ship.pk for ship in parted)}
    stale |= {pk for pk in by if pk in news or by[pk] in news}
    changed = []
    for ship in Deployment.objects.filter(pk__in=stale):
        _take_back(ship, by.get(ship.pk), went_live_at)
        ship.save(update_fields=["status", "rolled_back_at", "rolled_back_by"])
        changed.append(ship)
    return changed


def _take_back(ship: Deployment, by: int | None, went_live_at: dict[int, datetime]) -> None:
    """Let the ship be rolled back by that one, or by none; a tool's own word on it stays."""
    own = life_of(words_on(ship))
    moments = [own.rolled_back_at] if own.rolled_back_at else []
    if by is not None:
        moments.append(went_live_at[by])
    ship.rolled_back_by_id = by
    ship.rolled_back_at = min(moments, default=None)
    ship.status = DeploymentStatus.ROLLED_BACK if moments else own.status
