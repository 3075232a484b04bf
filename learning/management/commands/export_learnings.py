"""`manage.py export_learnings`: what a project learned, as a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Project
from learning.exporting import FORMATS
from learning.library import LibraryFilter


class Command(BaseCommand):
    """Writes a project's learnings to standard output."""

    help = "Write a project's learnings as CSV, JSON lines or Markdown to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options: the format, and the filters of the library."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="Whose learnings.")
        parser.add_argument("--format", default="csv", choices=list(FORMATS))
        parser.add_argument("--q", default="", metavar="WORDS", help="Only those with these words.")
        parser.add_argument("--verdict", default="", help="Such as supported or refuted.")
        parser.add_argument("--state", default="", help="draft, overdue, confirmed, superseded ...")
        parser.add_argument("--tag", default="", help="Only those filed under it.")
        parser.add_argument("--since", default="", metavar="DAY", help="Drafted from that day on.")
        parser.add_argument("--until", default="", metavar="DAY", help="Drafted up to that day.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the learnings that the filters leave, newest first."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project “{options['project']}”.")
        names = ("q", "verdict", "state", "tag", "since", "until")
        asked = {name: options[name] for name in names}
        asked["tag"] = asked["tag"].lower().strip()
        wanted = LibraryFilter(asked, project=project, now=timezone.now())
        # On a page a filter that cannot be read filters nothing; a script is told.
        for name, problems in wanted.errors.items():
            raise CommandError(f"--{name}: {' '.join(map(str, problems))}")
        for piece in FORMATS[options["format"]].write(wanted.learnings()):
            self.stdout.write(piece, ending="")
