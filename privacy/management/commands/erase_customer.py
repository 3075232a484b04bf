"""`manage.py erase_customer`: erases one customer everywhere, and prints the proof."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from privacy.customer_command import CustomerCommand
from privacy.erasing import erase_customer, person_of
from privacy.sweeping import sweep


class Command(CustomerCommand):
    """Erases one customer and clears the database's files."""

    help = "Erase one customer everywhere: what they said, who they are, and where it is quoted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, **options: Any) -> None:
        """Ask, erase, sweep, and print what was done."""
        customer = self.customer_named(**options)
        if not options["yes"]:
            count = len(person_of(customer).items)
            self.stdout.write(f"This erases {count:,} things that they said. It cannot be undone.")
            if input("Type erase to go on: ").strip().lower() != "erase":
                raise CommandError("Nothing was erased.")
        now = timezone.now()
        proof = erase_customer(customer, by=None, now=now)
        is_swept = sweep(now=now)
        self.stdout.write(
            f"Erased. Reference {proof.reference}, {proof.erased_at:%Y-%m-%d %H:%M} UTC."
        )
        for name, count in proof.counts.items():
            self.stdout.write(f"  {name}: {count:,}")
        if not is_swept:
            self.stdout.write("The database is busy: its files are cleared within minutes.")
