"""Measures digests: how many leave, how many queries each takes, and that history costs nothing.

Run by `make bench-digest`, on databases of its own. The same week, with the same weeks before it,
is told of twice: behind little and behind much history of feedback, ships, looks and learnings.
Mails, each with a chart, go to a real SMTP server in a process of its own, which drops them.
"""

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import django

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Project, User  # noqa: E402
from bench.inbox import without_indexes  # noqa: E402
from common.windows import Window  # noqa: E402
from dashboard.week import week_in_review  # noqa: E402
from deployments.models import Checkup, Deployment  # noqa: E402
from digest.models import Issue, Subscription  # noqa: E402
from digest.schedule import Plan, Rhythm  # noqa: E402
from digest.sending import send_digest_to  # noqa: E402
from digest.tasks import AT_ONCE, send_some_digests  # noqa: E402
from engagement.models import Metric, MetricSample  # noqa: E402
from feedback.models import FeedbackItem  # noqa: E402
from learning.models import ImpactEstimate, Learning  # noqa: E402

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ZONES = [f"Etc/GMT{hours:+}" for hours in range(-12, 12)]
HISTORY = timedelta(days=700)
# Of feedback: a sample of history that is copied; what was said lately; what was said this week.
OLD_ROWS, LATE_ROWS, NEW_ROWS = 2_000, 1_200, 300
LATELY = 5 * WEEK  # what a digest compares the week with begins there
SPEED = 24 * WEEK  # learning speed is that of the ships since then, and before
LATE_SHIPS, NEW_SHIPS = 46, 8
DAYS_BEFORE = 28  # of samples before the week
ROWS_A_SHIP = 500
WORKERS = 4
RUNS, BATCHES = 21, 9  # of which the first does not count


def main() -> None:
    """Fill, send and print; or be one of the processes that do so."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--history", type=int, nargs=2, default=[10_000, 1_000_000])
    options.add_argument("--readers", type=int, default=600)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    options.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options.add_argument("--add", type=int, help=argparse.SUPPRESS)
    options.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.fill is not None:
        fill_all(asked.fill)
    elif asked.measure is not None:
        sys.stdout.write(json.dumps(measure(asked.measure)))
    elif asked.add is not None:
        make_readers(Project.objects.get(), asked.add, "further")
    elif asked.work:
        work()
    else:
        compare(asked.history, asked.rounds, asked.readers)


def compare(history: Sequence[int], rounds: int, readers: int) -> None:
    """Print what digests cost behind little and behind much history, in turn, and how many leave.

    Each history has a database of its own, and is measured by a process of its own, one after the
    other and again: what else the machine does meets both alike.
    """
    with mail_server():
        for rows in history:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE history_{rows}")
            began = time.perf_counter()
            itself(rows, "--fill", str(rows))
            took = time.perf_counter() - began
            print(f"{rows:,} rows of feedback filled in {took:.0f} s", flush=True)
        found: dict[int, list[dict[str, float]]] = {rows: [] for rows in history}
        for number in range(rounds):
            for rows in history:
                found[rows].append(json.loads(itself(rows, "--measure", str(number))))
        few, many = history
        print(f"\nmedian of {rounds} rounds: behind {few:,}, behind {many:,}, and their ratio")
        for name in found[few][0]:
            one, other = (median(told[name] for told in found[rows]) for rows in history)
            print(f"  {name}: {one:,.1f}  {other:,.1f}  x{other / one:.2f}", flush=True)
        throughput(many, readers)


def itself(rows: int, *options: str) -> str:
    """Run this program on the database of that history; return what it prints."""
    command = [sys.executable, "-m", "bench.digest", *options]
    environment = {**os.environ, "DATABASE_URL": database_of(rows)}
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def database_of(rows: int) -> str:
    """Return the address of the database of that history."""
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/history_{rows}"


@contextmanager
def mail_server() -> Iterator[None]:
    """Run an SMTP server that takes every mail and drops it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}",
         "-c", "aiosmtpd.handlers.Sink"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def fill_all(rows: int) -> None:
    """Make the tables and the project with its history."""
    call_command("migrate", verbosity=0)
    fill(rows, timezone.now())


def measure(number: int) -> dict[str, float]:
    """Return what digests of the project cost: milliseconds of CPU and queries, by name."""
    project = Project.objects.get()
    make_readers(project, RUNS + BATCHES * AT_ONCE, f"round{number}-")
    now = timezone.now()
    week = Window.before(now, WEEK)
    due = Subscription.objects.due(now).order_by("next_due_at", "pk")
    reading = clocked([lambda: week_in_review(project, week=week, now=now)] * RUNS)
    alone = clocked([partial(send_digest_to, one, now=timezone.now()) for one in due[:RUNS]])
    keys = list(due.values_list("pk", flat=True))
    some = [keys[n : n + AT_ONCE] for n in range(0, len(keys), AT_ONCE)]
    together = clocked([partial(send_some_digests, subscription_ids=one) for one in some])
    assert not Issue.objects.filter(project=project, sent_at=None).exists()
    return {
        f"{name}, {what}": value / each
        for name, cost, each in (
            ("reading the week", reading, 1),
            ("a digest by itself", alone, 1),
            (f"a digest of {AT_ONCE} in a row", together, AT_ONCE),
        )
        for what, value in cost.items()
    }


def clocked(calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Return what a call takes on average: CPU in milliseconds, and queries.

    The CPU is that of this process and of its database's, so that others who are at work on the
    machine do not count.
    """
    count = 0

    def counting(execute: Any, *call: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*call)

    calls[0]()  # what is read for the first time is not what is measured
    here, there = time.process_time(), database_seconds()
    with connection.execute_wrapper(counting):
        for call in calls[1:]:
            call()
    many = len(calls) - 1
    here, there = time.process_time() - here, database_seconds() - there
    return {
        "ms of CPU": (here + there) * 1_000 / many,
        "ms of it in Wake": here * 1_000 / many,
        "ms of it in PostgreSQL": there * 1_000 / many,
        "queries": count / many,
    }


def database_seconds() -> float:
    """Return how long this connection's PostgreSQL process was computing; 0 if nobody tells."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    try:
        # proc(5): the first word is the time on a CPU in nanoseconds.
        return int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def make_readers(project: Project, count: int, name: str) -> None:
    """Make confirmed readers in 24 zones, all of whose daily digests are due."""
    now = timezone.now()
    rows = []
    for number in range(count):
        zone = ZONES[number % len(ZONES)]
        due = Plan(Rhythm.DAILY, 0, 1, 8, ZoneInfo(zone)).next_due(after=now - DAY)
        rows.append(
            Subscription(
                project=project,
                email=f"{name}{number}@x.test",
                confirmed_at=now,
                rhythm=Rhythm.DAILY,
                timezone=zone,
                next_due_at=due,
            )
        )
    Subscription.objects.bulk_create(rows, batch_size=1_000)


def fill(rows: int, now: datetime) -> Project:
    """Make a project whose last week is always the same, behind so many rows of history."""
    project = Project.objects.create(name="Shop", slug=f"shop-{rows}")
    ada, _ = User.objects.get_or_create(email="ada@bench.example")
    old = _ships(project, max(1, rows // ROWS_A_SHIP), now - HISTORY, now - SPEED - DAY, now)
    old += _ships(project, LATE_SHIPS, now - SPEED, now - WEEK, now)
    new = _ships(project, NEW_SHIPS, now - 6 * DAY, now - DAY, now)
    metric = Metric.objects.create(project=project, key="signups", name="Sign-ups")
    _looks(old, metric, ada, now)
    _surprise(new[0], metric, now)
    with without_indexes():
        _feedback(project, OLD_ROWS, "old", now - HISTORY, now - LATELY - DAY)
        _copy(project, rows // OLD_ROWS)
        _feedback(project, LATE_ROWS, "late", now - LATELY, now - WEEK)
        _feedback(project, NEW_ROWS, "new", now - 6 * DAY, now - timedelta(hours=1))
    _attribute(project, "old", [ship.pk for ship in old])
    _attribute(project, "late", [ship.pk for ship in old[-LATE_SHIPS:]])
    _attribute(project, "new", [ship.pk for ship in new])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return project


def _ships(
    project: Project, count: int, first: datetime, last: datetime, now: datetime
) -> list[Deployment]:
    environment, _ = project.environments.get_or_create(name="production")
    offset = project.deployments.count()
    return Deployment.objects.bulk_create(
        [
            Deployment(
                project=project, environment=environment, external_id=f"s{offset + n}",
                version=f"2.{offset + n}", shipped_at=first + (last - first) * (n / count),
                received_at=now,
            )
            for n in range(count)
        ],
        batch_size=1_000,
    )  # fmt: skip


def _looks(ships: list[Deployment], metric: Metric, ada: User, now: datetime) -> None:
    """Give each ship of the past a finished look with its estimate, and a confirmed learning."""
    looks = Checkup.objects.bulk_create(
        [
            Checkup(deployment=ship, horizon=WEEK, due_at=ship.shipped_at + WEEK,
                    finished_at=ship.shipped_at + WEEK)
            for ship in ships
        ],
        batch_size=1_000,
    )  # fmt: skip
    ImpactEstimate.objects.bulk_create(
        [
            ImpactEstimate(
                checkup=look, deployment=look.deployment, metric=metric, word="estimated",
                effect=0.02, low=-0.01, high=0.05, window_start_at=look.deployment.shipped_at,
                window_end_at=look.due_at, method="bench", estimated_at=look.due_at,
            )
            for look in looks
        ],
        batch_size=1_000,
    )  # fmt: skip
    Learning.objects.bulk_create(
        [
            Learning(
                project=ship.project, deployment=ship, verdict="inconclusive", method="bench",
                drafted_at=ship.shipped_at + WEEK, due_at=ship.shipped_at + WEEK + 3 * DAY,
                headline=f"{ship.version}: nothing certain", state=Learning.State.CONFIRMED,
                confirmed_by=ada, confirmed_at=ship.shipped_at + WEEK + DAY,
            )
            for ship in ships
        ],
        batch_size=1_000,
    )  # fmt: skip


def _surprise(ship: Deployment, metric: Metric, now: datetime) -> None:
    """Let the metric rise with a ship of the week, so that the digest draws a chart."""
    hours = (now - ship.shipped_at) // HOUR + DAYS_BEFORE * 24
    first = now.replace(minute=0, second=0, microsecond=0) - hours * HOUR
    rise = [1.0 if first + n * HOUR < ship.shipped_at else 1.2 for n in range(hours)]
    MetricSample.objects.bulk_create(
        MetricSample(
            metric=metric, taken_at=first + n * HOUR, received_at=now,
            value=(100 + 30 * math.sin(n * math.pi / 12) + n * 37 % 11) * rise[n],
        )
        for n in range(hours)
    )  # fmt: skip
    look = Checkup.objects.create(
        deployment=ship, horizon=DAY, due_at=ship.shipped_at + DAY,
        finished_at=ship.shipped_at + DAY,
    )  # fmt: skip
    ImpactEstimate.objects.create(
        checkup=look, deployment=ship, metric=metric, word="estimated", effect=0.2, low=0.15,
        high=0.25, is_real=True, window_start_at=ship.shipped_at, window_end_at=look.due_at,
        method="bench", estimated_at=now - HOUR,
    )  # fmt: skip


def _feedback(project: Project, count: int, name: str, first: datetime, last: datetime) -> None:
    moods, themes = ("bad", "good", "neutral", "mixed"), ("speed", "crash", "design", "other")
    FeedbackItem.objects.bulk_create(
        [
            FeedbackItem(
                project=project, source="api", external_id=f"{name}-{n}",
                text=f"Number {n}: the page number {n % 97} is slower than it was, and I wait",
                rating=1 + n % 5, environment="production", mood=moods[n % 4],
                theme=themes[n % 4], said_at=first + (last - first) * (n / count),
                received_at=first + (last - first) * (n / count),
                linked_at=last, language="en",
            )
            for n in range(count)
        ],
        batch_size=1_000,
    )  # fmt: skip


def _copy(project: Project, times: int) -> None:
    """Say all of the past again, seconds apart, until there is so many times as much."""
    names = ", ".join(
        f'"{field.column}"'
        for field in FeedbackItem._meta.concrete_fields
        if field.name not in ("id", "said_at", "external_id")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO feedback_feedbackitem (external_id, said_at, {names}) "  # noqa: S608
            f"SELECT external_id || '-' || n, said_at + n * interval '61 seconds', {names} "
            "FROM feedback_feedbackitem CROSS JOIN generate_series(1, %s) n WHERE project_id = %s",
            [times - 1, project.pk],
        )


def _attribute(project: Project, name: str, ships: list[int]) -> None:
    """Let each feedback be most likely about one of these ships."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO learning_attribution (feedback_id, deployment_id, probability, reasons, "
            "is_best, on_topic, method, said_at) SELECT id, (%s::bigint[])[1 + id %% %s], 0.7, "
            "'[\"It was live\"]', TRUE, FALSE, 'bench', said_at FROM feedback_feedbackitem "
            "WHERE project_id = %s AND external_id LIKE %s",
            [ships, len(ships), project.pk, f"{name}-%"],
        )


def throughput(rows: int, readers: int) -> None:
    """Print how many digests a second leave by four workers."""
    itself(rows, "--add", str(readers))
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.digest", "--work"]
    environment = {**os.environ, "DATABASE_URL": database_of(rows)}
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.wait()
    took = time.perf_counter() - began
    print(
        f"\n{readers:,} digests by {WORKERS} workers on {os.cpu_count()} cores in {took:.0f} s, "
        f"with their start: {readers / took:.0f} a second"
    )


def work() -> None:
    """Send what is due, as Celery's workers do, until nothing is left."""
    place = os.getpid()
    while True:
        due = Subscription.objects.due(timezone.now()).order_by("next_due_at", "pk")
        keys = list(due.values_list("pk", flat=True)[: 8 * AT_ONCE])
        if not keys:
            return
        first = place * AT_ONCE % max(1, len(keys))
        send_some_digests(subscription_ids=keys[first : first + AT_ONCE])
        place += 1


if __name__ == "__main__":
    main()
