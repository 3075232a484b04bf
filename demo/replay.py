"""Tells Wake the story of Harbour Shop in the order in which it happened, by its usual doors."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np

from accounts.models import Project, User
from common.windows import WEEK
from demo.catalogue import MAIL
from demo.digests import mondays, write_digest
from demo.places import Places, said_besides
from demo.simulator import World
from demo.team import DONE_AFTER, Reading, plan_answer, plan_confirmation, plan_readings
from deployments.intake import record_deployment
from deployments.models import Checkup, Deployment
from deployments.providers import generic
from engagement.intake import define_metric, record_samples
from feedback.handling import move_to
from feedback.intake import BATCH
from feedback.models import FeedbackItem, Status
from learning.checkup import perform_checkup
from learning.corrections import correct_attribution
from learning.exams import sit_exam
from learning.findings import find_in_feedback
from learning.findings_people import close, judge
from learning.intake import confirm_learning
from learning.linking import link_feedback
from learning.looking import note_look, read_feedback
from learning.models import Finding, Learning
from learning.tagging import add_tag

LOOKS_IN = timedelta(hours=12)  # how often the team works off what waits for it


class Replay:
    """One telling of a world into one project; `step` is called with each moment reached."""

    def __init__(
        self, world: World, project: Project, *, seed: int, step: Callable[[datetime], None]
    ) -> None:
        self.world, self.project, self.seed, self.step = world, project, seed, step
        self.samples = deque(world.samples)
        said = [*world.feedback, *said_besides(world.now)]
        self.feedback = deque(sorted(said, key=lambda row: str(row["created_at"])))
        self.rows = {row["id"]: row for row in world.feedback}
        self.people = {user.email: user for user in project.members.all()}
        self.ships = {ship.version: ship for ship in world.ships}
        owner = self.people[MAIL.format("ada")]
        self.places = Places(project, by=owner, now=world.ships[0].shipped_at)
        rng = np.random.default_rng([seed, len(self.rows)])
        self.readings = deque(plan_readings(world, rng))
        self.mondays = mondays(world.ships[0].shipped_at + WEEK, world.now)

    def run(self) -> None:
        """Tell everything, and let every checkup that falls due on the way look back."""
        for row in self.world.metrics:
            define_metric(self.project, row)
        for moment, event in self._events():
            self._check_up(until=moment)
            self._tell(until=moment)
            if isinstance(event, dict):
                ship = generic.parse(event, now=moment)
                record_deployment(project=self.project, ship=ship, now=moment)
            self._work(now=moment)
            if moment in self.mondays:
                sit_exam(self.project, now=moment)
                write_digest(self.project, now=moment)
            self.step(moment)
        link_feedback(self.project, now=self.world.now)
        sit_exam(self.project, now=self.world.now)

    def _events(self) -> list[tuple[datetime, dict[str, Any] | None]]:
        """Return the moments at which something happens, with what CI posts then, by time."""
        events: list[tuple[datetime, dict[str, Any] | None]] = []
        for ship in self.world.ships:
            events.append((ship.shipped_at, ship.body))
            if ship.rolled_back_at and ship.rolled_back_at <= self.world.now:
                events.append((ship.rolled_back_at, {**ship.body, "status": "rolled_back"}))
        moment = self.world.ships[0].shipped_at
        while (moment := moment + LOOKS_IN) < self.world.now:
            events.append((moment, None))
        events += [(monday, None) for monday in self.mondays]
        events.append((self.world.now, None))
        return sorted(events, key=lambda event: event[0])

    def _check_up(self, *, until: datetime) -> None:
        while checkup := self._next_checkup(until):
            self._tell(until=checkup.due_at)
            if checkup.claim(checkup.due_at):
                perform_checkup(checkup, now=checkup.due_at)

    def _next_checkup(self, until: datetime) -> Checkup | None:
        return (
            Checkup.objects.due(until)
            .filter(deployment__project=self.project)
            .select_related("deployment__project", "deployment__environment")
            .order_by("due_at", "pk")
            .first()
        )

    def _tell(self, *, until: datetime) -> None:
        """Send the samples of all buckets that are over by then, and what was said by then."""
        over = (until - timedelta(hours=1)).isoformat()
        if rows := _taken(self.samples, "at", over):
            record_samples(project=self.project, rows=rows, now=until)
        rows = _taken(self.feedback, "created_at", until.isoformat())
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            self.places.take(batch, now=until)

    def _work(self, *, now: datetime) -> None:
        self._read(now)
        link_feedback(self.project, now=now)
        find_in_feedback(self.project, now=now)
        self._answer_findings(now)
        for learning in (
            Learning.objects.current()
            .filter(project=self.project, state=Learning.State.DRAFT)
            .select_related("deployment")
        ):
            ship = self.ships[learning.deployment.version]
            plan = plan_confirmation(ship, learning.drafted_at, seed=self.seed)
            if plan and plan.at <= now:
                confirm_learning(
                    learning,
                    by=self.people[ship.body["shippers"][0]["email"]],
                    headline=learning.headline,
                    takeaway=plan.takeaway,
                    now=plan.at,
                )
                for area in ship.body["areas"]:
                    add_tag(learning, area)

    def _answer_findings(self, now: datetime) -> None:
        waiting = Finding.objects.filter(project=self.project, closed_at=None)
        for finding in waiting.select_related("deployment__project", "project").order_by("pk"):
            for notice in finding.notices.filter(judged_at=None).select_related("user"):
                answer = plan_answer(finding.key, finding.found_at)
                if answer.at <= now:
                    judge(finding, by=notice.user, worth=answer.worth, now=answer.at)
                    if finding.deployment:
                        note_look(finding.deployment, by=notice.user, now=answer.at)
            by = finding.notices.exclude(judged_at=None).select_related("user").first()
            if by and finding.found_at + DONE_AFTER <= now:
                close(finding, by=by.user, reason="", now=now)

    def _read(self, now: datetime) -> None:
        due: list[Reading] = []
        while self.readings and self.readings[0].at <= now:
            due.append(self.readings.popleft())
        answered = [
            {
                **self.rows[one.feedback_id],
                "reply_text": one.reply,
                "replied_at": one.at.isoformat(),
            }
            for one in due
            if one.reply
        ]
        if answered:  # the tools that customers wrote in send the answers back
            self.places.take(answered, now=now)
        items = {
            item.external_id: item
            for item in FeedbackItem.objects.filter(
                project=self.project, external_id__in=[one.feedback_id for one in due]
            )
        }
        for one in due:
            item, by = items[one.feedback_id], self.people[one.by]
            read_feedback(item, by=by, now=one.at)
            if one.reply:
                move_to(item, Status.ANSWERED, by=by, now=one.at)
            if one.looks_closely:
                self._correct(item, by=by, now=one.at)

    def _correct(self, item: FeedbackItem, *, by: User, now: datetime) -> None:
        """Say which ship it is truly about, where Wake says another."""
        best = item.attributions.filter(is_best=True).select_related("deployment").first()
        about = self.world.truth.about[item.external_id]
        if best is None or about == (best.deployment.version if best.deployment else None):
            return
        ship = Deployment.objects.filter(project=self.project, version=about).first()
        if (ship is None) == (about is None):
            correct_attribution(item, deployment=ship, by=by, now=now)


def _taken(waiting: deque[dict[str, Any]], field: str, until: str) -> list[dict[str, Any]]:
    """Return, and take out, the rows up to that time; ISO times in UTC sort as text."""
    count = 0
    for row in waiting:
        if row[field] > until:
            break
        count += 1
    taken = list(islice(waiting, count))
    for _ in taken:
        waiting.popleft()
    return taken
