"""The section of a digest on why nothing was learned, each reason with the one next step."""

from zoneinfo import ZoneInfo

from accounts.models import Project
from dashboard.week import WeekInReview
from dashboard.week_headline import day, number, things
from dashboard.week_reasons import Reason, Why
from digest.links import address, learning_url, ship_url
from digest.parts import Item, Section

REASONS = 3

NEXT = {
    Why.NO_LOOK: "open the oldest, and say what it means",
    Why.TOO_EARLY: "nothing, Wake looks by itself",
    Why.MIXED: "let the next bet go out apart from other ships",
    Why.NO_SIGNAL: "see what size of effect the metric can show",
    Why.NO_HYPOTHESIS: "say of the newest what it was meant to change",
    Why.NO_WORDS: "gather from one more place where customers speak",
    Why.NO_SHIP: "let CI tell Wake of each ship",
}


def reasons_section(project: Project, review: WeekInReview, zone: ZoneInfo) -> Section:
    """Return the reasons that a week taught nothing; empty in a week that did."""
    items = tuple(_reason(project, row, zone) for row in review.nothing_because[:REASONS])
    return Section("Why nothing was learned", items, kind="reasons")


def _reason(project: Project, row: Reason, zone: ZoneInfo) -> Item:
    said = _said(row, zone)
    return Item(
        title=f"{said[:1].upper()}{said[1:]}",
        url=_where(project, row),
        note=f"Next: {NEXT[row.why]}",
    )


def _said(row: Reason, zone: ZoneInfo) -> str:
    drafts, bets = things(row.count, "draft"), things(row.count, "hypothesis")
    match row.why:
        case Why.NO_LOOK:
            wait = "waits" if row.count == 1 else "wait"
            return f"{drafts} {wait} for somebody to confirm"
        case Why.TOO_EARLY:
            early = f"It is too early for {things(row.count, 'ship')}"
            at = row.next_look_at
            return (
                f"{early}: the next verdict is due on {day(at.astimezone(zone))}" if at else early
            )
        case Why.MIXED:
            other = "another ship" if row.count == 1 else "other ships"
            return f"{bets} cannot be told from {other}"
        case Why.NO_SIGNAL:
            return f"The numbers could not decide {bets}"
        case Why.NO_HYPOTHESIS:
            all_of_them = things(row.of, "ship")
            some = f"{number(row.count)} of {all_of_them}"
            return f"{all_of_them if row.count == row.of else some} went out without a hypothesis"
        case Why.NO_WORDS:
            return f"No customer said a word after {things(row.of, 'ship')}"
        case Why.NO_SHIP:
            return "Nothing went out"


def _where(project: Project, row: Reason) -> str:
    """Return where the next step is taken."""
    if row.learning_id is not None:
        return learning_url(project, row.learning_id)
    if row.ship_id is not None:
        return ship_url(project, row.ship_id)
    return address("inbox" if row.why == Why.NO_WORDS else "project", project.slug)
