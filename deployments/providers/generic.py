"""Wake's own deploy call: docs/api.md explains each field."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from common.errors import BadInput
from common.values import clean_text, read_duration, read_moment, read_share, storable_json
from deployments.adoption_rules import read_wish
from deployments.ship import (
    DEFAULT_ENVIRONMENT,
    DEFAULT_WINDOW,
    Expectation,
    Person,
    Ship,
    ShippedChange,
    read_kind,
)
from deployments.trailers import read_trailers

STATUSES = ("pending", "in_progress", "succeeded", "failed", "rolled_back")
FIELDS = (
    "id", "sha", "version", "environment", "service", "status", "kind", "started_at", "finished_at",
    "title", "notes", "url", "author", "shippers", "commits", "pull_requests", "areas", "fixes",
    "tags", "hypothesis",
)  # fmt: skip
_DIRECTIONS = {
    "up": "up", "increase": "up", "rise": "up", "+": "up", "higher": "up",
    "down": "down", "decrease": "down", "fall": "down", "-": "down", "lower": "down",
}  # fmt: skip
MAX_NOTES = 200_000
MAX_CHANGES = 1_000
MAX_FILES = 3_000
MAX_PROBLEMS = 20

T = TypeVar("T")


def parse(body: Any, *, now: datetime) -> Ship:
    """Return the ship that `body` describes; raises BadInput naming the field.

    What decides which ship this is (id, sha, version, environment, service, status, times) must
    be sound. What only decorates it (people, commits, a hypothesis) is kept out when it cannot be
    read, and said so in `problems`: a ship is never lost for a misspelt decoration.
    """
    if not isinstance(body, Mapping):
        raise BadInput("body", "must be a JSON object.", 'Send {"version": "1.2.3"}.')
    problems: list[str] = []

    def text(name: str, length: int) -> str:
        return clean_text(body.get(name), field=name, max_length=length)

    sha, version = text("sha", 64), text("version", 200)
    if not sha and not version:
        raise BadInput("version", "is missing, and so is sha.", "Send at least one of them.")
    status = text("status", 20).lower() or "succeeded"
    if status not in STATUSES:
        raise BadInput("status", f"{status!r} is not known.", f"Send one of {', '.join(STATUSES)}.")
    started_at = read_moment(body.get("started_at"), field="started_at", now=now)
    finished_at = read_moment(body.get("finished_at"), field="finished_at", now=now)
    if started_at and finished_at and finished_at < started_at:
        problems.append("finished_at is before started_at; check the clock of the build machine.")
    changes = (
        *_each(body, "commits", MAX_CHANGES, problems, lambda raw: _commit(raw, now)),
        *_each(body, "pull_requests", MAX_CHANGES, problems, _pull_request),
    )
    _attempt(lambda: read_wish(body.get("adoption")), problems)  # kept with what else was said
    notes = _attempt(lambda: text("notes", MAX_NOTES), problems) or ""
    trailers = read_trailers([*(change.message for change in changes), notes])
    expectation = _attempt(lambda: _expectation(body.get("hypothesis")), problems)
    return Ship(
        version=version or sha[:12],
        sha=sha,
        external_id=text("id", 200),
        shipped_at=finished_at or started_at or now,
        said_when=bool(finished_at),
        environment=text("environment", 100) or DEFAULT_ENVIRONMENT,
        service=text("service", 100),
        status=status,
        kind=_attempt(lambda: read_kind(body.get("kind")), problems) or "code",
        title=_attempt(lambda: text("title", 300), problems) or "",
        notes=notes,
        url=_attempt(lambda: _url(body.get("url"), "url"), problems) or "",
        started_at=started_at,
        people=_people(body, changes, problems),
        changes=changes,
        areas=_words(body, "areas", problems),
        tags=_words(body, "tags", problems),
        fixes=tuple(dict.fromkeys((*_words(body, "fixes", problems), *trailers.fixes))),
        expectation=expectation or trailers.expectation,
        problems=_told((*problems, *trailers.problems)),
        extra=storable_json({str(k): v for k, v in body.items() if k not in FIELDS}),
    )


def _told(problems: tuple[str, ...]) -> tuple[str, ...]:
    """Keep what a person would read."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    return (*problems[:MAX_PROBLEMS], f"{len(problems) - MAX_PROBLEMS:,} more like these.")


def _attempt(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except BadInput as error:
        problems.append(str(error))
        return None


def _each(
    body: Mapping[str, Any], name: str, most: int, problems: list[str], read: Callable[[Any], T]
) -> list[T]:
    rows = body.get(name) or []
    if not isinstance(rows, list):
        problems.append(f"{name}: must be a list.")
        return []
    if len(rows) > most:
        problems.append(f"{name}: only the first {most:,} of {len(rows):,} were kept.")
    found = []
    for index, row in enumerate(rows[:most]):
        try:
            found.append(read(row))
        except BadInput as error:
            where = f"{name}[{index}]" + (f".{error.field}" if error.field != "row" else "")
            problems.append(str(BadInput(where, error.problem, error.mend)))
    return found


def _words(body: Mapping[str, Any], name: str, problems: list[str]) -> tuple[str, ...]:
    value = body.get(name)
    if isinstance(value, str | int) and not isinstance(value, bool):
        value = str(value).split(",")
    rows = value if isinstance(value, list) else []
    if value and not isinstance(value, list):
        problems.append(f"{name}: must be a list.")
    words = (
        _attempt(lambda row=row: clean_text(row, field=name, max_length=200), problems)  # type: ignore[misc]
        for row in rows[:200]
    )
    return tuple(dict.fromkeys(word for word in words if word))


def _url(value: Any, field: str) -> str:
    url = clean_text(value, field=field, max_length=2000)
    # A link is shown to people, so nothing but the web may hide behind it.
    return url if url.startswith(("https://", "http://")) else ""


def _person(raw: Any, field: str) -> Person | None:
    if not raw:
        return None
    facts = raw if isinstance(raw, Mapping) else {"email": raw}
    email = clean_text(facts.get("email"), field=f"{field}.email", max_length=254).lower()
    name = clean_text(facts.get("name"), field=f"{field}.name", max_length=150)
    return Person(email or name.lower(), name) if email or name else None


def _people(
    body: Mapping[str, Any], changes: tuple[ShippedChange, ...], problems: list[str]
) -> tuple[Person, ...]:
    named = [_attempt(lambda: _person(body.get("author"), "author"), problems)]
    named += _each(
        body, "shippers", 100, problems, lambda raw: _person(raw, "shipper") or _nobody()
    )
    # Whoever wrote a commit shipped it too, unless the caller said who did.
    if not any(named):
        named = [change.author for change in changes]
    people: dict[str, Person] = {}
    for person in named:
        if person and (person.email not in people or not people[person.email].name):
            people[person.email] = person
    return tuple(people.values())


def _nobody() -> Person:
    raise BadInput("email", "is missing.", "Send a mail address.")


def _object(raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, str):
        return {"sha": raw, "number": raw}
    if not isinstance(raw, Mapping):
        raise BadInput("row", "must be an object.")
    return raw


def _commit(raw: Any, now: datetime) -> ShippedChange:
    raw = _object(raw)
    files = raw.get("files") or []
    if not isinstance(files, list):
        raise BadInput("files", "must be a list of paths.")
    return ShippedChange(
        kind="commit",
        ref=clean_text(raw.get("sha") or raw.get("id"), field="sha", max_length=100, required=True),
        message=clean_text(raw.get("message"), field="message", max_length=50_000),
        author=_person(raw.get("author"), "author"),
        authored_at=read_moment(raw.get("date") or raw.get("timestamp"), field="date", now=now),
        files=tuple(
            clean_text(path, field="files", max_length=1_000) for path in files[:MAX_FILES]
        ),
        url=_url(raw.get("url"), "url"),
    )


def _pull_request(raw: Any) -> ShippedChange:
    raw = _object({"number": raw} if isinstance(raw, int) else raw)
    title = clean_text(raw.get("title"), field="title", max_length=1_000)
    text = clean_text(raw.get("body"), field="body", max_length=50_000)
    return ShippedChange(
        kind="pull_request",
        ref=clean_text(
            raw.get("number") or raw.get("id"), field="number", max_length=100, required=True
        ),
        message=f"{title}\n\n{text}".strip(),
        author=_person(raw.get("author"), "author"),
        url=_url(raw.get("url"), "url"),
    )


def _expectation(raw: Any) -> Expectation | None:
    if not raw:
        return None
    if isinstance(raw, str):
        line = clean_text(raw, field="hypothesis", max_length=5_000)
        found = read_trailers([line if "expect" in line.lower() else f"Expect: {line}"])
        if found.expectation is None:
            raise BadInput("hypothesis", " ".join(found.problems) or "could not be read.")
        return found.expectation
    if not isinstance(raw, Mapping):
        raise BadInput("hypothesis", "must be an object.", 'Send {"metric", "min_effect"}.')
    size = read_share(raw.get("min_effect"), field="hypothesis.min_effect")
    if not size or abs(size) > 100:
        raise BadInput("hypothesis.min_effect", "is missing or 0.", 'Send 0.02 or "2%".')
    said = clean_text(raw.get("direction"), field="hypothesis.direction", max_length=20).lower()
    if said and said not in _DIRECTIONS:
        raise BadInput("hypothesis.direction", f"{said!r} is not known.", "Send up or down.")
    return Expectation(
        metric=clean_text(
            raw.get("metric"), field="hypothesis.metric", max_length=100, required=True
        ),
        direction=_DIRECTIONS.get(said, "up" if size > 0 else "down"),
        min_effect=abs(size),
        window=read_duration(raw.get("window"), field="hypothesis.window") or DEFAULT_WINDOW,
        statement=clean_text(raw.get("statement"), field="hypothesis.statement", max_length=2_000),
        because=clean_text(raw.get("because"), field="hypothesis.because", max_length=2_000),
    )
