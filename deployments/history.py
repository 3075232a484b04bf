"""Ships of the past: from a git repository's tags, or from a file that lists releases.

Each becomes the body of Wake's own deploy call, so that it is read as any other ship is. The times
are those of tags and lists: where CI has told of the same ship, CI knows better.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from accounts.models import Project
from common.errors import BadInput, IntakeReport, RowError
from common.tables import Row
from common.values import read_moment
from deployments.intake import record_deployment
from deployments.providers import generic

FIELDS = (
    "version", "tag", "released_at", "notes", "title", "sha", "service", "environment", "url",
    "author",
)  # fmt: skip
_SYNONYMS = {
    "released_at": ("released_at", "released", "release_date", "date", "published_at", "created_at",
                    "shipped_at", "finished_at"),
    "version": ("version", "name", "release"),
    "tag": ("tag", "tag_name", "ref"),
    "notes": ("notes", "body", "description", "changelog", "release_notes"),
    "title": ("title", "summary"),
    "sha": ("sha", "commit", "commit_sha", "revision"),
    "url": ("url", "html_url", "link"),
    "author": ("author", "released_by"),
    "service": ("service", "component", "app_name"),
    "environment": ("environment", "env"),
}  # fmt: skip
SECONDS = 60  # that git may take for one answer
COMMITS = 500  # of one release; a first tag has the whole past behind it
_RECORD, _UNIT, _TEXT_ENDS = "\x1e", "\x1f", "\x1d"


class NotARepository(Exception):
    """What was named is no git repository that can be read; the text says why."""


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """Return {their column: our field} as far as the names tell."""
    there = {re.sub(r"[^a-z]+", "_", column.lower()).strip("_"): column for column in columns}
    found: dict[str, str] = {}
    for ours, names in _SYNONYMS.items():
        theirs = next((there[name] for name in names if name in there), None)
        if theirs and theirs not in found:
            found[theirs] = ours
    return found


def body_of(
    values: Mapping[str, Any], mapping: Mapping[str, str], *, now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Return a row of a list of releases as a deploy call; raises BadInput without a date.

    A bare date is the start of that day in `zone`. Columns that are no field of ours are kept.
    """
    ours = {field: values.get(column) for column, field in mapping.items() if field}
    kept = {
        column: value
        for column, value in values.items()
        if column not in mapping and column not in generic.FIELDS
    }
    at = read_moment(ours.pop("released_at", None), field="released_at", now=now, zone=zone)
    if at is None:
        raise BadInput("released_at", "is missing or empty.", "Say when it was released.")
    tag = ours.pop("tag", None)
    version = ours.pop("version", None) or tag
    return {**kept, **ours, "version": version, "finished_at": at.isoformat()}


def record_bodies(
    bodies: Sequence[Mapping[str, Any] | BadInput],
    *,
    project: Project,
    environment: str,
    now: datetime,
) -> IntakeReport:
    """Record each as a ship of the past; a body that is a BadInput, or cannot be read, is refused.

    A ship that is there already gains what was not known of it. Errors are counted from 0.
    """
    report = IntakeReport()
    for index, body in enumerate(bodies):
        try:
            if isinstance(body, BadInput):
                raise body
            ship = generic.parse({"environment": environment, **_said(body)}, now=now)
        except BadInput as reason:
            report.errors.append(RowError(index, reason))
            continue
        past = replace(ship, source="import", guessed=True)
        recorded = record_deployment(project=project, ship=past, now=now)
        if recorded.created:
            report.created += 1
        elif recorded.changed:
            report.updated += 1
        else:
            report.unchanged += 1
    return report


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in (None, "")}


def bodies_of(
    rows: Iterable[Row], mapping: Mapping[str, str], *, now: datetime, zone: tzinfo
) -> list[Mapping[str, Any] | BadInput]:
    """Return the rows as deploy calls, each that has no date as the reason to refuse it."""
    found: list[Mapping[str, Any] | BadInput] = []
    for row in rows:
        try:
            found.append(body_of(row.values, mapping, now=now, zone=zone))
        except BadInput as reason:
            found.append(reason)
    return found


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a repository, with the commit it stands for."""

    name: str
    sha: str
    tagged_at: datetime
    notes: str


class Repository:
    """A git repository on this machine, bare or not, that is only read."""

    def __init__(self, path: Path) -> None:
        """Open it; raises NotARepository."""
        self.path = path
        self._git("rev-parse", "--git-dir")

    def tags(self, pattern: str = "*", since: datetime | None = None) -> list[Tag]:
        """Return the tags whose name matches the pattern, made since then, oldest first."""
        parts = ("refname", "objecttype", "*objecttype", "objectname", "*objectname",
                 "creatordate:unix", "contents")  # fmt: skip
        form = "%1f".join(f"%({part})" for part in parts) + "%1e"
        found = []
        for record in self._git(
            "for-each-ref", "--sort=creatordate", f"--format={form}", f"refs/tags/{pattern}"
        ).split(_RECORD):
            if record.count(_UNIT) < len(parts) - 1:
                continue
            ref, kind, inner, sha, inner_sha, epoch, text = record.lstrip("\n").split(_UNIT, 6)
            if "commit" not in (kind, inner) or not epoch:  # a tag of a file is no release
                continue
            tagged_at = datetime.fromtimestamp(int(epoch), tz=since.tzinfo if since else None)
            tagged_at = tagged_at.astimezone()
            if since and tagged_at < since:
                continue
            notes = "" if kind == "commit" else _without_signature(text)
            found.append(Tag(ref.removeprefix("refs/tags/"), inner_sha or sha, tagged_at, notes))
        return found

    def body_of(self, tag: Tag, pattern: str = "*") -> dict[str, Any]:
        """Return the tag as a deploy call, with the commits since the one before it."""
        before = self._git(
            "describe", "--tags", "--abbrev=0", f"--match={pattern}", f"{tag.sha}^", may_fail=True
        ).strip()
        reach = [tag.sha, f"^refs/tags/{before}"] if before else [tag.sha]
        return {
            "version": tag.name,
            "sha": tag.sha,
            "finished_at": tag.tagged_at.isoformat(),
            "notes": tag.notes,
            "commits": self._commits(reach),
        }

    def _commits(self, reach: Sequence[str]) -> list[dict[str, Any]]:
        form = "%x1e%H%x1f%aN%x1f%aE%x1f%aI%x1f%B%x1d"
        told = self._git(
            "log", "--no-merges", f"--max-count={COMMITS}", f"--format={form}", "--name-only",
            "--no-renames", "--no-show-signature", "-z", *reach, "--",
        )  # fmt: skip
        commits = []
        for record in told.split(_RECORD)[1:]:
            head, _, files = record.partition(_TEXT_ENDS)
            if head.count(_UNIT) < 4:
                continue
            sha, name, email, date, message = head.split(_UNIT, 4)
            commits.append(
                {
                    "sha": sha,
                    "message": message.strip()[:50_000],
                    "author": {"name": name[:150], "email": email[:254]},
                    "date": date,
                    "files": [path[:1000] for path in re.split(r"[\x00\n]+", files) if path],
                }
            )
        return commits

    def _git(self, *words: str, may_fail: bool = False) -> str:
        # What a repository's own settings could make git start is switched off.
        command = [
            "git", "--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false",
            "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
            "-c", "log.showSignature=false", "-C", str(self.path), *words,
        ]  # fmt: skip
        keep = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603  (a list of words, and no shell)
                command, env=keep | quiet, capture_output=True, timeout=SECONDS, check=False
            )
        except FileNotFoundError:
            raise NotARepository("git is not installed.") from None
        except subprocess.TimeoutExpired:
            raise NotARepository(f"git gave no answer within {SECONDS} seconds.") from None
        if done.returncode and not may_fail:
            why = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise NotARepository(why[-1] if why else "git cannot read it.")
        return "" if done.returncode else done.stdout.decode("utf-8", "replace")


def _without_signature(text: str) -> str:
    return re.split(r"^-----BEGIN (?:PGP|SSH) SIGNATURE-----", text, flags=re.M)[0].strip()
