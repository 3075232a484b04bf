"""Beat, broker and worker as they run in production, on both brokers; and what a crash leaves."""

import os
import signal
import time

import pytest

pytestmark = pytest.mark.slow

FINISHED = "SELECT count(*) FROM deployments_checkup WHERE finished_at IS NOT NULL"

# What the checkups left behind, without the moments at which that happened to be.
EFFECT = """
from learning.models import *
from feedback.models import FeedbackItem
from deployments.models import Checkup
answer = {
    "checkups": sorted(
        [c.deployment.version, c.horizon.days, c.finished_at is not None]
        for c in Checkup.objects.select_related("deployment")
    ),
    "estimates": sorted(
        [e.deployment.version, e.checkup.horizon.days, e.metric.key, e.word, str(e.effect)]
        for e in ImpactEstimate.objects.select_related("deployment", "checkup", "metric")
    ),
    "learnings": sorted(
        [l.deployment.version, l.version, l.verdict, l.state]
        for l in Learning.objects.select_related("deployment")
    ),
    "attributions": sorted(
        [a.feedback.external_id, a.deployment.version if a.deployment else "", a.is_best]
        for a in Attribution.objects.select_related("feedback", "deployment")
    ),
}
"""
RUN_ALL = """
from django.utils import timezone
from deployments.models import Checkup
from learning.checkup import perform_checkup
for checkup in Checkup.objects.due(timezone.now()).order_by("due_at", "pk"):
    perform_checkup(checkup, now=timezone.now())
"""


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request) -> dict[str, str]:
    """The settings of either broker."""
    if request.param == "redis":
        return {"REDIS_URL": request.getfixturevalue("redis_url")}
    return {}


class TestBeatAndWorker:
    def test_run_what_is_due_and_nothing_else(self, build_house, seed, broker):
        house = build_house(**broker)
        due = seed(house, ships=1)
        house.start_worker()
        house.start_beat()

        assert house.wait_until(FINISHED, due) == due

    def test_end_by_themselves_when_asked_to(self, build_house, seed, broker):
        house = build_house(**broker)
        due = seed(house, ships=1)
        processes = [house.start_worker(), house.start_beat()]
        house.wait_until(FINISHED, due)

        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)

        assert [process.wait(timeout=30) for process in processes] == [0, 0], house.log()
        assert "Traceback" not in house.log()


class TestAWorkerThatIsKilled:
    def test_leaves_nothing_undone_and_nothing_done_twice(self, build_house, seed, broker):
        house = build_house(STALE_CLAIM_SECONDS="2", **broker)
        undisturbed = build_house()
        due = seed(house, ships=6)
        assert seed(undisturbed, ships=6) == due
        undisturbed.python(RUN_ALL)
        house.start_beat()

        worker = house.start_worker()
        done = house.wait_until(FINISHED, 2)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        assert done < due, "The worker was killed too late to prove anything."
        house.start_worker()
        house.wait_until(FINISHED, due)

        assert house.python(EFFECT) == undisturbed.python(EFFECT)


class TestBellsThatNobodyHeard:
    def test_are_dropped_once_they_have_expired(self, build_house, broker):
        house = build_house(**broker)
        house.python(
            "from learning.tasks import start_due_checkups as bell\n"
            "for _ in range(20): bell.apply_async(expires=0.1)"
        )
        worker = house.start(
            "celery -q -A config worker --loglevel INFO --pool threads --concurrency 1"
        )
        house.python("from learning.tasks import link_new_feedback as bell\nbell.delay()")
        ends = time.monotonic() + 60
        while "link_new_feedback" not in house.log() and time.monotonic() < ends:
            time.sleep(0.1)
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(timeout=30)

        assert house.log().count("Discarding revoked task") == 20
        assert "start_due_checkups" not in [
            line.split("Task learning.tasks.")[1].split("[")[0]
            for line in house.log().splitlines()
            if "succeeded" in line and "Task learning.tasks." in line
        ]
