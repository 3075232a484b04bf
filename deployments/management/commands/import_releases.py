"""`manage.py import_releases`: reads past releases into a project."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from accounts.file_command import FileCommand, Total, project_named, zone_named
from common.batches import Batch, take_in
from common.errors import BadInput, IntakeReport, RowError
from common.tables import Row, Table
from common.values import read_moment
from deployments.history import (
    FIELDS,
    NotARepository,
    Repository,
    bodies_of,
    guess_mapping,
    record_bodies,
)
from deployments.ship import DEFAULT_ENVIRONMENT

BATCH = 50


class Command(FileCommand):
    """Reads the tags of a git repository, or a file of releases; again changes nothing."""

    help = (
        "Read past releases into a project: the tags of a git repository (a folder, bare or not), "
        "or a CSV, JSON lines or JSON list file of releases. Reading it again changes nothing."
    )
    fields = FIELDS
    unmapped = "kept under its name"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--environment", default=DEFAULT_ENVIRONMENT, help="where they went live (production)"
        )
        parser.add_argument(
            "--tags", default="*", metavar="PATTERN", help="which tags of a repository, as 'v*'"
        )
        parser.add_argument("--since", metavar="DATE", help="leave out what was released before")

    def guess(self, columns: list[str]) -> dict[str, str]:
        """Return {their column: our field} as far as the names tell."""
        return guess_mapping(columns)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the repository or the file and say what became of its releases."""
        read = self._from_repository if Path(options["file"]).is_dir() else super().handle
        if not options["dry_run"]:
            return read(*args, **options)
        with transaction.atomic():
            read(*args, **options)
            transaction.set_rollback(True)
        return None

    def batches(self, table: Table, **options: Any) -> Iterator[Batch]:
        """Record the rows of the table, a batch at a time."""
        now, zone = timezone.now(), options["zone"]
        since = _since(options, now, zone)

        def take(rows: list[Row]) -> IntakeReport:
            bodies = bodies_of(rows, options["mapping"], now=now, zone=zone)
            report = IntakeReport()
            for index, body in enumerate(bodies):
                if not isinstance(body, BadInput) and _is_before(body["finished_at"], since):
                    continue
                one = record_bodies(
                    [body], project=options["project"], environment=options["environment"], now=now
                )
                one.errors = [RowError(index, error.error) for error in one.errors]
                report.add(one)
            return report

        return take_in(table, take, size=BATCH)

    def _from_repository(self, *args: Any, **options: Any) -> None:
        project, now = project_named(options["project"]), timezone.now()
        zone = zone_named(options["timezone"] or project.timezone)
        pattern, total = options["tags"], Total()
        try:
            repository = Repository(Path(options["file"]))
            tags = repository.tags(pattern, _since(options, now, zone))
            if not tags:
                raise CommandError(f"No tag matches {pattern}. Name another pattern with --tags.")
            for number, tag in enumerate(tqdm(tags, unit="tag", disable=None), 1):
                report = record_bodies(
                    [repository.body_of(tag, pattern)],
                    project=project,
                    environment=options["environment"],
                    now=now,
                )
                report.errors = [RowError(number, error.error) for error in report.errors]
                total.add(Batch(report, 1, number))
        except NotARepository as reason:
            raise CommandError(f"{options['file']} cannot be read: {reason}") from None
        self.conclude(total, options)


def _since(options: dict[str, Any], now: datetime, zone: tzinfo) -> datetime | None:
    try:
        return read_moment(options["since"], field="--since", now=now, zone=zone)
    except BadInput as reason:
        raise CommandError(str(reason)) from None


def _is_before(at: str, since: datetime | None) -> bool:
    return since is not None and datetime.fromisoformat(at) < since
