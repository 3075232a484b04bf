"""Who is to be mailed at once, and when: at most one mail a person, ship and day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from accounts.models import Project, User
from common.days import zone_of
from digest.bounces import is_paused
from digest.findings_quiet import first_waking_moment
from digest.models import FindingMail, Subscription
from feedback.models import FeedbackEvent
from learning.findings_people import DESERVES_MAIL, able
from learning.models import FindingChoice, FindingNotice

# Older news is no news: after an outage of days nobody wants it by mail any more.
NEWS_FOR = timedelta(days=3)
FEEDBACK = "feedback"
AT_ONCE = 2_000
Kind = FeedbackEvent.Kind


def choice_of(project: Project, user: User) -> FindingChoice:
    """Return what the person wants to be told of at once; the defaults if they never chose."""
    choice, _ = FindingChoice.objects.get_or_create(project=project, user=user)
    return choice


def clock_of(project: Project, user: User) -> ZoneInfo:
    """Return the person's own clock: as for their digest, else their account's, else the team's."""
    chosen = Subscription.objects.filter(project=project, user=user).first()
    zone = user.timezone if user.timezone != "UTC" else project.timezone
    return zone_of(chosen.timezone if chosen else zone)


def untold(now: datetime) -> "QuerySet[FindingNotice]":
    """Return the notices that a mail is still to tell of: of open findings, not seen, and fresh."""
    since = now - NEWS_FOR
    finding = "finding__"
    free = Q(finding__claimed_by=None) | Q(finding__claimed_by=F("user"))
    fresh = Q(finding__found_at__gt=since) | Q(finding__escalated_at__gt=since)
    handed = Q(finding__claimed_by=F("user"), finding__claimed_at__gt=since)
    return FindingNotice.objects.filter(
        Q(free, fresh, finding__kind__in=DESERVES_MAIL) | handed,
        told_at=None,
        seen_at=None,
        finding__closed_at=None,
    ).select_related(f"{finding}project", f"{finding}deployment", "user")


def come_to(now: datetime, *, project: Project | None = None) -> "QuerySet[FeedbackEvent]":
    """Return what happened lately to feedback that somebody is to be told of by mail."""
    events = FeedbackEvent.objects.filter(
        Q(kind=Kind.ESCALATED, feedback__seen_at=None) | Q(kind=Kind.HANDED_OVER),
        kind__in=["escalated", "handed_over"],
        happened_at__gt=now - NEWS_FOR,
        feedback__held_at=None,
        feedback__merged_into=None,
    )
    if project:
        events = events.filter(feedback__project=project)
    return events.select_related("feedback__project", "by")


def events_for(user: User, project: Project, *, now: datetime) -> list[FeedbackEvent]:
    """Return what came to this person and was not mailed to them yet, oldest first."""
    mails = FindingMail.objects.filter(
        user=user, project=project, about=FEEDBACK, due_at__gt=now - 2 * NEWS_FOR
    )
    told = {key for mail in mails for key in mail.contents.get("events", [])}
    mine = Q(kind=Kind.ESCALATED) | Q(feedback__assignee=user, details__now=user.pk)
    rows = come_to(now, project=project).filter(mine).exclude(by=user).order_by("happened_at", "pk")
    return [row for row in rows[:AT_ONCE] if row.pk not in told]


def note_finding_mails(*, now: datetime) -> int:
    """Write a row for each mail that is to leave, and return how many are new.

    Safe to run twice, and beside itself: the UniqueConstraint of FindingMail keeps one a day.
    """
    wanted = dict.fromkeys((*_about_ships(now), *_about_feedback(now)))
    return sum(_note(project, user, about, now) for project, user, about in wanted)


def _about_ships(now: datetime) -> Iterator[tuple[Project, User, str]]:
    for notice in untold(now).order_by("pk")[:AT_ONCE]:
        yield notice.finding.project, notice.user, about_ship(notice.finding.deployment_id)


def about_ship(pk: int | None) -> str:
    """Return what the mails about a ship are filed under."""
    return f"ship:{pk}" if pk else "project"


def _about_feedback(now: datetime) -> Iterator[tuple[Project, User, str]]:
    projects: dict[int, tuple[Project, set[int], bool]] = {}
    for event in come_to(now).order_by("pk")[:AT_ONCE]:
        project = event.feedback.project
        _, people, _ = projects.setdefault(project.pk, (project, set(), False))
        if event.kind == Kind.HANDED_OVER and event.details.get("now"):
            people.add(event.details["now"])
        elif event.kind == Kind.ESCALATED:
            projects[project.pk] = (project, people, True)
    for project, people, is_for_all in projects.values():
        team = able(project)
        for user in team if is_for_all else team.filter(pk__in=people):
            if events_for(user, project, now=now):
                yield project, user, FEEDBACK


def _note(project: Project, user: User, about: str, now: datetime) -> bool:
    choice = choice_of(project, user)
    if not choice.is_mailed or not able(project).filter(pk=user.pk).exists():
        return False
    if is_paused(project, user):
        return False
    zone = clock_of(project, user)
    due_at = first_waking_moment(
        now, zone, quiet_from=choice.quiet_from, quiet_until=choice.quiet_until
    )
    _, made = FindingMail.objects.get_or_create(
        project=project,
        user=user,
        about=about,
        day=due_at.astimezone(zone).date(),
        defaults={"due_at": due_at},
    )
    return made
