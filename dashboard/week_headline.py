"""The week's news in one sentence. Pure."""

from collections.abc import Sequence
from datetime import date

from dashboard.week_voices import shortened

LONGEST = 150  # characters of a learning's own headline
_NUMBERS = [
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
]  # fmt: skip


def headline(
    *,
    lessons: Sequence[str],
    ships: int,
    with_hypothesis: int,
    untold: int,
    mixed: int,
    waiting: int,
    watched: int,
    next_verdict_on: date | None,
    feedback: int,
) -> str:
    """Return the week's news; where nothing was learned, the one reason that explains it best.

    `lessons` are the headlines of what was learned, the most telling first; `untold` counts the
    hypotheses whose window ended without a clear answer, `mixed` those that cannot be told from
    another ship; `waiting` the drafts that nobody confirmed
    in time; `watched` the ships that it is too early to judge, the first of which is judged on
    `next_verdict_on`.
    """
    if lessons:
        first = shortened(lessons[0], LONGEST).rstrip(" .")
        more = len(lessons) - 1
        return f"{first}, and {things(more, 'more thing')} learned." if more else f"{first}."
    nothing = "Nothing new was learned"
    if waiting:
        wait = f"{things(waiting, 'draft')} {'waits' if waiting == 1 else 'wait'}"
        return f"{nothing}: {wait} for somebody to confirm."
    if watched:
        ripe = f"; the first verdict is due on {day(next_verdict_on)}" if next_verdict_on else ""
        return f"It is too early to judge {things(watched, 'ship')}{ripe}."
    if untold:
        return f"{nothing}: the numbers could not decide {things(untold, 'hypothesis')}."
    if mixed:
        bets = things(mixed, "hypothesis")
        return f"{nothing}: ships went out too close together to judge {bets}."
    if ships and not with_hypothesis:
        meant = "nothing said what it was" if ships == 1 else "none said what it was"
        return f"{things(ships, 'ship').capitalize()} went out, and {meant} meant to change."
    if ships:
        return f"{things(ships, 'ship').capitalize()} went out; nothing has been learned yet."
    if feedback:
        return f"Nothing shipped, but customers said {things(feedback, 'thing')}."
    return "Nothing shipped and nobody wrote, so there was nothing to learn from."


def things(count: int, noun: str) -> str:
    """Return "one ship", "three ships", "1,204 ships"."""
    if count == 1:
        return f"one {noun}"
    plural = f"{noun[:-2]}es" if noun.endswith("sis") else f"{noun}s"
    return f"{number(count) if count else 'no'} {plural}"


def said_words(count: int) -> str:
    """Return how much customers said: "nothing said", "one thing said", "three things said"."""
    return f"{things(count, 'thing')} said" if count else "nothing said"


def number(count: int) -> str:
    """Return "none", "one", "twelve", "13", "1,204"."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"


def day(when: date) -> str:
    """Return "Thursday 26 March"."""
    return f"{when:%A} {when.day} {when:%B}"
