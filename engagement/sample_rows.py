"""Reading rows of samples: each alone and in full words, or a thousand at once and quickly."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from django.utils.text import slugify

from common.errors import BadInput, RowError
from common.values import CLOCK_SKEW, EARLIEST, clean_text, read_moment, read_number

# metric key, epoch second, value, exposure: what reads quickly is made of plain values
Read = tuple[str, int, float, float | None]
_NUMBERS = (float, int)
_PLAIN = set(_NUMBERS)
_FIELDS = itemgetter("metric", "at", "value")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row as it came, read and checked."""

    metric: str
    taken_at: datetime
    value: float
    exposure: float | None


def read_sample(row: Any, *, now: datetime, zone: tzinfo | None = None) -> Sample:
    """Return the sample that `row` describes; raises BadInput naming the field.

    Fields: `metric` (its key), `at` (time), and `value`, or `numerator` and `denominator`.
    """
    if not isinstance(row, Mapping):
        raise BadInput("sample", "must be an object.", 'Send {"metric", "at", "value"}.')
    metric = read_key(row.get("metric"), field="metric")
    taken_at = read_moment(row.get("at"), field="at", now=now, zone=zone)
    if taken_at is None:
        raise BadInput("at", "is missing.", "Send the start of the sample's bucket.")
    value = read_number(row.get("value"), field="value")
    exposure = read_number(row.get("denominator"), field="denominator")
    numerator = read_number(row.get("numerator"), field="numerator")
    if exposure is not None and exposure < 0:
        raise BadInput("denominator", "is negative.", "Send how many were asked.")
    if value is None and numerator is not None:
        if not exposure:
            raise BadInput("denominator", "is missing or 0.", "Send it with the numerator.")
        value = read_number(numerator / exposure, field="numerator")
    if value is None:
        raise BadInput("value", "is missing.", "Send a number, or numerator and denominator.")
    return Sample(metric, taken_at, value, exposure)


def read_key(value: Any, *, field: str) -> str:
    """Return a metric's key as it is stored: `Checkout Conversion` is checkout_conversion."""
    return _key_in(value, field) if type(value) is str else _read_key(value, field)


def _read_key(value: Any, field: str) -> str:
    text = clean_text(value, field=field, max_length=100, required=True)
    key = slugify(text.replace(".", "_").replace("/", "_")).replace("-", "_")
    if not key:
        raise BadInput(field, f"{text!r} has no letter or digit.", "Send a key: checkout_rate.")
    return key


# The same names come in every call. What is refused is not remembered, so these are short.
_key_in = lru_cache(maxsize=8192)(_read_key)


def read_samples(
    rows: Iterable[Any], *, now: datetime, zone: tzinfo | None, first_index: int
) -> tuple[list[Read], list[RowError]]:
    """Return the good rows in their order, and what is wrong with the others.

    Nearly all rows look alike, so a row is read by the shortest way that can only give what
    `read_sample` gives; whatever has anything odd about it is left to `read_sample`.
    """
    quick, rows = _Quick(now), list(rows)
    plain = quick.read_plain(rows)
    if plain is not None:
        return plain, []
    read: list[Read] = []
    errors: list[RowError] = []
    for index, row in enumerate(rows, first_index):
        found = quick.read(row) if type(row) is dict else None
        if found is None:
            try:
                odd = read_sample(row, now=now, zone=zone)
            except BadInput as error:
                errors.append(RowError(index, error))
                continue
            found = (odd.metric, math.floor(odd.taken_at.timestamp()), odd.value, odd.exposure)
        read.append(found)
    return read, errors


class _Quick:
    """Reads rows of which keys and times were mostly seen before in the same batch."""

    def __init__(self, now: datetime) -> None:
        self.keys: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self.earliest, self.latest = EARLIEST, now + CLOCK_SKEW
        self.first, self.last = EARLIEST.timestamp(), (now + CLOCK_SKEW).timestamp()

    def read_plain(self, rows: list[Any]) -> list[Read] | None:
        """Return what all rows say, column by column; None if one has anything odd about it."""
        if set(map(type, rows)) != {dict} or set(map(len, rows)) != {3}:
            return None
        try:
            names, times, numbers = zip(*map(_FIELDS, rows), strict=True)
            values = list(map(float, numbers)) if set(map(type, numbers)) <= _PLAIN else [math.nan]
        except (KeyError, OverflowError):
            return None
        if not all(map(math.isfinite, values)) or set(map(type, names)) != {str}:
            return None
        if not set(map(type, times)) <= {str, int}:
            return None
        keys = {name: self._key(name) for name in set(names)}
        found = {at: self._second(at) for at in set(times)}
        seconds = {at: second for at, second in found.items() if second is not None}
        if not all(keys.values()) or len(seconds) < len(found):
            return None
        of, at = map(keys.__getitem__, names), map(seconds.__getitem__, times)
        return list(zip(of, at, values, repeat(None), strict=False))

    def read(self, row: dict[Any, Any]) -> Read | None:
        """Return what the row says, or None if it is not of the plainest kind."""
        named, at = row.get("metric"), row.get("at")
        if type(named) is not str:
            return None
        key = self.keys.get(named) or self._key(named)
        second = self.times.get(at) if type(at) is str else None
        if second is None:
            second = self._second(at)
        if not key or second is None:
            return None
        value, exposure = row.get("value"), row.get("denominator")
        if "numerator" in row or exposure is not None:
            return self._ratio(key, second, row)
        if type(value) not in _NUMBERS:
            return None
        try:
            value = float(value)  # type: ignore[arg-type]
        except OverflowError:
            return None
        return (key, second, value, None) if math.isfinite(value) else None

    def _ratio(self, key: str, second: int, row: dict[Any, Any]) -> Read | None:
        value, above, below = row.get("value"), row.get("numerator"), row.get("denominator")
        shown = above if value is None else value
        if type(below) not in _NUMBERS or type(shown) not in _NUMBERS:
            return None
        if value is not None and above is not None:
            return None
        try:
            below = float(below)  # type: ignore[arg-type]
            value = float(shown) / below if value is None else float(shown)  # type: ignore[arg-type]
        except (OverflowError, ZeroDivisionError):
            return None
        fits = below >= 0 and math.isfinite(value) and math.isfinite(below)
        return (key, second, value, below) if fits else None

    def _key(self, named: str) -> str:
        try:
            key = self.keys[named] = read_key(named, field="metric")
        except BadInput:
            return ""
        return key

    def _second(self, at: Any) -> int | None:
        if type(at) is int:  # so large a number as milliseconds is read in full
            return at if self.first <= at <= self.last else None
        # Digits alone may be an epoch, and a day alone or an hour without its offset needs a zone.
        if type(at) is not str or len(at) < 16 or at[10] not in "T ":
            return None
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        if moment.tzinfo is None or not self.earliest <= moment <= self.latest:
            return None
        second = self.times[at] = math.floor(moment.timestamp())
        return second
