"""The demo project, filled once for all tests of this folder."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from accounts.models import Project
from demo.fill import demo_project, fill_demo, remove_demo
from demo.simulator import World, simulate

SEED = 1
NOW = datetime(2026, 3, 18, 12, 3, tzinfo=UTC)  # a Wednesday


@dataclass(frozen=True)
class Shop:
    """The filled project and the truth behind it."""

    project: Project
    world: World


@pytest.fixture(scope="package")
def world() -> World:
    return simulate(seed=SEED, now=NOW)


@pytest.fixture(scope="package")
def filled(world, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        fill_demo(seed=SEED, weeks=12, now=NOW, step=lambda moment: None)
        project = demo_project()
        assert project
        yield Shop(project, world)
        remove_demo()
