"""Who shipped: members where it is known, and the names of which nobody has said who that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from accounts.aliases import (
    Aliases,
    Identity,
    Suggestion,
    aliases_of,
    plain,
    say_who,
    suggestion_for,
)
from accounts.models import Alias, Project, User
from deployments.models import Shipper

# More names than anybody goes through on a page; those with the most ships come first.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody of whom nobody has said who they are."""

    who: Identity
    ships: int
    last_shipped_at: datetime
    suggestion: Suggestion | None


def unknown_shippers(project: Project) -> list[Unknown]:
    """Return who shipped and is not known, surest suggestions first, in four queries."""
    known, namesakes = aliases_of(project), _namesakes(project)
    rows = (
        _shippers(project)
        .filter(user=None)
        .values("email", "name")
        .annotate(ships=Count("deployment"), last_at=Max("deployment__shipped_at"))
        .order_by("-ships", "email", "name")[:SHOWN]
    )
    found: dict[tuple[str, str], Unknown] = {}
    for row in rows:
        who = Identity(row["email"], row["name"])
        if known.is_settled(who) and known.member(who) is None:
            continue
        before = found.get(who.called)
        found[who.called] = Unknown(
            who=before.who if before else who,
            ships=row["ships"] + (before.ships if before else 0),
            last_shipped_at=max(
                row["last_at"], before.last_shipped_at if before else row["last_at"]
            ),
            suggestion=(before.suggestion if before else None)
            or _suggestion(who, known, namesakes),
        )
    return sorted(found.values(), key=lambda one: (one.suggestion is None, -one.ships))


def _suggestion(who: Identity, known: Aliases, namesakes: dict[str, User]) -> Suggestion | None:
    # They may have joined, or been named, after they shipped.
    member = known.member(who)
    if member:
        return Suggestion(member, "the mail address of a member")
    return suggestion_for(who, known, namesakes)


def _namesakes(project: Project) -> dict[str, User]:
    """Return whom each name belongs to, by other addresses with it: {plain name: member}."""
    rows = (
        _shippers(project)
        .exclude(user=None)
        .exclude(name="")
        .order_by("name", "user")
        .values_list("name", "user")
        .distinct()[: 5 * SHOWN]
    )
    names = {plain(name): user_id for name, user_id in rows if plain(name)}
    members = {user.pk: user for user in project.members.filter(pk__in=set(names.values()))}
    return {name: members[pk] for name, pk in names.items() if pk in members}


def _shippers(project: Project) -> QuerySet[Shipper]:
    return Shipper.objects.filter(deployment__project=project)


def confirmed_aliases(project: Project) -> list[Alias]:
    """Return what people have said of who is who, in one query."""
    rows = Alias.objects.filter(project=project, refused_at=None)
    return list(rows.select_related("user", "confirmed_by").order_by("-confirmed_at", "-pk"))


def confirm_who(
    project: Project, who: Identity, user: User | None, *, by: User, now: datetime
) -> int:
    """Save who this is, link their earlier ships too, and return how many were linked anew."""
    with transaction.atomic():
        alias = say_who(project, who, user, by=by, now=now)
        return _relink(project, alias.kind, alias.value)


def take_back(alias: Alias) -> int:
    """Forget what was said of who this is; return how many ships were linked anew."""
    with transaction.atomic():
        alias.delete()
        return _relink(alias.project, alias.kind, alias.value)


def _relink(project: Project, kind: str, value: str) -> int:
    known, changed = aliases_of(project), 0
    for who in _called(project, kind, value):
        member = known.member(who)
        rows = _shippers(project).filter(email=who.email, name=who.name)
        wrong = rows.exclude(user=member) if member else rows.exclude(user=None)
        # A join cannot be updated through: the keys are read first.
        changed += Shipper.objects.filter(pk__in=list(wrong.values_list("pk", flat=True))).update(
            user=member
        )
    return changed


def _called(project: Project, kind: str, value: str) -> Iterator[Identity]:
    rows = _shippers(project).order_by("email", "name").values_list("email", "name").distinct()
    for email, name in rows.iterator():
        who = Identity(email, name)
        if (kind, value) in who.keys:
            yield who
