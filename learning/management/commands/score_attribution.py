"""Score how often Wake was right about a project's feedback, now rather than once a day."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Project
from learning.exams import sit_exam


class Command(BaseCommand):
    """Sit the exam of one project."""

    help = (
        "Ask Wake again about feedback that names its version, with the version hidden; fit the "
        "weights to the project, keep them if they prove better, and say how it went."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the project."""
        parser.add_argument("project", help="the project's address, like harbour-shop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score, and say it in one line."""
        try:
            project = Project.objects.get(slug=options["project"])
        except Project.DoesNotExist:
            raise CommandError(f"There is no project {options['project']}.") from None
        exam = sit_exam(project, now=timezone.now()).scores["exam"]
        self.stdout.write(
            f"Right for {exam['right']:.0%} of {exam['asked']}; "
            f"the newest ship would have been for {exam['newest']:.0%}."
        )
