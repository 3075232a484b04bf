"""What keeps a project's mails from arriving, for a page to say so."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import Project, User
from common.places import ConnectionFault
from digest.bounce_place import place_of
from digest.models import BounceMailbox, FindingMail, Subscription


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails that the mail server did not take so far, and when they are tried again."""

    digests: int
    findings: int
    since: datetime  # when the first of them was due
    retry_at: datetime  # the next try of any
    problem: str  # of the try that failed last


def waiting_in(project: Project) -> Waiting | None:
    """Return the project's mails that could not leave so far, or None if there are none."""
    failed = Q(retry_at__isnull=False) & ~Q(problem="")
    digests = list(
        Subscription.objects.filter(failed, project=project, is_on=True, paused_at=None)
        .order_by("-retry_at")
        .values_list("next_due_at", "retry_at", "problem")
    )
    findings = list(
        FindingMail.objects.filter(failed, project=project, sent_at=None, doubted_at=None)
        .order_by("-retry_at")
        .values_list("due_at", "retry_at", "problem")
    )
    rows = digests + findings
    if not rows:
        return None
    return Waiting(
        digests=len(digests),
        findings=len(findings),
        since=min(due_at for due_at, _, _ in rows),
        retry_at=min(retry_at for _, retry_at, _ in rows),
        problem=max(rows, key=lambda row: row[1])[2],
    )


def doubted_of(project: Project, user: User) -> FindingMail | None:
    """Return the last mail at once to this person, if nobody can know whether it arrived."""
    mails = FindingMail.objects.filter(project=project, user=user).exclude(handing_at=None)
    last = mails.order_by("-handing_at").first()
    return last if last and last.doubted_at and last.sent_at is None else None


def bounce_trouble() -> str:
    """Return why the mailbox of bounces could not be read the last time; "" if it could."""
    if not settings.BOUNCE_MAILBOX_URL:
        return ""
    try:
        name, _, _ = place_of(settings.BOUNCE_MAILBOX_URL)
    except ConnectionFault as fault:
        return str(fault)
    known = BounceMailbox.objects.filter(place=name).first()
    return known.problem if known else ""
