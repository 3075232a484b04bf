"""`manage.py fill_demo`: a project to look around in."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from demo.fill import OWNER, PASSWORD, SLUG, Filled, count, demo_project, fill_demo, remove_demo


class Command(BaseCommand):
    """Fills Wake with an online shop's ships, feedback and metrics, all of them made up."""

    help = "Make the demo project “Harbour Shop”, as if a team had used Wake for 12 weeks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--reset", action="store_true", help="Delete the demo first.")
        parser.add_argument("--seed", type=int, default=1, help="Another number, other noise.")
        parser.add_argument(
            "--weeks", type=int, default=12, choices=range(2, 13), metavar="2-12", help="How long."
        )
        parser.add_argument("--password", default=PASSWORD, help="For all demo people.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill the demo project, unless it is there already."""
        if options["reset"]:
            remove_demo()
        elif project := demo_project():
            self.stdout.write("The demo project is there already; nothing was changed.")
            self._tell(count(project))
            self.stdout.write("`manage.py fill_demo --reset` makes it anew, up to today.")
            return
        now, weeks = timezone.now(), options["weeks"]
        began_at = timezone.now()
        with tqdm(total=weeks * 7, unit=" days", desc="Harbour Shop", disable=None) as bar:
            filled = fill_demo(
                seed=options["seed"],
                weeks=weeks,
                now=now,
                step=lambda moment: _advance(bar, now - timedelta(weeks=weeks), moment),
                password=options["password"],
            )
        seconds = (timezone.now() - began_at).total_seconds()
        self.stdout.write(f"Filled the demo project in {seconds:.0f} s.")
        self._tell(filled)
        self.stdout.write(
            f"\nLook around: {settings.BASE_URL}/p/{SLUG}/\n"
            f"Sign in as   {OWNER}\n"
            f"Password     {options['password']}\n"
            "Whoever reaches this server can sign in with it: leave the demo out of production."
        )

    def _tell(self, filled: Filled) -> None:
        self.stdout.write(
            f"{filled.ships} ships, {filled.feedback:,} things customers said, "
            f"{filled.checkups} checkups, {filled.learnings} learnings "
            f"({filled.confirmed} of them confirmed)."
        )


def _advance(bar: "tqdm[Any]", start: datetime, moment: datetime) -> None:
    bar.n = max(0, (moment - start).days)
    bar.refresh()
