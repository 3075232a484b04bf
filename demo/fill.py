"""Fills an installation with Harbour Shop, so that every page has something to show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from accounts.models import Membership, Project, Role, User
from demo.catalogue import MAIL
from demo.digests import stop_mails
from demo.happenings import LONGEST, simulate_events
from demo.replay import Replay
from demo.simulator import PEOPLE, simulate
from demo.telling import tell_events
from deployments.models import Checkup, Deployment
from feedback.models import FeedbackItem
from learning.models import Learning

NAME = "Harbour Shop"
SLUG = "harbour-shop"
OWNER = MAIL.format("ada")
PASSWORD = "wake-demo-2026"  # noqa: S105  everybody may know it: see docs/demo.md


@dataclass(frozen=True, slots=True)
class Filled:
    """What a project holds after it was filled."""

    ships: int
    feedback: int
    checkups: int
    learnings: int
    confirmed: int


def demo_project() -> Project | None:
    """Return the demo project, if there is one."""
    return Project.objects.filter(slug=SLUG).first()


def remove_demo() -> None:
    """Delete the demo project, and its people where they belong to no other project."""
    with transaction.atomic():
        # Ships hold on to their environments and metrics, so they have to go first.
        Deployment.objects.filter(project__slug=SLUG).delete()
        Project.objects.filter(slug=SLUG).delete()
        emails = [MAIL.format(name.lower()) for name in PEOPLE]
        User.objects.filter(email__in=emails, memberships=None).delete()


def fill_demo(
    *,
    seed: int,
    weeks: int,
    now: datetime,
    step: Callable[[datetime], None],
    password: str = PASSWORD,
) -> Filled:
    """Save the demo project and its whole story, or nothing of it if something goes wrong."""
    world = simulate(seed=seed, now=now, weeks=weeks)
    with transaction.atomic():
        project = _project(password)
        Replay(world, project, seed=seed, step=step).run()
        rng = np.random.default_rng([seed, len(PEOPLE)])
        start = max(now - LONGEST, now - timedelta(weeks=weeks))
        tell_events(project, simulate_events(world.ships, start=start, now=now, rng=rng), now=now)
        stop_mails(project, now=now)
    return count(project)


def _project(password: str) -> Project:
    project = Project.objects.create(name=NAME, slug=SLUG)
    for name in PEOPLE:
        email = MAIL.format(name.lower())
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, password, name=name
        )
        role = Role.OWNER if email == OWNER else Role.MEMBER
        Membership.objects.create(project=project, user=user, role=role)
    return project


def count(project: Project) -> Filled:
    """Return what the project holds."""
    learnings = Learning.objects.current().filter(project=project)
    return Filled(
        ships=Deployment.objects.filter(project=project).count(),
        feedback=FeedbackItem.objects.filter(project=project).count(),
        checkups=Checkup.objects.filter(deployment__project=project)
        .exclude(finished_at=None)
        .count(),
        learnings=learnings.count(),
        confirmed=learnings.filter(state=Learning.State.CONFIRMED).count(),
    )
