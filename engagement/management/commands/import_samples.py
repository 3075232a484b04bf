"""`manage.py import_samples`: reads a file of metric samples into a project."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.file_command import FileCommand
from common.batches import Batch
from common.tables import Table
from engagement.importer import FIELDS, guess_mapping, import_batches


class Command(FileCommand):
    """Reads a file of metric samples; reading it again changes nothing."""

    help = "Read a file of metric samples into a project. Reading it again changes nothing."
    fields = FIELDS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--metric", default="", metavar="KEY", help="the metric of rows that name none"
        )

    def guess(self, columns: list[str]) -> dict[str, str]:
        """Return {their column: our field} as far as the names tell."""
        return guess_mapping(columns)

    def batches(self, table: Table, **options: Any) -> Iterator[Batch]:
        """Store the rows of the table, a batch at a time."""
        return import_batches(
            table,
            project=options["project"],
            mapping=options["mapping"],
            zone=options["zone"],
            now=timezone.now(),
            metric=options["metric"],
            dry_run=options["dry_run"],
        )
