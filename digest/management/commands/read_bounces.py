"""manage.py read_bounces: take mails that came back, from their mailbox or from standard input."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.hosts import CannotReach
from common.places import ConnectionFault
from digest.bounce_reading import read_bounces, take_bounce

MAX_BYTES = 2 * 1024 * 1024


class Command(BaseCommand):
    """Pauses the addresses that mail servers report as unknown."""

    help = "Read mails that came back; addresses that do not exist are sent nothing more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument(
            "--stdin",
            action="store_true",
            help="Take one mail from standard input, as a mail server's alias pipes it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take what there is, and say what came of it."""
        now = timezone.now()
        if options["stdin"]:
            raw = sys.stdin.buffer.read(MAX_BYTES)
            self.stdout.write(f"One mail: {take_bounce(raw, now=now)}.")
            return
        if not settings.BOUNCE_MAILBOX_URL:
            raise CommandError(
                "BOUNCE_MAILBOX_URL is not set. Set it, or pipe a mail in with --stdin."
            )
        try:
            found = read_bounces(now=now)
        except (ConnectionFault, CannotReach) as fault:
            raise CommandError(str(fault)) from None
        for outcome, count in sorted(found.items()):
            self.stdout.write(f"{count} mail{'' if count == 1 else 's'}: {outcome}.")
        if not found:
            self.stdout.write("Nothing new, or it was read a moment ago.")
