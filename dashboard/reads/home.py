"""A project's home: how fast it learns, what it shipped, what waits for me, what is still to do."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project, User
from dashboard.reads.ships import ShipRow, ship_rows
from dashboard.speed import LearningSpeed, learning_speed
from deployments.arrivals import Arrival, first_arrival
from deployments.models import Deployment, Hypothesis
from feedback.models import FeedbackItem
from learning.models import Attribution, Learning

SHIPS_SHOWN = 12
WAITING_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one person, each with how many there are and the first few."""

    drafts: list[Learning]
    draft_count: int
    unread: list[Attribution]
    unread_count: int
    overdue_count: int  # of the whole team's drafts

    def __bool__(self) -> bool:
        return bool(self.draft_count or self.unread_count or self.overdue_count)


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


def waiting_for(user: User, project: Project, *, now: datetime) -> Waiting:
    """Return the drafts and the unread words about the ships of `user`, and what is overdue."""
    drafts = Learning.objects.current().filter(project=project, state=Learning.State.DRAFT)
    my_ships = Deployment.objects.filter(project=project, shippers__user=user)
    mine = drafts.filter(deployment__in=my_ships)
    unread = Attribution.objects.heard().filter(
        deployment__in=my_ships, is_best=True, feedback__seen_at=None
    )
    return Waiting(
        drafts=list(mine.select_related("deployment").order_by("due_at", "pk")[:WAITING_SHOWN]),
        draft_count=mine.count(),
        unread=list(
            unread.select_related("feedback", "deployment").order_by("-feedback__said_at", "pk")[
                :WAITING_SHOWN
            ]
        ),
        unread_count=unread.count(),
        overdue_count=drafts.filter(due_at__lt=now).count(),
    )


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
