"""Reading single values out of what callers send: text, times, numbers, durations."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime, parse_duration

from common.errors import BadInput

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# Clocks of build machines run ahead; a day covers every time zone mix-up but a wrong year.
CLOCK_SKEW = timedelta(days=1)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def clean_text(value: Any, *, field: str, max_length: int, required: bool = False) -> str:
    """Return `value` as text that both databases can store.

    NUL characters and lone surrogates, which PostgreSQL cannot hold, become U+FFFD.
    Raises BadInput if it is not text (or a number), is too long, or is missing though required.
    """
    if value is None:
        if not required:
            return ""
        value = ""
    # Nearly all is text: asked first, since the other questions take longer than all the rest.
    if type(value) is not str and (
        isinstance(value, bool) or not isinstance(value, str | int | float)
    ):
        raise BadInput(field, "must be text.", 'Send a JSON string, such as "abc".')
    text = storable(str(value)).strip()
    if required and not text:
        raise BadInput(field, "is missing or empty.", "Send some text.")
    if len(text) > max_length:
        raise BadInput(
            field,
            f"has {len(text):,} characters; at most {max_length:,} are taken.",
            "Shorten it, or send it in parts.",
        )
    return text


def read_key(text: str) -> int:
    """Return the key of a row that `text` names, such as "17", or 0, which no row has."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def storable(text: str) -> str:
    """Return `text` with the characters that PostgreSQL cannot hold replaced by U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    # UTF-16 joins a pair of surrogates into its character and leaves a lone one to be replaced.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "\ufffd")


def storable_json(value: Any) -> Any:
    """Return a JSON value in which every text and number can be stored by both databases."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def read_moment(
    value: Any, *, field: str, now: datetime, zone: tzinfo | None = None
) -> datetime | None:
    """Return the aware UTC time that `value` names, or None if there is no value.

    Takes ISO 8601 with an offset, or epoch seconds, milliseconds, microseconds or nanoseconds.
    A time without an offset, or a bare date, is read in `zone`; with no `zone` it is refused,
    because guessing would be silently wrong by hours.
    """
    if value is None or value == "":
        return None
    moment = _epoch(value, field) if _is_number(value) else _iso(str(value).strip(), field, zone)
    if not moment >= EARLIEST:
        raise BadInput(field, f"{value!r} is before 1990.", "Check the year and the unit.")
    if moment > now + CLOCK_SKEW:
        raise BadInput(
            field,
            f"{value!r} is more than a day in the future.",
            "Send the time at which it happened, with its offset.",
        )
    return moment


def _is_number(value: Any) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return isinstance(value, str) and re.fullmatch(r"\d{9,19}(\.\d+)?", value.strip()) is not None


def _epoch(value: Any, field: str) -> datetime:
    seconds = read_number(value, field=field) or 0.0
    # Seconds today have ten digits, milliseconds thirteen, micro sixteen, nano nineteen.
    for _ in range(3):
        if abs(seconds) >= 1e11:
            seconds /= 1000
    if abs(seconds) >= 1e11:
        raise BadInput(field, f"{str(value)[:40]} is no epoch.", "Send epoch seconds.")
    return datetime.fromtimestamp(seconds, tz=UTC)


def _iso(text: str, field: str, zone: tzinfo | None) -> datetime:
    mend = "Send ISO 8601 with an offset, such as 2026-03-01T14:05:00Z, or epoch seconds."
    try:
        parsed: datetime | date | None = parse_datetime(text)
        if parsed is None:
            parsed = parse_date(text)
            parsed = datetime.combine(parsed, time()) if parsed else None
    except ValueError as reason:
        raise BadInput(field, f"{text!r} is not a possible time ({reason}).", mend) from None
    if not isinstance(parsed, datetime):
        raise BadInput(field, f"{text[:80]!r} is not a time.", mend)
    if parsed.tzinfo is None:
        if zone is None:
            raise BadInput(field, f"{text!r} has no offset, so its hour is unknown.", mend)
        parsed = parsed.replace(tzinfo=zone)
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise BadInput(field, f"{text!r} is out of range.", mend) from None


def read_number(value: Any, *, field: str) -> float | None:
    """Return the finite number that `value` is, or None if there is no value."""
    if value is None or value == "":
        return None
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not math.isfinite(number):
        raise BadInput(field, f"{str(value)[:80]!r} is not a finite number.", "Send a number.")
    return number


def read_share(value: Any, *, field: str) -> float | None:
    """Return a relative size: 0.02, "2%", "+2 %" and "-2%" are all read; None if no value."""
    if isinstance(value, str) and value.strip().endswith("%"):
        number = read_number(value.strip()[:-1].replace("−", "-").strip(), field=field)
        return None if number is None else number / 100
    return read_number(value, field=field)


def read_duration(value: Any, *, field: str) -> timedelta | None:
    """Return a length of time: "7d", "24h", "2w", "90m", ISO 8601 ("P7D"), or seconds."""
    if value is None or value == "":
        return None
    mend = 'Send a length such as "7d", "24h" or "P7D".'
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = read_number(value, field=field) or 0.0
        found: timedelta | None = timedelta(seconds=max(-1e9, min(seconds, 1e9)))
    else:
        text = str(value).strip().lower()
        match = re.fullmatch(
            r"(\d{1,4}(?:\.\d+)?)\s*(m|min|h|d|w)(?:in(?:ute)?s?|ours?|ays?|eeks?)?", text
        )
        if match:
            found = timedelta(**{_UNITS[match[2]]: float(match[1])})
        else:
            found = _iso_duration(text) if "p" in text[:2] else None
    if found is None:
        raise BadInput(field, f"{str(value)[:80]!r} is not a length of time.", mend)
    if not timedelta(minutes=5) <= found <= timedelta(days=365):
        raise BadInput(field, "must be between five minutes and a year.", mend)
    return found


def _iso_duration(text: str) -> timedelta | None:
    try:
        return parse_duration(text.upper())
    except (ValueError, OverflowError, ArithmeticError):
        return None
