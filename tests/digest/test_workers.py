"""Four workers, two of them killed: each due digest leaves once, counted at the mail server.

Each mail has a chart. WAKE_SUBSCRIBERS says how many readers there are; 240 if it does not.
"""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import Project
from deployments.models import Checkup, Deployment
from digest.models import ChartPicture, Issue, Subscription
from digest.schedule import Plan, Rhythm
from engagement.models import MetricSample
from learning.models import ImpactEstimate, Learning
from tests.digest.charted import make_charted_week
from tests.factories import NOW, make_deployment, make_project, make_user

READERS = int(os.environ.get("WAKE_SUBSCRIBERS", "240"))
ZONES = [f"Etc/GMT{hours:+}" for hours in range(-12, 12)]


def make_charted_day(project: Project) -> None:
    """Let a bet that moved a metric have been confirmed a day ago: within all readers' last day."""
    make_charted_week(project, make_user("ada@example.com"))
    make_deployment(project, title="Search", shipped_at=NOW)
    later = timezone.now() - NOW
    for model, names in (
        (Deployment, ["shipped_at", "received_at"]),
        (Checkup, ["due_at", "finished_at"]),
        (ImpactEstimate, ["window_start_at", "window_end_at", "estimated_at"]),
        (Learning, ["drafted_at", "due_at", "confirmed_at"]),
        (MetricSample, ["taken_at"]),
    ):
        model.objects.update(**{name: F(name) + later for name in names})


def make_readers(project: Project, count: int) -> None:
    """Make confirmed readers in 24 zones, all of whose digests fell due in the last day."""
    now = timezone.now()
    rows = []
    for number in range(count):
        zone = ZONES[number % len(ZONES)]
        plan = Plan(Rhythm.DAILY, 0, 1, 8, ZoneInfo(zone))
        due = plan.next_due(after=now - (plan.next_due(after=now) - now))
        due = due if due <= now else plan.period(due=due).start
        rows.append(
            Subscription(
                project=project,
                email=f"reader{number}@x.test",
                confirmed_at=now,
                rhythm=Rhythm.DAILY,
                timezone=zone,
                next_due_at=due,
            )
        )
    Subscription.objects.bulk_create(rows, batch_size=1_000)


def start_worker(port: int) -> subprocess.Popen[str]:
    there = connection.settings_dict
    return subprocess.Popen(
        [sys.executable, "-m", "tests.digest.worker"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": f"postgres://{there['USER']}@{there['HOST']}:{there['PORT']}/"
            f"{there['NAME']}",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "STALE_CLAIM_SECONDS": "10",
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def most_memory() -> float:
    """Return the megabytes of the largest of the processes that were started and have ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000


def is_ready(worker: subprocess.Popen[str]) -> bool:
    assert worker.stdout
    return worker.stdout.readline() == "ready\n"


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs a database that several processes share"
)
@pytest.mark.django_db(transaction=True)
def test_each_digest_is_sent_once_though_two_of_four_workers_are_killed(mailbox):
    project = make_project("Shop")
    make_charted_day(project)
    make_readers(project, READERS)
    mailbox.keeps = False
    workers = [start_worker(settings.EMAIL_PORT) for _ in range(4)]
    try:
        assert all(is_ready(worker) for worker in workers)
        ready = time.monotonic()
        for worker in workers[:2]:
            time.sleep(random.uniform(0.5, 2))
            worker.kill()
        workers += [start_worker(settings.EMAIL_PORT) for _ in range(2)]
        for worker in workers:
            worker.wait(timeout=3_600)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()

    doubts = Issue.objects.exclude(doubted_at=None).count()
    took = time.monotonic() - ready
    sys.stdout.write(
        f"\n{READERS} digests in {took:.0f} s, {READERS / took:.1f}/s; {doubts} in doubt; the "
        f"largest mail {mailbox.biggest / 1000:.0f} KB; workers with {most_memory():.0f} MB\n"
    )
    assert ChartPicture.objects.exists()
    assert Issue.objects.filter(charts=None).count() == 0
    assert mailbox.biggest < 300_000
    every = set(Subscription.objects.values_list("email", flat=True))
    doubted = set(Issue.objects.filter(sent_at=None).values_list("recipient", flat=True))
    assert Counter(Counter(mailbox.recipients).values()).keys() == {1}  # nobody twice
    assert set(mailbox.recipients) | doubted == every  # nobody forgotten
    assert set(Issue.objects.exclude(sent_at=None).values_list("recipient", flat=True)) <= set(
        mailbox.recipients
    )
    assert len(doubted) <= 2  # at most what the two held
    assert not Issue.objects.filter(sent_at=None, doubted_at=None).exists()
