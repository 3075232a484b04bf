"""Four workers, two of them killed: each due digest leaves once, counted at the mail server.

WAKE_SUBSCRIBERS says how many readers there are; 240 if it does not.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Project
from digest.models import Issue, Subscription
from digest.schedule import Plan, Rhythm
from tests.factories import make_deployment, make_project

READERS = int(os.environ.get("WAKE_SUBSCRIBERS", "240"))
ZONES = [f"Etc/GMT{hours:+}" for hours in range(-12, 12)]


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


def is_ready(worker: subprocess.Popen[str]) -> bool:
    assert worker.stdout
    return worker.stdout.readline() == "ready\n"


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs a database that several processes share"
)
@pytest.mark.django_db(transaction=True)
def test_each_digest_is_sent_once_though_two_of_four_workers_are_killed(mailbox):
    project = make_project("Shop")
    make_deployment(project, title="Search", shipped_at=timezone.now())
    make_readers(project, READERS)
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
        f"\n{READERS} digests in {took:.0f} s, {READERS / took:.1f}/s; {doubts} in doubt\n"
    )
    every = set(Subscription.objects.values_list("email", flat=True))
    doubted = set(Issue.objects.filter(sent_at=None).values_list("recipient", flat=True))
    assert Counter(Counter(mailbox.recipients).values()).keys() == {1}  # nobody twice
    assert set(mailbox.recipients) | doubted == every  # nobody forgotten
    assert set(Issue.objects.exclude(sent_at=None).values_list("recipient", flat=True)) <= set(
        mailbox.recipients
    )
    assert len(doubted) <= 2  # at most what the two held
    assert not Issue.objects.filter(sent_at=None, doubted_at=None).exists()
