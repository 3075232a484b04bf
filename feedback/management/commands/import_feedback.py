"""`manage.py import_feedback`: reads a file of feedback into a project."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.file_command import FileCommand
from common.batches import Batch
from common.tables import Table
from feedback.columns import guess_mapping
from feedback.importer import import_batches
from feedback.rows import FIELDS


class Command(FileCommand):
    """Reads a file of feedback; reading it again changes nothing."""

    help = "Read a file of customer feedback into a project. Reading it again changes nothing."
    fields = FIELDS
    unmapped = "kept under its name"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--source", default="import", help="what to call where it came from, such as play"
        )
        parser.add_argument(
            "--rating-scale",
            default="",
            help="of rows that name none: stars, csat, nps, percent, thumbs, or such as 1-7",
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
            source=options["source"],
            zone=options["zone"],
            now=timezone.now(),
            dry_run=options["dry_run"],
            rating_scale=options["rating_scale"],
        )
