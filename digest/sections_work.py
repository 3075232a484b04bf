"""The sections of a digest on what went out, and what waits for whom."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import Project
from common.windows import DAY
from dashboard.week import WeekInReview
from dashboard.week_headline import day, said_words, things
from dashboard.week_lessons import Waiting
from dashboard.week_ships import ShipLine
from dashboard.week_voices import Unanswered, shortened
from digest.links import address, inbox_url, learning_url, ship_url
from digest.parts import Item, Reader, Section
from learning.verdict import Verdict

SHIPS, WAITING = 4, 2
LONGEST = 80  # characters of a title
QUIET_WORDS = (Verdict.TOO_EARLY, Verdict.NO_HYPOTHESIS)  # told in the note, not as a pill


def ships_section(project: Project, review: WeekInReview, zone: ZoneInfo) -> Section:
    """Return what went out, bets first, and earlier ships that are still too early to judge."""

    def weight(line: ShipLine) -> tuple[bool, int]:
        return (not line.hypothesis, -line.feedback_count)

    told = {row.ship_id for row in review.lessons[:2]}
    listed = {line.pk for line in review.ships.lines}
    earlier = [line for line in review.too_early if line.pk not in listed]
    untold = [line for line in review.ships.lines if line.pk not in told]
    rows = sorted(untold, key=weight)[:SHIPS]
    older = earlier[: max(1, SHIPS - len(rows))]
    bets = [line for line in rows if line.verdict == Verdict.TOO_EARLY]
    others = [line for line in rows if line not in bets]
    return Section(
        "What shipped",
        tuple(_ship(project, row, zone) for row in [*bets, *older, *others]),
        review.ships.count - len(rows),
        "ship",
        "",
        address("deployments", project.slug),
        "ships",
    )


def _ship(project: Project, row: ShipLine, zone: ZoneInfo) -> Item:
    is_quiet = not row.was_rolled_back and row.verdict in QUIET_WORDS
    notes = [_date(row.shipped_at, zone)]
    if is_quiet and row.verdict == Verdict.TOO_EARLY:
        look = row.next_look_at
        at = f", next look on {day(look.astimezone(zone))}" if look else ""
        notes = [f"too early to tell{at}"]
    if row.shipped_by:
        notes.append(f"by {' and '.join(row.shipped_by[:3])}")
    if row.feedback_count:
        notes.append(said_words(row.feedback_count))
    if is_quiet and row.verdict == Verdict.NO_HYPOTHESIS:
        notes.append("no hypothesis")
    note = ", ".join(notes)
    return Item(
        title=shortened(row.name, LONGEST),
        url=ship_url(project, row.pk),
        word="" if is_quiet else row.word,
        tone="rolled_back" if row.was_rolled_back else row.verdict.value,
        note=f"{note[:1].upper()}{note[1:]}",
    )


def waiting_section(
    project: Project, review: WeekInReview, reader: Reader, zone: ZoneInfo
) -> Section:
    """Return the overdue drafts, the reader's own first, and what customers wait for.

    Once a week, however often the digest is sent.
    """
    if not is_weekly(review, zone):
        return Section("Waits for somebody’s word", ())
    mine_first = sorted(review.overdue.lines, key=lambda row: reader.user_id not in row.owner_ids)
    drafts = [_draft(project, row, reader, zone) for row in mine_first[:WAITING]]
    unanswered = review.unanswered
    asked = [_unanswered(project, unanswered, zone)] if unanswered.count else []
    return Section(
        "Waits for somebody’s word",
        (*drafts[:1], *asked, *drafts[1:]),
        review.overdue.count - len(drafts),
        "draft",
        "",
        address("learnings", project.slug),
        "waiting",
    )


def is_weekly(review: WeekInReview, zone: ZoneInfo) -> bool:
    """Return True unless this is a daily digest on another day than Monday.

    Nobody is asked for the same thing every day.
    """
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


def _unanswered(project: Project, row: Unanswered, zone: ZoneInfo) -> Item:
    said = f"{row.count:,} or more things" if row.is_more else things(row.count, "thing")
    wait = "waits" if row.count == 1 else "wait"
    since = f"The oldest since {_date(row.oldest_said_at, zone)}" if row.oldest_said_at else ""
    return Item(
        title=f"{said[:1].upper()}{said[1:]} said {wait} for an answer",
        url=f"{inbox_url(project)}?unanswered=on",
        note=since,
    )


def _date(moment: datetime, zone: ZoneInfo) -> str:
    here = moment.astimezone(zone)
    return f"{here:%A} {here.day} {here:%B}"
