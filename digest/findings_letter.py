"""What a mail at once says: what was found, why it comes to this reader, and was it worth it."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Project, User
from dashboard.reads.findings import facts_of, quotes_of
from dashboard.week_voices import shortened
from digest.links import address, feedback_url, ship_url
from feedback.models import FeedbackEvent
from learning.findings_links import token_of
from learning.models import Finding, FindingChoice, FindingEvent, FindingNotice

QUOTES = 2
QUOTE_LENGTH = 200
MOST = 10
LONGEST_SUBJECT = 110


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the mail tells."""

    headline: str
    kind: str
    url: str
    lines: tuple[str, ...]
    quotes: tuple[Link, ...]
    because: str  # why it comes to this reader
    useful_url: str  # "" where there is nothing to answer
    noise_url: str


@dataclass(frozen=True, slots=True)
class FindingLetter:
    """All that a mail at once says."""

    project: str
    subject: str
    intro: str
    ship: Link | None
    told: tuple[Told, ...]
    more: Link | None
    settings_url: str
    off_url: str


def off_url(choice: FindingChoice) -> str:
    """Return the address that ends a person's mails of findings without signing in."""
    return address("finding_mails_off", choice.token)


def letter_on_ship(
    project: Project, notices: Sequence[FindingNotice], choice: FindingChoice
) -> FindingLetter:
    """Return the mail about what was found of one ship, the strongest first."""
    ordered = sorted(notices, key=lambda notice: (-notice.finding.score, notice.pk))
    ship = ordered[0].finding.deployment
    told = tuple(_finding_told(notice) for notice in ordered[:MOST])
    rest = f" and {len(ordered) - 1} more" if len(ordered) > 1 else ""
    more = Link("All findings for me", f"{address('findings', project.slug)}?show=mine")
    return FindingLetter(
        project=project.name,
        subject=_subject(f"{told[0].headline}{rest}", project),
        intro=f"After {shortened(str(ship), 80)}" if ship else "",
        ship=Link(shortened(str(ship), 80), ship_url(project, ship.pk)) if ship else None,
        told=told,
        more=more if len(ordered) > MOST else None,
        settings_url=f"{address('digest_preview', project.slug)}#at-once",
        off_url=off_url(choice),
    )


def _subject(news: str, project: Project) -> str:
    return f"{shortened(news, LONGEST_SUBJECT)} · {shortened(project.name, 40)}"


def _finding_told(notice: FindingNotice) -> Told:
    finding = notice.finding
    project = finding.project
    worth = address("finding_worth", token_of(notice))
    return Told(
        headline=finding.headline,
        kind=finding.get_kind_display(),
        url=address("finding", project.slug, finding.pk),
        lines=tuple(f"{fact.label}: {fact.value}" for fact in facts_of(finding.evidence)),
        quotes=tuple(
            Link(shortened(item.text, QUOTE_LENGTH), feedback_url(project, item.pk))
            for item in quotes_of(finding, QUOTES)
        ),
        because=_because(finding, notice.user),
        useful_url=f"{worth}?worth=useful",
        noise_url=f"{worth}?worth=noise",
    )


def _because(finding: Finding, user: User) -> str:
    handed = (
        finding.events.filter(kind=FindingEvent.Kind.HANDED_OVER, to=user)
        .select_related("by")
        .order_by("-pk")
        .first()
    )
    if handed and finding.claimed_by_id == user.pk:
        return f"{handed.by or 'Somebody'} handed it over to you: {handed.text}"
    ship = finding.deployment
    if ship and ship.shippers.filter(user=user).exists():
        return "You shipped it."
    if finding.escalated_at:
        return "Nobody whom it was for has looked at it in time, so the whole team is told."
    if ship and ship.shippers.filter(user__isnull=False).exists():
        return ""
    return "Nobody of the team is known to have shipped it."


def letter_on_feedback(
    project: Project, events: Sequence[FeedbackEvent], choice: FindingChoice
) -> FindingLetter:
    """Return the mail about feedback that was handed over to the reader, or that nobody opened."""
    told = tuple(_event_told(project, event) for event in events[:MOST])
    handed = sum(event.kind == FeedbackEvent.Kind.HANDED_OVER for event in events)
    late = len(events) - handed
    parts = []
    if handed:
        things = "1 thing a customer said" if handed == 1 else f"{handed} things customers said"
        parts.append(f"{things} handed over to you")
    if late:
        things = "1 bad rating" if late == 1 else f"{late} bad ratings"
        parts.append(f"{things} of fresh ships nobody has opened")
    news = ", ".join(parts)
    return FindingLetter(
        project=project.name,
        subject=_subject(news[0].upper() + news[1:], project),
        intro=f"{news[0].upper()}{news[1:]}.",
        ship=None,
        told=told,
        more=Link("The inbox", address("inbox", project.slug)) if len(events) > MOST else None,
        settings_url=f"{address('digest_preview', project.slug)}#at-once",
        off_url=off_url(choice),
    )


def _event_told(project: Project, event: FeedbackEvent) -> Told:
    item = event.feedback
    handed = event.kind == FeedbackEvent.Kind.HANDED_OVER
    reason = f"{event.by or 'Somebody'} handed it over to you"
    rating = () if item.rating is None else (f"{item.rating:g} of 5 stars",)
    return Told(
        headline=shortened(str(item), QUOTE_LENGTH),
        kind="Handed over to you" if handed else "Nobody has opened it",
        url=feedback_url(project, item.pk),
        lines=rating,
        quotes=(),
        because=(f"{reason}: {event.text}" if event.text else f"{reason}.")
        if handed
        else "Nobody has opened it for three days.",
        useful_url="",
        noise_url="",
    )
