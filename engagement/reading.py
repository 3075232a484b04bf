"""One query of a source, asked for a stretch of buckets: words, versions and ratios. No writing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from common.places import ConnectionFault
from common.windows import Window
from engagement.models import Feed, Kind
from engagement.sources.base import Access, Found, SourceKind, Wanted

# Returns which versions were live where a feed looks: (since when, version), oldest first; the
# first may have gone live before the window.
Versions = Callable[[Feed, Window], Sequence[tuple[datetime, str]]]

# A query that names the version is asked once for each; so many at a time.
MOST_PIECES = 20
NOTES_KEPT = 5


@dataclass(frozen=True, slots=True)
class Point:
    """The value of one bucket, and of how many it is a share, for a ratio."""

    at: datetime
    value: float
    denominator: float | None = None


@dataclass(slots=True)
class Reading:
    """What was found, oldest first, and up to where it was asked."""

    until: datetime
    points: list[Point] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_feed(
    feed: Feed, kind: SourceKind, access: Access, window: Window, *, versions: Versions
) -> Reading:
    """Return what the feed's query says of the window, or of its beginning if that is long.

    The window begins and ends with a bucket. Raises ConnectionFault, or BadInput for the query.
    """
    step = feed.metric.resolution
    window = Window(window.start, min(window.end, window.start + kind.most_buckets * step))
    query = str(feed.options.get("query", ""))
    below = str(feed.options.get("denominator", "")).strip()
    wanted = Wanted(access, query, window, step, _words(feed), feed.options)
    reading = Reading(until=window.end)
    pieces = [wanted]
    if "version" in kind.asks(feed.options):
        pieces = list(_by_version(wanted, versions(feed, window)))
        if not pieces:
            _note(reading.notes, ["No version was live there yet, so nothing was asked for."])
        if len(pieces) > MOST_PIECES:
            pieces = pieces[:MOST_PIECES]
            reading.until = pieces[-1].window.end
    for piece in pieces:
        found = kind.gather(piece)
        parts = kind.gather(replace(piece, query=below)) if below else Found(found.of)
        _refuse_unasked_share(feed, found)
        reading.points += _points(found, parts if below or found.of else None, piece.window)
        _note(reading.notes, (*found.notes, *parts.notes))
    return reading


def _words(feed: Feed) -> dict[str, str]:
    return {"environment": feed.environment, "service": feed.service}


def _by_version(wanted: Wanted, live: Sequence[tuple[datetime, str]]) -> Iterator[Wanted]:
    """Yield what to ask for each version, in whole buckets.

    A bucket belongs to what was live as it began; what is before the first version is left out.
    """
    window, step = wanted.window, wanted.step
    edges = [
        (window.start + max(0, -(-(since - window.start) // step)) * step, version)
        for since, version in live
    ]
    ends = [*(begin for begin, _version in edges[1:]), window.end]
    for (begin, version), end in zip(edges, ends, strict=False):
        if begin < min(end, window.end):
            words = {**wanted.words, "version": version}
            yield replace(wanted, window=Window(begin, min(end, window.end)), words=words)


def _refuse_unasked_share(feed: Feed, found: Found) -> None:
    if found.of and feed.metric.kind != Kind.RATIO:
        raise ConnectionFault(
            "The query also gives of how many each value is, so its metric is a share.",
            "Choose the kind Ratio, or leave the denominator out.",
        )


def _points(found: Found, parts: Found | None, window: Window) -> list[Point]:
    kept = sorted((at, value) for at, value in found.values.items() if at in window)
    if parts is None:
        return [Point(at, value) for at, value in kept]
    # Of nobody there is no share.
    return [
        Point(at, value / of, of) for at, value in kept if (of := parts.values.get(at, 0.0)) > 0
    ]


def _note(notes: list[str], more: Sequence[str]) -> None:
    for one in more:
        if one not in notes and len(notes) < NOTES_KEPT:
            notes.append(one)


def rows_of(feed: Feed, points: Sequence[Point]) -> list[dict[str, Any]]:
    """Return the points as rows of the samples API."""
    return [
        {
            "metric": feed.metric.key,
            "at": point.at.isoformat(),
            "value": point.value,
            **({} if point.denominator is None else {"denominator": point.denominator}),
        }
        for point in points
    ]
