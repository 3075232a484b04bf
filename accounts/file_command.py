"""What the commands that read files into a project share; each says how its rows are stored."""

import csv
import zoneinfo
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import Project
from common.batches import Batch, columns_of, first_rows
from common.errors import IntakeReport, RowError
from common.tables import NotATable, Table

SHOWN = 20


class FileCommand(BaseCommand):
    """Reads a file into a project: shows what it takes each column for, then how far it is."""

    fields: Sequence[str] = ()
    unmapped = "not read"  # what becomes of a column that is none of our fields

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what every import takes."""
        parser.add_argument("file", help="CSV, JSON lines or a JSON list; may be gzipped")
        parser.add_argument("--project", required=True, metavar="SLUG", help="where it belongs")
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="THEIRS=OURS",
            help="a column's name and our field's, where the guess is wrong; THEIRS= leaves it out",
        )
        parser.add_argument(
            "--timezone",
            metavar="ZONE",
            help="where times without an offset are at home, such as Europe/Berlin "
            "(the project's zone)",
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument("--report", metavar="FILE", help="write every refused row to this CSV")

    def guess(self, columns: list[str]) -> dict[str, str]:
        """Return {their column: our field} as far as the names tell."""
        raise NotImplementedError

    def batches(self, table: Table, **options: Any) -> Iterator[Batch]:
        """Store the rows of the table, a batch at a time."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file and say what became of its rows."""
        project = project_named(options["project"])
        zone = zone_named(options["timezone"] or project.timezone)
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                look = Table(file)
                columns = columns_of(first_rows(look))
                look.close()
                mapping = self._mapping(columns, options["map"])
                self._show(columns, mapping, zone)
                asked = {"project": project, "mapping": mapping, "zone": zone}
                total = self._run(Table(file), {**options, **asked})
        except OSError as reason:
            why = reason.strerror or "it cannot be opened"
            raise CommandError(f"{path} cannot be read: {why}.") from None
        except NotATable as reason:
            raise CommandError(f"{path}: {reason}") from None
        self.conclude(total, options)

    def _mapping(self, columns: list[str], said: list[str]) -> dict[str, str]:
        mapping = self.guess(columns)
        for pair in said:
            theirs, equals, ours = pair.rpartition("=")
            if not equals or theirs not in columns:
                there = ", ".join(columns[:30])
                raise CommandError(f"--map {pair}: no such column. The file has: {there}.")
            if ours and ours not in self.fields:
                raise CommandError(
                    f"--map {pair}: “{ours}” is not one of our fields: {', '.join(self.fields)}."
                )
            mapping = {
                column: field for column, field in mapping.items() if field != ours or not ours
            }
            mapping[theirs] = ours
        return mapping

    def _show(self, columns: list[str], mapping: dict[str, str], zone: tzinfo) -> None:
        self.stdout.write("Columns:")
        for column in columns:
            field = mapping.get(column)
            taken = field or ("left out" if field == "" else self.unmapped)
            self.stdout.write(f"  {column} -> {taken}")
        self.stdout.write(f"Times without an offset are read in {zone}.")

    def _run(self, table: Table, options: dict[str, Any]) -> "Total":
        if options["report"]:
            with Path(options["report"]).open("w", newline="") as report:
                return self._count(table, options, csv.writer(report))
        return self._count(table, options, None)

    def _count(self, table: Table, options: dict[str, Any], report: Any) -> "Total":
        total = Total()
        if report:
            report.writerow(["line", "field", "problem", "mend"])
        # No bar where nobody watches: tqdm looks whether this is a terminal.
        with tqdm(total=table.bytes_total, unit="B", unit_scale=True, disable=None) as bar:
            for batch in self.batches(table, **options):
                total.add(batch)
                bar.update(batch.bytes_done - bar.n)
                for refused in batch.report.errors if report else ():
                    error = refused.error
                    report.writerow([refused.index, error.field, error.problem, error.mend])
            bar.update(table.bytes_total - bar.n)
        return total

    def conclude(self, total: "Total", options: dict[str, Any]) -> None:
        """Say what became of the rows."""
        counts = total.counts
        self.stdout.write(
            f"Read {total.rows:,} rows: {counts.created:,} new, {counts.updated:,} changed, "
            f"{counts.unchanged:,} known already, {total.refused:,} refused."
        )
        for one in total.shown:
            self.stdout.write(f"  line {one.index}: {one.error}")
        if total.refused > len(total.shown):
            more = f"{total.refused - len(total.shown):,} more"
            self.stdout.write(f"  and {more}; --report FILE lists them all.")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was written.")
        elif not counts.created and not counts.updated and counts.unchanged:
            self.stdout.write("Nothing has changed: all of it was here already.")


class Total:
    """The sum of the batches, without the refused rows, which may be as many as the file has."""

    def __init__(self) -> None:
        self.counts = IntakeReport()
        self.rows = self.refused = 0
        self.shown: list[RowError] = []

    def add(self, batch: Batch) -> None:
        """Count the rows of the batch too."""
        report = batch.report
        self.counts.add(IntakeReport(report.created, report.updated, report.unchanged))
        self.rows += batch.rows
        self.refused += len(report.errors)
        self.shown += report.errors[: SHOWN - len(self.shown)]


def project_named(slug: str) -> Project:
    """Return the project with that slug; raises CommandError that names those there are."""
    project = Project.objects.filter(slug=slug.replace("\x00", "")).first()
    if project is None:
        there = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20])
        mend = f"There are: {there}." if there else "Make one: manage.py create_project."
        raise CommandError(f"There is no project “{slug}”. {mend}")
    return project


def zone_named(name: str) -> tzinfo:
    """Return the time zone of that name; raises CommandError."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        mend = "Name one such as Europe/Berlin or UTC."
        raise CommandError(f"“{name}” is not a time zone. {mend}") from None
