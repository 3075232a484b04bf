"""Who is who: what people are called in git and on GitHub or GitLab, and which member that is."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Alias, Environment, Project, User

# GitHub: 123+login@ or login@users.noreply.github.com; GitLab: 123-login@users.noreply.gitlab.com
_NO_REPLY = re.compile(r"^(?:\d+[+-])?(?P<login>[^@+]+)@users\.noreply\.[a-z0-9.-]+$")
# Local parts that many people share say nothing of who somebody is.
_SHARED = frozenset(("admin", "ci", "deploy", "dev", "git", "hello", "info", "mail", "me", "root"))
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as a tool names them: a mail address (or what stood in its place) and a name."""

    email: str
    name: str = ""

    @property
    def login(self) -> str:
        """The login that a no-reply address holds, or that was sent instead of an address."""
        found = _NO_REPLY.match(self.email.lower())
        if found:
            return found["login"]
        return "" if "@" in self.email or " " in self.email else self.email.lower()

    @property
    def called(self) -> tuple[str, str]:
        """The kind and the value of the alias by which they are known for certain."""
        found = _NO_REPLY.match(self.email.lower())
        if found:
            return Alias.Kind.LOGIN, found["login"]
        if "@" in self.email:
            return Alias.Kind.MAIL, self.email.lower()
        return Alias.Kind.NAME, (self.name or self.email).lower()

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """All aliases that may tell who they are, the surest first."""
        keys = [self.called, (Alias.Kind.MAIL, self.email.lower())]
        if self.login:
            keys.append((Alias.Kind.LOGIN, self.login))
        if self.name:
            keys.append((Alias.Kind.NAME, self.name.lower()))
        return tuple(dict.fromkeys(keys))


@dataclass(frozen=True, slots=True)
class Aliases:
    """What a project knows of its people, read once and asked often."""

    members: Mapping[str, User]  # by mail address
    said: Mapping[tuple[str, str], User | None]  # None: somebody said that this is no member
    refused: frozenset[tuple[str, str, int]]

    def member(self, who: Identity) -> User | None:
        """Return the member that this is, as far as people have said."""
        if who.called in self.said:
            return self.said[who.called]
        if who.email.lower() in self.members:
            return self.members[who.email.lower()]
        return next((self.said[key] for key in who.keys if self.said.get(key)), None)

    def is_settled(self, who: Identity) -> bool:
        """Return True if it is known who this is, or that it is no member."""
        return self.member(who) is not None or who.called in self.said


def aliases_of(project: Project) -> Aliases:
    """Return what the project knows of its people, in two queries."""
    rows = list(Alias.objects.filter(project=project).select_related("user"))
    members = {user.email: user for user in project.members.order_by("pk")}
    ids = {user.pk for user in members.values()}
    return Aliases(
        members=members,
        said={
            (row.kind, row.value): row.user
            for row in rows
            # Whoever has left the project no longer ships in it.
            if row.refused_at is None and (row.user_id is None or row.user_id in ids)
        },
        refused=frozenset(
            (row.kind, row.value, row.user_id) for row in rows if row.refused_at and row.user_id
        ),
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A member who this may be, and why Wake thinks so."""

    user: User
    reason: str


def suggestion_for(
    who: Identity, known: Aliases, namesakes: Mapping[str, User]
) -> Suggestion | None:
    """Return the member that this most likely is, or None.

    `namesakes` says whom the other addresses with a name belong to: {plain name: member}.
    """
    for user in known.members.values():
        reason = _reason(who, user)
        if reason and (*who.called, user.pk) not in known.refused:
            return Suggestion(user, reason)
    other = namesakes.get(plain(who.name)) if who.name else None
    if other and (*who.called, other.pk) not in known.refused:
        return Suggestion(other, f"another address with the name {who.name}")
    return None


def _reason(who: Identity, user: User) -> str:
    local = user.email.partition("@")[0]
    if who.name and plain(who.name) == plain(user.name):
        return "the same name"
    if who.login and plain(who.login) in (plain(local), plain(user.name)):
        return f"the login {who.login}"
    theirs = who.email.partition("@")[0] if "@" in who.email and not who.login else ""
    telling = len(theirs) >= _SHORTEST and theirs.lower() not in _SHARED
    return "the same beginning of the mail address" if telling and theirs.lower() == local else ""


def plain(name: str) -> str:
    """Return a name without case, accents, spaces and marks, to compare it by."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def say_who(
    project: Project, who: Identity, user: User | None, *, by: User, now: datetime
) -> Alias:
    """Save that this is that member, or nobody here; what was said before is replaced."""
    kind, value = who.called
    with transaction.atomic():
        _hold_ships(project)
        Alias.objects.filter(project=project, kind=kind, value=value, user=user).delete()
        alias, _ = Alias.objects.update_or_create(
            project=project,
            kind=kind,
            value=value,
            refused_at=None,
            defaults={"user": user, "confirmed_at": now, "confirmed_by": by},
        )
    return alias


def refuse(project: Project, who: Identity, user: User, *, by: User, now: datetime) -> None:
    """Save that this is not that member, so that it is not suggested again."""
    kind, value = who.called
    Alias.objects.get_or_create(
        project=project,
        kind=kind,
        value=value,
        user=user,
        defaults={"refused_at": now, "confirmed_by": by},
    )


def _hold_ships(project: Project) -> None:
    # Ships are recorded under the lock of their environment: one that is on its way now is seen
    # by whoever links the older ones, or sees the alias itself.
    environments: Iterable[Environment] = Environment.objects.filter(project=project)
    list(environments.select_for_update().order_by("pk"))  # type: ignore[attr-defined]
