"""The sections of a digest on what customers say: what is new in it, and a few of their words."""

from urllib.parse import urlencode

from accounts.models import Project
from dashboard.templatetags.wake import source_name
from dashboard.week import WeekInReview
from dashboard.week_phrases import PhraseQuote, TurnedPhrase
from dashboard.week_voices import Quote, shortened
from digest.links import feedback_url, inbox_url
from digest.parts import Item, Section
from learning.verdict import percent

QUOTES = 3
NEW_QUOTES = 2  # of them, in the words that customers started to use
LONGEST_QUOTE = 130
LONGEST_PHRASE = 40


def turned_section(project: Project, review: WeekInReview, *, with_stopped: bool) -> Section:
    """Return what customers started and stopped saying, against the four weeks before."""
    sides = [("Started", review.turned.started)]
    if with_stopped:
        sides.append(("Stopped", review.turned.stopped))
    items = tuple(
        Item(f"{word}: {_listed(rows)}", _search(project, rows[0]), note=_counted(rows[0]))
        for word, rows in sides
        if rows
    )
    return Section("New in what customers say", items, kind="turned")


def _listed(rows: tuple[TurnedPhrase, ...]) -> str:
    return ", ".join(f"“{shortened(row.phrase, LONGEST_PHRASE)}”" for row in rows)


def _counted(row: TurnedPhrase) -> str:
    """Return how many say it, of how many: "“tap”: 19 of 159 customers, none of 490 before"."""
    now = f"{row.after:,}" if row.after else "none"
    before = f"{row.before:,}" if row.before else "none"
    customers = f"{row.after_total:,} customer{'' if row.after_total == 1 else 's'}"
    # Where nobody spoke there is nobody of whom some could have said it.
    these = f"{now} of {customers}" if row.after_total else "nobody spoke"
    those = f"{before} of {row.before_total:,} before" if row.before_total else "nobody before"
    return f"“{shortened(row.phrase, LONGEST_PHRASE)}”: {these}, {those}"


def _search(project: Project, row: TurnedPhrase) -> str:
    exactly = urlencode({"q": f'"{row.phrase}"'})
    return f"{inbox_url(project)}?{exactly}"


def voices_section(project: Project, review: WeekInReview) -> Section:
    """Return three quotes: of what is new, of the worst, and of praise where there is room."""
    new = [_new_quote(project, row) for row in review.turned.quotes[:NEW_QUOTES]]
    seen = {row.feedback_id for row in review.turned.quotes[:NEW_QUOTES]}
    others = [row for row in review.voices.quotes if row.feedback_id not in seen]
    praise = [row for row in others if row.mood == "good"][:1]
    complaints = [row for row in others if row not in praise]
    room = QUOTES - len(new)
    shown = complaints[: max(room - len(praise), 1)] + praise
    quotes = (*new, *(_quote(project, row) for row in shown[:room]))
    return Section(
        "In customers’ words",
        quotes,
        review.voices.count - len(quotes),
        "thing",
        "said",
        inbox_url(project),
        "voices",
    )


def _new_quote(project: Project, row: PhraseQuote) -> Item:
    return Item(
        shortened(row.text, LONGEST_QUOTE),
        feedback_url(project, row.feedback_id),
        tone=row.mood,
    )


def _quote(project: Project, row: Quote) -> Item:
    note = [] if row.rating is None else [f"{row.rating:g} of 5"]
    note.append(source_name(row.source))
    if row.ship_id and row.probability is not None:
        note.append(f"about “{shortened(row.ship, 60)}” ({percent(row.probability)} likely)")
    else:
        note.append("about none of our ships, as far as Wake can tell")
    return Item(
        shortened(row.text, LONGEST_QUOTE),
        feedback_url(project, row.feedback_id),
        tone=row.mood,
        note=", ".join(note),
    )
