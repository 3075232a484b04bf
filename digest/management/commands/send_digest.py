"""manage.py send_digest: send a project's weekly digest now, or only show it."""

from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Project
from common.days import zone_of
from common.windows import WEEK, Window
from digest.by_hand import send_to_address
from digest.issues import mail_for
from digest.models import Subscription
from digest.parts import Reader
from digest.sending import MAIL_PROBLEMS
from digest.subscribe import ensure_subscriptions


class Command(BaseCommand):
    """Sends what the weekly bell would send, when a person asks for it."""

    help = "Send a project's weekly digest now: to those who want it, or to the addresses named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument(
            "--to", action="append", metavar="MAIL", help="Only to this address; may be repeated."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Print subject and text; send nothing."
        )
        parser.add_argument(
            "--week-ending",
            type=date.fromisoformat,
            metavar="DATE",
            help="The week whose last day is DATE (2026-03-15); else the seven days up to now.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send or show the digest, and say who got it."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"No project {options['project']!r}. There are: {known or 'none'}.")
        now = timezone.now()
        week = Window.before(_end(options["week_ending"], project, now), WEEK)
        if options["dry_run"]:
            mail = mail_for(project, week, Reader(timezone=project.timezone), now=now)
            self.stdout.write(f"Subject: {mail.subject}\n\n{mail.text}")
            return
        self._send(project, options["to"] or _readers(project, now), week, now)

    def _send(self, project: Project, to: list[str], week: Window, now: datetime) -> None:
        failed = 0
        for address in to:
            try:
                sent = send_to_address(project, address, week, now=now)
            except MAIL_PROBLEMS as problem:
                failed += 1
                self.stderr.write(f"{address}: not sent, {problem}")
            else:
                self.stdout.write(f"{address}: {'sent' if sent else 'has had that week already'}")
        if not to:
            self.stdout.write(f"Nobody in {project} wants the digest.")
        if failed:
            raise CommandError("The mail server did not take every mail; check EMAIL_URL.")


def _end(last_day: date | None, project: Project, now: datetime) -> datetime:
    if last_day is None:
        return now
    midnight = datetime.combine(last_day + timedelta(days=1), time(), zone_of(project.timezone))
    return min(midnight, now)


def _readers(project: Project, now: datetime) -> list[str]:
    ensure_subscriptions(project, now=now)
    wanted = Subscription.objects.filter(
        project=project, is_on=True, paused_at=None, user__is_active=True
    )
    members = wanted.filter(user__memberships__project=project)
    return list(members.order_by("user__email").values_list("user__email", flat=True))
