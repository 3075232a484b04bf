"""What keeps a project's mails from arriving, for a page to say so."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Count, Min, Q

from accounts.models import Project, User
from common.places import ConnectionFault
from digest.bounce_place import place_of
from digest.models import BounceMailbox, FindingMail, Subscription

NEVER = datetime.min.replace(tzinfo=UTC)


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
    mailed = Subscription.objects.filter(project=project, channel=None)
    digests = mailed.filter(failed, is_on=True, paused_at=None)
    findings = FindingMail.objects.filter(failed, project=project, sent_at=None, doubted_at=None)
    last_of_both: list[Subscription | FindingMail | None] = [
        digests.order_by("retry_at").last(),
        findings.order_by("retry_at").last(),
    ]
    tried = [row for row in last_of_both if row is not None]
    if not tried:
        return None
    of_digests = digests.aggregate(n=Count("pk"), since=Min("next_due_at"), again=Min("retry_at"))
    of_findings = findings.aggregate(n=Count("pk"), since=Min("due_at"), again=Min("retry_at"))
    both = (of_digests, of_findings)
    return Waiting(
        digests=of_digests["n"],
        findings=of_findings["n"],
        since=min(one["since"] for one in both if one["n"]),
        retry_at=min(one["again"] for one in both if one["n"]),
        problem=max(tried, key=lambda row: row.retry_at or NEVER).problem,
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
