"""Who a finding is for, and what people do with it: see, claim, hand over, close, judge."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Membership, Project, Role, User
from learning.models import Finding, FindingChoice, FindingEvent, FindingNotice

Kind = Finding.Kind
# What is said at once by mail; the rest waits on the pages and in the digest.
DESERVES_MAIL = (Kind.SAID_BY_SEVERAL, Kind.RATING_FELL, Kind.GUARDRAIL_WORSE, Kind.VERDICT)
# What must not go unseen. A verdict has a draft to confirm, which becomes overdue by itself.
MUST_BE_SEEN = (Kind.SAID_BY_SEVERAL, Kind.RATING_FELL, Kind.GUARDRAIL_WORSE)
LONGEST_REASON = 1_000
AT_ONCE = 200


class NotPossible(Exception):
    """Somebody was faster, or the person is not on the team."""


def able(project: Project) -> QuerySet[User]:
    """Return those of the team who may act: active people who are more than viewers."""
    memberships = Membership.objects.filter(project=project).exclude(role=Role.VIEWER)
    return User.objects.filter(pk__in=memberships.values("user"), is_active=True)


def meant_for(finding: Finding) -> list[User]:
    """Return whom a new finding is for: those who shipped, as far as they are known on the team.

    Where nobody is known: the owners, and the members who asked to hear of such ships.
    """
    team = able(finding.project)
    shippers = list(team.filter(shipped__deployment=finding.deployment_id).distinct())
    if shippers and finding.deployment_id:
        return shippers
    asked = FindingChoice.objects.filter(project=finding.project, hears_of_unknown=True)
    owners = Membership.objects.filter(project=finding.project, role=Role.OWNER)
    return list(team.filter(Q(pk__in=asked.values("user")) | Q(pk__in=owners.values("user"))))


def tell(finding: Finding) -> None:
    """Put a new finding before those whom it is for."""
    _notify(finding, meant_for(finding))


def _notify(finding: Finding, people: Iterable[User]) -> None:
    FindingNotice.objects.bulk_create(
        [FindingNotice(finding=finding, user=user) for user in people],
        ignore_conflicts=True,  # UniqueConstraint "a_person_is_told_of_a_finding_once"
    )


def note_seen(finding: Finding, user: User, *, now: datetime) -> None:
    """Note the first time that a person the finding is for opened it."""
    FindingNotice.objects.filter(finding=finding, user=user, seen_at=None).update(seen_at=now)


def claim(finding: Finding, *, by: User, now: datetime) -> None:
    """Say that `by` looks after it; raises NotPossible if somebody else does, or it is closed."""
    free = Q(claimed_by=None) | Q(claimed_by=by)
    # The UPDATE is the lock: whoever changes the row has won it.
    won = Finding.objects.filter(free, pk=finding.pk, closed_at=None)
    if not won.update(claimed_by=by, claimed_at=now):
        raise NotPossible("Somebody else looks after it already, or it is closed.")
    if finding.claimed_by_id != by.pk:
        _note(finding, FindingEvent.Kind.CLAIMED, by=by, now=now)
    _notify(finding, [by])
    note_seen(finding, by, now=now)


def hand_over(finding: Finding, *, to: User, by: User, reason: str, now: datetime) -> None:
    """Give it to another member, with a reason; they are told on their home and by mail.

    Raises NotPossible if `to` may not act in the project, or the finding is closed.
    """
    if not able(finding.project).filter(pk=to.pk).exists():
        raise NotPossible("They are not on the team, or may only look.")
    with transaction.atomic():
        open_one = Finding.objects.filter(pk=finding.pk, closed_at=None)
        if not open_one.update(claimed_by=to, claimed_at=now):
            raise NotPossible("It is closed.")
        _note(finding, FindingEvent.Kind.HANDED_OVER, by=by, to=to, text=reason, now=now)
        _notify(finding, [to])
        note_seen(finding, by, now=now)
        if to != by:  # they have to look anew, and are told anew
            FindingNotice.objects.filter(finding=finding, user=to).update(
                seen_at=None, told_at=None
            )


def close(finding: Finding, *, by: User, reason: str, now: datetime) -> None:
    """Say that it is done; raises NotPossible if somebody was faster."""
    if not Finding.objects.filter(pk=finding.pk, closed_at=None).update(closed_at=now):
        raise NotPossible("It is closed already.")
    _note(finding, FindingEvent.Kind.CLOSED, by=by, text=reason, now=now)
    note_seen(finding, by, now=now)


def reopen(finding: Finding, *, by: User, now: datetime) -> None:
    """Take a closed one up again; raises NotPossible if it is open."""
    if not Finding.objects.filter(pk=finding.pk, closed_at__isnull=False).update(closed_at=None):
        raise NotPossible("It is open already.")
    _note(finding, FindingEvent.Kind.REOPENED, by=by, now=now)


def judge(finding: Finding, *, by: User, worth: str, now: datetime) -> None:
    """Keep what somebody says it was worth, "useful" or "noise"; the last answer counts."""
    FindingNotice.objects.update_or_create(
        finding=finding,
        user=by,
        defaults={"worth": FindingNotice.Worth(worth).value, "judged_at": now},
    )
    note_seen(finding, by, now=now)


def _note(
    finding: Finding,
    kind: FindingEvent.Kind,
    *,
    by: User | None,
    now: datetime,
    to: User | None = None,
    text: str = "",
) -> None:
    FindingEvent.objects.create(
        finding=finding,
        kind=kind,
        by=by,
        to=to,
        text=text.strip()[:LONGEST_REASON],
        happened_at=now,
    )


def escalate_unseen(*, now: datetime) -> int:
    """Tell the whole team of findings that nobody they are for has looked at; return how many.

    Each is escalated once, ESCALATE_AFTER_HOURS after it was found, by one UPDATE that only one
    worker can win.
    """
    late = now - timedelta(hours=settings.ESCALATE_AFTER_HOURS)
    waiting = Finding.objects.filter(
        claimed_at=None,
        closed_at=None,
        escalated_at=None,
        found_at__lte=late,
        kind__in=MUST_BE_SEEN,
    ).exclude(notices__seen_at__isnull=False)
    count = 0
    for finding in waiting.select_related("project").order_by("found_at", "pk")[:AT_ONCE]:
        with transaction.atomic():
            mine = Finding.objects.filter(
                pk=finding.pk, claimed_at=None, closed_at=None, escalated_at=None
            )
            if mine.update(escalated_at=now):
                _note(finding, FindingEvent.Kind.ESCALATED, by=None, now=now)
                _notify(finding, able(finding.project))
                count += 1
    return count
