"""Make all estimates anew with a method, and show what would change before it is accepted."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.file_command import project_named
from common.errors import BadInput
from common.values import read_moment
from deployments.models import Deployment
from learning.impact import CURRENT_METHOD, METHODS
from learning.models import Rerun
from learning.reestimating import (
    NotReady,
    accept_rerun,
    claim_part,
    drop_rerun,
    run_part,
    start_rerun,
)
from learning.tasks import run_rerun_parts
from learning.verdict import Verdict

VERDICTS_SHOWN = 30
CHAINS = 4
RING_AGAIN = 60.0


class Command(BaseCommand):
    """Look again at every ship; nothing changes until it is accepted."""

    help = (
        "Make the estimates of all finished looks anew with a method and today's samples. Shows "
        "what would change; nothing changes before --accept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which ships, with which method, by whom; or what becomes of an earlier rerun."""
        parser.add_argument("--project", metavar="SLUG", help="only the ships of this project")
        parser.add_argument("--since", metavar="TIME", help="only ships since then")
        parser.add_argument("--method", choices=sorted(METHODS), default=CURRENT_METHOD)
        parser.add_argument(
            "--workers", action="store_true", help="let the running Celery workers do it"
        )
        parser.add_argument("--accept", type=int, metavar="NUMBER", help="take what it found")
        parser.add_argument("--drop", type=int, metavar="NUMBER", help="forget this rerun")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, accept or drop."""
        for word, act in (("accept", self._accept), ("drop", self._drop)):
            if options[word] is not None:
                try:
                    return act(self._rerun(options[word]))
                except NotReady as reason:
                    raise CommandError(f"Rerun {options[word]}: {reason}") from None
        project = project_named(options["project"]) if options["project"] else None
        now = timezone.now()
        try:
            since = read_moment(options["since"], field="--since", now=now)
        except BadInput as reason:
            raise CommandError(str(reason)) from None
        rerun = start_rerun(options["method"], now=now, project=project, since=since)
        if not rerun.total:
            self.stdout.write(
                "No look has been taken at any ship yet, so there is nothing to redo."
            )
            return None
        self._run(rerun, by_workers=options["workers"])
        return self._show(rerun)

    def _rerun(self, number: int) -> Rerun:
        rerun = Rerun.objects.filter(pk=number).first()
        if rerun is None:
            raise CommandError(f"There is no rerun {number}.")
        return rerun

    def _run(self, rerun: Rerun, *, by_workers: bool) -> None:
        rung_at = 0.0
        with tqdm(total=rerun.total, unit=" looks", disable=None) as bar:
            while rerun.state == Rerun.State.RUNNING:
                if by_workers and time.monotonic() > rung_at + RING_AGAIN:
                    # Rung again, as a broker may forget; a part is done by one worker alone.
                    for _chain in range(CHAINS):
                        run_rerun_parts.apply_async(
                            kwargs={"rerun_id": rerun.pk}, expires=RING_AGAIN
                        )
                    rung_at = time.monotonic()
                elif by_workers:
                    time.sleep(0.2)
                elif part := claim_part(rerun, now=timezone.now()):
                    run_part(part, now=timezone.now())
                rerun.refresh_from_db()
                bar.update(rerun.done - bar.n)

    def _show(self, rerun: Rerun) -> None:
        count = dict(rerun.summary["count"])
        looked = count.pop("looked", 0)
        self.stdout.write(f"{looked:,} estimates made anew with {rerun.method}:")
        for change, many in sorted(count.items(), key=lambda one: (one[0] != "same", -one[1])):
            self.stdout.write(f"  {many:>9,}  {change}")
        verdicts = rerun.summary["verdicts"]
        if verdicts:
            self.stdout.write(f"{len(verdicts)} verdicts would change:")
        ships = Deployment.objects.in_bulk([row[0] for row in verdicts[:VERDICTS_SHOWN]])
        for pk, before, after in verdicts[:VERDICTS_SHOWN]:
            words = f"{Verdict(before).label} -> {Verdict(after).label}"
            self.stdout.write(f"  {ships[pk]}: {words}")
        self.stdout.write(
            f"Nothing has changed yet. To take it: manage.py reestimate --accept {rerun.pk}; to "
            f"forget it: --drop {rerun.pk}"
        )

    def _accept(self, rerun: Rerun) -> None:
        with tqdm(total=rerun.total, unit=" looks", disable=None) as bar:
            changed = accept_rerun(rerun, now=timezone.now(), progress=bar.update)
        self.stdout.write(f"Accepted: {changed:,} estimates are those of {rerun.method} now.")

    def _drop(self, rerun: Rerun) -> None:
        drop_rerun(rerun)
        self.stdout.write("Forgotten; every estimate is as it was.")
