"""The sections of a digest on what was learned: chosen from the week, cut short and linked."""

from zoneinfo import ZoneInfo

from accounts.models import Project
from dashboard.templatetags.wake import span
from dashboard.week import WeekInReview
from dashboard.week_headline import day
from dashboard.week_lessons import Lesson, Surprise
from dashboard.week_lookback import LookBack
from dashboard.week_overlaps import Overlap
from dashboard.week_voices import shortened
from digest.charts import picture_of
from digest.links import address, learning_url, ship_url
from digest.parts import Item, Picture, Section
from learning.verdict import Verdict

# A digest is read in two minutes: what does not fit is one link away.
LESSONS, SURPRISES, OVERLAPS = 3, 2, 2
LONGEST = 110  # characters of a title
LONGEST_LINE = 170


def lessons_section(project: Project, review: WeekInReview) -> Section:
    """Return what the week taught, with Wake's numbers and the team's words."""
    rows = _lessons(review)
    picture = picture_of(review)
    items = tuple(_lesson(project, row, _of(row, review, picture)) for row in rows[:LESSONS])
    return Section(
        "What it taught",
        items,
        len(rows) - len(items),
        "thing",
        "learned",
        address("learnings", project.slug),
        "lessons",
    )


def _lessons(review: WeekInReview) -> list[Lesson]:
    # What a look-back overturned this week has its own section.
    told = {one.learning.pk for one in review.overturned}
    return [row for row in review.lessons if row.pk not in told]


def _of(row: Lesson | Surprise, review: WeekInReview, picture: Picture | None) -> Picture | None:
    of = review.chart and (review.chart.ship_id, review.chart.metric_id)
    return picture if of == (row.ship_id, row.metric_id) else None


def _lesson(project: Project, row: Lesson, picture: Picture | None) -> Item:
    # The verdict's word stands beside the title already.
    evidence = row.evidence.removeprefix(f"{row.verdict.label}: ")
    words = [shortened(f"{evidence[:1].upper()}{evidence[1:]}", LONGEST_LINE)]
    if row.takeaway:
        words.append(f"Takeaway: {shortened(row.takeaway, LONGEST_LINE)}")
    return Item(
        title=shortened(row.headline, LONGEST),
        url=learning_url(project, row.pk),
        word=row.verdict.label if row.verdict != Verdict.NO_HYPOTHESIS else "",
        tone=row.verdict.value,
        lines=tuple(filter(None, words)),
        note=_how(row),
        picture=picture,
    )


def _how(row: Lesson) -> str:
    """Return who stands for it, and how soon it was known; a bet lost early is a good one."""
    note = f"Confirmed by {row.confirmed_by}" if row.confirmed_by else "Confirmed"
    if not row.is_confirmed:
        note = "A draft: it waits for somebody to say what it means"
    if row.overturns:
        return f"{note}. This overturns what was believed before"
    if row.is_fast and row.verdict in (Verdict.REFUTED, Verdict.NO_EFFECT):
        settled = "Refuted" if row.verdict == Verdict.REFUTED else "Settled"
        good = "good to know before more is built on it"
        return f"{settled} fast, in {span(row.took)}: {good}. {note}"
    if row.is_fast and row.verdict == Verdict.SUPPORTED:
        return f"Known after {span(row.took)}. {note}"
    return note


def surprises_section(project: Project, review: WeekInReview) -> Section:
    """Return what came out otherwise than expected."""
    # A refuted bet that is told above, with its numbers, is not told twice.
    told = {row.ship_id for row in _lessons(review)[:LESSONS]}
    told |= {one.learning.deployment_id for one in review.overturned}
    rows = [row for row in review.surprises if not (row.was_bet and row.ship_id in told)]
    drawn = any(_of(row, review, picture_of(review)) for row in _lessons(review)[:LESSONS])
    picture = None if drawn else picture_of(review)
    items = tuple(_surprise(project, row, _of(row, review, picture)) for row in rows[:SURPRISES])
    return Section(
        "Surprises",
        items,
        len(rows) - len(items),
        "surprise",
        "",
        address("project", project.slug),
        "surprises",
    )


def _surprise(project: Project, row: Surprise, picture: Picture | None) -> Item:
    good = {True: "better", False: "worse", None: ""}[row.is_better]
    judged = f": {good}" if good else ""
    _, bounds, between = row.measured.partition(" (")
    between = f", {between.removesuffix(')')}" if bounds else ""
    hope = f"Hoped for was {row.expected}." if row.was_bet else "Nobody expected this."
    return Item(
        title=shortened(f"{row.metric} {row.measured.partition(' (')[0]}", LONGEST),
        url=ship_url(project, row.ship_id),
        tone=good,
        lines=(f"{hope} After “{shortened(row.ship, 60)}”{between}{judged}.",),
        picture=picture,
    )


def overlaps_section(project: Project, review: WeekInReview, zone: ZoneInfo) -> Section:
    """Return ships that went out so close together that their effects cannot be told apart."""
    items = tuple(_overlap(project, row, zone) for row in review.overlaps[:OVERLAPS])
    return Section(
        "Cannot be told apart",
        items,
        len(review.overlaps) - len(items),
        "pair",
        "",
        address("deployments", project.slug),
        "overlaps",
    )


def _overlap(project: Project, row: Overlap, zone: ZoneInfo) -> Item:
    names = [f"“{shortened(name, 50)}”" for name in (row.ship, *(name for _, name in row.beside))]
    *first, last = names[:3]
    look = row.next_look_at
    return Item(
        title=f"{', '.join(first)} and {last}",
        url=ship_url(project, row.ship_id),
        tone=Verdict.CONFOUNDED.value,
        lines=(
            f"They went live too close together to say which of them changed "
            f"{shortened(row.metric, 40)}, if any did.",
        ),
        note=f"Next look on {day(look.astimezone(zone))}" if look else "",
    )


def lookback_section(project: Project, review: WeekInReview, zone: ZoneInfo) -> Section:
    """Return one old ship: what a late look at it found, or what it once taught."""
    old = review.lookback
    told = {row.pk for row in review.lessons}
    items = () if old is None or old.learning_id in told else (_lookback(project, old, zone),)
    return Section("One look back", items, kind="lookback")


def _lookback(project: Project, old: LookBack, zone: ZoneInfo) -> Item:
    shipped = old.shipped_at.astimezone(zone)
    note = f"Shipped on {day(shipped)} {shipped:%Y}"
    if old.looked_after is not None:
        stands = "what was learned stands, as later ships hide it now"
        found = f"it {old.measured}" if old.measured else stands
        note = f"Looked at again after {old.looked_after.days} days: {found}. {note}"
    takeaway = f"Takeaway: {shortened(old.takeaway, LONGEST_LINE // 2)}" if old.takeaway else ""
    return Item(
        title=shortened(old.headline, LONGEST),
        url=learning_url(project, old.learning_id),
        word=old.verdict.label if old.verdict != Verdict.NO_HYPOTHESIS else "",
        tone=old.verdict.value,
        lines=(takeaway,) if takeaway else (),
        note=note,
    )
