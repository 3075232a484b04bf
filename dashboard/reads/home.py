"""A project's home: how fast it learns, what it shipped, what waits for me, what is still to do."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project, User
from dashboard.reads.ships import ShipRow, ship_rows
from dashboard.reads.yours import Waiting, waiting_for
from dashboard.speed import LearningSpeed, learning_speed
from deployments.arrivals import Arrival, first_arrival
from deployments.models import Hypothesis
from feedback.models import FeedbackItem
from learning.models import Learning

SHIPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Which of the first steps a project has taken."""

    deployment: bool
    feedback: bool
    metric: bool
    hypothesis: bool
    learning: bool

    @property
    def done(self) -> int:
        """How many of the five are done."""
        steps = (self.deployment, self.feedback, self.metric, self.hypothesis, self.learning)
        return sum(steps)


@dataclass(frozen=True, slots=True)
class Home:
    """All that the page shows."""

    speed: LearningSpeed
    waiting: Waiting
    steps: FirstSteps
    arrival: Arrival | None  # until the first ship has come


def project_home(project: Project, *, user: User, now: datetime) -> Home:
    """Return the home of the project as `user` sees it."""
    steps = first_steps(project)
    return Home(
        speed=learning_speed(project, now=now),
        waiting=waiting_for(user, project, now=now),
        steps=steps,
        arrival=None if steps.deployment else first_arrival(project),
    )


def latest_ships(project: Project, *, now: datetime) -> list[ShipRow]:
    """Return the newest ships, of whatever environment and state."""
    ships = project.deployments.select_related("environment", "service")
    return ship_rows(list(ships.order_by("-shipped_at", "-pk")[:SHIPS_SHOWN]), now=now)


def first_steps(project: Project) -> FirstSteps:
    """Return which of the first steps the project has taken."""
    confirmed = Learning.objects.filter(project=project, state=Learning.State.CONFIRMED)
    return FirstSteps(
        deployment=project.deployments.exists(),
        feedback=FeedbackItem.objects.heard().filter(project=project).exists(),
        metric=project.metrics.filter(samples__isnull=False).exists(),
        hypothesis=Hypothesis.objects.filter(deployment__project=project).exists(),
        learning=confirmed.exists(),
    )
