"""Say which release each feedback is about, for measuring the method, or for using it alone."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.json_lines import as_line, numbered
from learning.attribution import CURRENT_METHOD, METHODS
from learning.attribution_door import MOST, Asked, answer_line
from learning.attribution_shares import OFF_TOPIC_FOR_ABOUT, OFF_TOPIC_FOR_RAN

OFF_TOPIC = {"version": OFF_TOPIC_FOR_RAN, "ship": OFF_TOPIC_FOR_ABOUT}


class Command(BaseCommand):
    """Read one history a line, write one answer a feedback."""

    help = (
        'Read {"releases": [{"version", "released_at", "notes"}], "feedback": [{"id", "text", '
        '"rating", "created_at", "version"}]} as JSON lines, and write for each feedback one JSON '
        'line {"id", "candidates": [{"version", "probability", "reasons"}], "none"}. Needs no '
        "database."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the input, where it is, and how it is to be answered."""
        parser.add_argument(
            "file", nargs="?", default="-", help="what to read; - is standard input"
        )
        parser.add_argument("--output", default="-", help="where to write; - is standard output")
        parser.add_argument("--jsonl", action="store_true", help="JSON lines; the only form")
        parser.add_argument("--method", choices=sorted(METHODS), default=CURRENT_METHOD)
        parser.add_argument("--most", type=int, default=MOST, help="candidates a feedback, at most")
        parser.add_argument(
            "--cold",
            action="store_true",
            help="do not learn from versions that other feedback names",
        )
        parser.add_argument(
            "--about",
            choices=("version", "ship"),
            default="version",
            help="version: which release the customer ran; ship: which one it is about, so that "
            "what no release speaks of is more likely about none",
        )
        parser.add_argument(
            "--fixes", action="store_true", help="say, too, which later releases may have fixed it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every line as soon as it is read; tell what cannot be read on standard error."""
        asked = Asked(
            method=options["method"],
            most=max(1, options["most"]),
            learn=not options["cold"],
            off_topic=OFF_TOPIC[options["about"]],
            fixes=options["fixes"],
        )
        with ExitStack() as files:
            source: IO[str] = sys.stdin
            target: Any = self.stdout
            try:
                if options["file"] != "-":
                    source = files.enter_context(
                        Path(options["file"]).open(encoding="utf-8", errors="replace")
                    )
                if options["output"] != "-":
                    target = files.enter_context(
                        Path(options["output"]).open("w", encoding="utf-8")
                    )
            except OSError as problem:
                raise CommandError(f"{problem.filename}: {problem.strerror}.") from problem
            self._answer(source, target, asked)

    def _answer(self, source: IO[str], target: Any, asked: Asked) -> None:
        for number, line in numbered(source):

            def report(problem: str, number: int = number) -> None:
                self.stderr.write(f"Line {number}: {problem}")

            try:
                for answer in answer_line(line, asked, report=report):
                    target.write(as_line(answer) + "\n")
            except (ValueError, RecursionError) as problem:
                report(f"left out: {problem}")
