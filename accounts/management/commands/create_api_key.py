"""`manage.py create_api_key`: makes a key for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.file_command import project_named
from accounts.models import ApiKey, Scope


class Command(BaseCommand):
    """Makes an API key; it is shown this once, alone on the last line."""

    help = "Make an API key. It is shown this once, alone on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", metavar="PROJECT", help="the project's slug")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it may do; may be given several times (everything)",
        )
        parser.add_argument("--name", default="command line", help="what to call it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key and show it."""
        project = project_named(options["project"])
        scopes = list(dict.fromkeys(options["scope"] or Scope.values))
        _, key = ApiKey.objects.create_key(
            name=options["name"][:50], project=project, scopes=scopes
        )
        self.stdout.write(f"Made a key for “{project}” that may: {', '.join(scopes)}.")
        self.stdout.write("It is shown only now; Wake keeps no more than its hash.")
        self.stdout.write(key)
