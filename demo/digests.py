"""The weekly digests that the demo's owner would have got."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Project, Role, User
from common.windows import WEEK
from digest.archive import note_sent
from digest.issues import write_issue
from digest.models import Issue
from digest.schedule import next_due, week_ending
from digest.subscribe import MONDAY, MORNING, subscribe, turn
from learning.models import FindingChoice

UTC = ZoneInfo("UTC")


def mondays(start: datetime, end: datetime) -> list[datetime]:
    """Return the Monday mornings from `start` to `end`, when digests are due."""
    due = next_due(MONDAY, MORNING, UTC, after=start)
    return [due + week * WEEK for week in range(max(0, (end - due) // WEEK + 1))]


def write_digest(project: Project, *, now: datetime) -> None:
    """Put the digest of the week before into the owner's archive, without any mail leaving."""
    owner = User.objects.get(memberships__project=project, memberships__role=Role.OWNER)
    subscription = subscribe(project, owner, now=now)
    week = week_ending(MONDAY, MORNING, UTC, due=now)
    issue = write_issue(subscription, week, recipient=owner.email, now=now)
    sent_at = now + timedelta(seconds=4)
    Issue.objects.filter(pk=issue.pk).update(sent_at=sent_at)
    note_sent(issue, now=sent_at)


def stop_mails(project: Project, *, now: datetime) -> None:
    """Turn everybody's mails off: nobody reads the mail of people who do not exist."""
    for member in project.members.all():
        FindingChoice.objects.update_or_create(
            project=project, user=member, defaults={"is_mailed": False}
        )
        turn(subscribe(project, member, now=now), on=False, now=now)
