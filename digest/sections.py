"""The sections of a digest: what is chosen from the week, cut short, dated and linked."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import Project
from common.windows import DAY
from dashboard.templatetags.wake import source_name
from dashboard.week import WeekInReview
from dashboard.week_headline import day, things
from dashboard.week_lessons import Lesson, Surprise, Waiting
from dashboard.week_ships import ShipLine
from dashboard.week_voices import Quote, shortened
from digest.links import address, feedback_url, inbox_url, learning_url, ship_url
from digest.parts import Item, Reader, Section
from learning.verdict import Verdict, percent

# A digest is read in two minutes: what does not fit is one link away.
LESSONS, SURPRISES, QUOTES, SHIPS, WAITING = 3, 2, 3, 4, 2
LONGEST = 180  # characters of a title or a sentence


def lessons_section(project: Project, review: WeekInReview) -> Section:
    """Return what the week taught, with Wake's numbers and the team's words."""
    rows = _lessons(review)
    items = tuple(_lesson(project, row) for row in rows[:LESSONS])
    more = len(rows) - len(items)
    return Section(
        "What it taught",
        items,
        f"{things(more, 'more thing').capitalize()} learned" if more else "",
        address("learnings", project.slug),
        "lessons",
    )


def _lessons(review: WeekInReview) -> list[Lesson]:
    # What a look-back overturned this week has its own section.
    told = {one.learning.pk for one in review.overturned}
    return [row for row in review.lessons if row.pk not in told]


def _lesson(project: Project, row: Lesson) -> Item:
    note = f"Confirmed by {row.confirmed_by}" if row.confirmed_by else "Confirmed"
    if not row.is_confirmed:
        note = "A draft: it waits for somebody to say what it means"
    if row.overturns:
        note = f"{note}. This overturns what was believed before"
    # The verdict's word stands beside the title already.
    evidence = row.evidence.removeprefix(f"{row.verdict.label}: ")
    words = [shortened(f"{evidence[:1].upper()}{evidence[1:]}", 2 * LONGEST)]
    if row.takeaway:
        words.append(f"Takeaway: {shortened(row.takeaway, 2 * LONGEST)}")
    return Item(
        title=shortened(row.headline, LONGEST),
        url=learning_url(project, row.pk),
        word=row.verdict.label if row.verdict != Verdict.NO_HYPOTHESIS else "",
        tone=row.verdict.value,
        lines=tuple(filter(None, words)),
        note=note,
    )


def surprises_section(project: Project, review: WeekInReview) -> Section:
    """Return what came out otherwise than expected."""
    # A refuted bet that is told above, with its numbers, is not told twice.
    told = {row.ship_id for row in _lessons(review)[:LESSONS]}
    told |= {one.learning.deployment_id for one in review.overturned}
    rows = [row for row in review.surprises if not (row.was_bet and row.ship_id in told)]
    items = tuple(_surprise(project, row) for row in rows[:SURPRISES])
    more = len(rows) - len(items)
    return Section(
        "Surprises",
        items,
        f"{things(more, 'more surprise').capitalize()}" if more else "",
        address("project", project.slug),
        "surprises",
    )


def _surprise(project: Project, row: Surprise) -> Item:
    good = {True: "better", False: "worse", None: ""}[row.is_better]
    judged = f", which is {good}" if good else ""
    hope = f"Hoped for was {row.expected}." if row.was_bet else "Nobody expected this."
    return Item(
        title=shortened(f"{row.metric} {row.measured.partition(' (')[0]}", LONGEST),
        url=ship_url(project, row.ship_id),
        tone=good,
        lines=(f"{hope} After “{shortened(row.ship, 80)}” it {row.measured}{judged}.",),
    )


def voices_section(project: Project, review: WeekInReview) -> Section:
    """Return two complaints and a praise, each with the ship it is most likely about."""
    quotes = review.voices.quotes
    praise = [quote for quote in quotes if quote.mood == "good"][:1]
    shown = [quote for quote in quotes if quote not in praise][: QUOTES - len(praise)] + praise
    more = review.voices.count - len(shown)
    return Section(
        "In customers’ words",
        tuple(_quote(project, row) for row in shown),
        f"{things(more, 'more thing').capitalize()} said" if more > 0 else "",
        inbox_url(project),
        "voices",
    )


def _quote(project: Project, row: Quote) -> Item:
    note = [] if row.rating is None else [f"{row.rating:g} of 5"]
    note.append(source_name(row.source))
    if row.ship_id and row.probability is not None:
        note.append(f"about “{shortened(row.ship, 80)}” ({percent(row.probability)} likely)")
    else:
        note.append("about none of our ships, as far as Wake can tell")
    return Item(
        row.text, feedback_url(project, row.feedback_id), tone=row.mood, note=", ".join(note)
    )


def ships_section(project: Project, review: WeekInReview, zone: ZoneInfo) -> Section:
    """Return what went out, bets first, and earlier ships that are still too early to judge."""

    def weight(line: ShipLine) -> tuple[bool, int]:
        return (not line.hypothesis, -line.feedback_count)

    listed = {line.pk for line in review.ships.lines}
    earlier = [line for line in review.too_early if line.pk not in listed]
    rows = sorted(review.ships.lines, key=weight)[:SHIPS]
    older = earlier[: max(1, SHIPS - len(rows))]
    more = review.ships.count - len(rows)
    return Section(
        "What shipped",
        tuple(_ship(project, row, zone) for row in [*rows, *older]),
        f"{things(more, 'more ship').capitalize()}" if more > 0 else "",
        address("deployments", project.slug),
        "ships",
    )


def _ship(project: Project, row: ShipLine, zone: ZoneInfo) -> Item:
    notes = [_date(row.shipped_at, zone)]
    if row.shipped_by:
        notes.append(f"by {' and '.join(row.shipped_by[:3])}")
    if row.feedback_count:
        notes.append(f"{things(row.feedback_count, 'thing')} said about it")
    if row.verdict == Verdict.TOO_EARLY and row.next_look_at:
        notes.append(f"next look on {day(row.next_look_at.astimezone(zone))}")
    return Item(
        title=shortened(row.name, LONGEST),
        url=ship_url(project, row.pk),
        word=row.word,
        tone="rolled_back" if row.was_rolled_back else row.verdict.value,
        note=", ".join(notes),
    )


def waiting_section(
    project: Project, review: WeekInReview, reader: Reader, zone: ZoneInfo
) -> Section:
    """Return the overdue drafts, the reader's own first; once a week, however often it is sent."""
    if not _is_weekly(review, zone):
        return Section("Waits for somebody’s word", ())
    mine_first = sorted(review.overdue.lines, key=lambda row: reader.user_id not in row.owner_ids)
    items = tuple(_draft(project, row, reader, zone) for row in mine_first[:WAITING])
    more = review.overdue.count - len(items)
    return Section(
        "Waits for somebody’s word",
        items,
        f"{things(more, 'more draft').capitalize()}" if more else "",
        address("learnings", project.slug),
        "waiting",
    )


def _is_weekly(review: WeekInReview, zone: ZoneInfo) -> bool:
    # A daily digest asks on Mondays only: nobody is asked for the same thing every day.
    is_daily = review.week.end - review.week.start < 2 * DAY
    return not is_daily or review.week.end.astimezone(zone).weekday() == 0


def _draft(project: Project, row: Waiting, reader: Reader, zone: ZoneInfo) -> Item:
    owners = [*row.owners]
    whose = " and ".join(owners[:3]) or "nobody in particular"
    if reader.user_id is not None and reader.user_id in row.owner_ids:
        whose = "you" if len(owners) == 1 else f"you, among {len(owners)}"
    return Item(
        title=shortened(row.headline, LONGEST),
        url=learning_url(project, row.pk),
        tone="mine" if whose.startswith("you") else "",
        note=f"Waits for {whose}, since {_date(row.due_at, zone)}",
    )


def _date(moment: datetime, zone: ZoneInfo) -> str:
    here = moment.astimezone(zone)
    return f"{here:%A} {here.day} {here:%B}"
