"""`manage.py roll_up`: adds samples up by the hour and by the day, and can check the sums."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Project
from engagement.models import Metric, RollupDue
from engagement.rolling import roll_anew, roll_up
from engagement.rolling_check import wrong_buckets

SHOWN = 20


class Command(BaseCommand):
    """Does at once what the worker does each minute; safe to run beside it, or twice."""

    help = "Add samples up by the hour and by the day, as far as it is due, or check the sums."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--project", metavar="SLUG", help="only the metrics of this project")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--again", action="store_true", help="add everything up anew")
        what.add_argument(
            "--check", action="store_true", help="compare with the samples and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Roll up what is due, or check what was."""
        metrics = Metric.objects.select_related("project").order_by("pk")
        if slug := options["project"]:
            if not Project.objects.filter(slug=slug).exists():
                raise CommandError(f"There is no project {slug!r}.")
            metrics = metrics.filter(project__slug=slug)
        if options["check"]:
            self._check(list(metrics))
            return
        if options["again"]:
            for metric in metrics:
                roll_anew(metric)
        done = 0
        while count := roll_up():
            done += count
        left = RollupDue.objects.count()
        also = f"; {left} are held by a worker" if left else ""
        self.stdout.write(f"Added up {done} months of metrics{also}.")

    def _check(self, metrics: list[Metric]) -> None:
        wrong = 0
        for metric in metrics:
            found = wrong_buckets(metric)
            wrong += len(found)
            for span, start in found[:SHOWN]:
                self.stdout.write(f"{metric.project.slug}/{metric.key}: {span} {start:%F %H:%M}")
            if len(found) > SHOWN:
                self.stdout.write(f"{metric.project.slug}/{metric.key}: {len(found)} in all")
        if wrong:
            raise CommandError(f"{wrong} sums are wrong. Mend them: manage.py roll_up --again")
        due = RollupDue.objects.filter(metric__in=metrics).count()
        also = f"; {due} months are still to be added up" if due else ""
        self.stdout.write(f"{len(metrics)} metrics add up{also}.")
