"""The draft of an answer to a customer whose words a ship took up. Pure."""

import re
from datetime import date

QUOTE_LENGTH = 240
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


def draft_text(
    *, name: str, said: str, said_on: date, version: str, live_since: date, team: str
) -> str:
    """Return the answer as a person may send it: what they said, what takes it up, and thanks.

    It promises no more than is known: that the ship was made for what they said, not that it is
    right for them now. A version that is only a commit says nothing to a customer.
    """
    greeting = f"Hello {name}," if name else "Hello,"
    quote = shortened(said)
    wrote = f"On {_day(said_on)} you wrote to us:\n\n> {quote}" if quote else (
        f"On {_day(said_on)} you gave us a rating."
    )  # fmt: skip
    named = version and not _COMMIT.fullmatch(version.lower())
    what = f"Version {version.removeprefix('v')}" if named else "A new version"
    return (
        f"{greeting}\n\n{wrote}\n\n"
        f"{what} takes this up. It has been live since {_day(live_since)}.\n\n"
        "Thank you for telling us. If it is not right for you yet, just answer this message: "
        "we read every answer.\n\n"
        f"Kind regards\n{team}\n"
    )


def shortened(said: str) -> str:
    """Return the beginning of what somebody said on one line, up to the end of a word."""
    words = " ".join(said.split())
    if len(words) <= QUOTE_LENGTH:
        return words
    return words[: QUOTE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
