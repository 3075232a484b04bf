"""Measures how long it takes to estimate everything anew: 1,000 ships x 10 metrics, by two workers.

Run by `make bench-reestimate`. Fills a database of its own (SQLite, or DATABASE_URL), starts Celery
workers and waits for them. The yardstick is the estimator alone, on the same series, in one process
without a database.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PROCESSES = 2
DAY = timedelta(days=1)


def main() -> None:
    """Fill, run, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ships", type=int, default=1000)
    options.add_argument("--metrics", type=int, default=10)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DATA_DIR=folder, SECRET_KEY=folder, DJANGO_SETTINGS_MODULE="config.settings"
        )
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = "1"
        import django

        django.setup()
        measure(asked.ships, asked.metrics)


def measure(ships: int, metrics: int) -> None:
    """Print how long all estimates take, next to the estimator alone."""
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    fill(ships, metrics)
    print(
        f"Filled {ships:,} ships and {metrics} hourly metrics "
        f"in {time.perf_counter() - began:.0f} s."
    )
    alone = estimator_alone()
    from learning.models import Rerun
    from learning.reestimating import start_rerun
    from learning.tasks import run_rerun_parts

    worker = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "celery", "-q", "-A", "config", "worker", "--concurrency",
         str(PROCESSES), "--loglevel", "ERROR"],
        cwd=ROOT,
    )  # fmt: skip
    try:
        rerun = start_rerun("bank-v3", now=timezone.now())
        began = time.perf_counter()
        for _ in range(PROCESSES):
            run_rerun_parts.delay(rerun_id=rerun.pk)
        memory: list[float] = []
        while rerun.state == Rerun.State.RUNNING:
            time.sleep(0.5)
            memory.append(largest_child(worker.pid))
            rerun.refresh_from_db()
        took = time.perf_counter() - began
    finally:
        worker.terminate()
        worker.wait()
    many = rerun.summary["count"]["looked"]
    middle = memory[len(memory) // 2]
    print(f"{many:,} estimates from the database by {PROCESSES} Celery processes: {took:.1f} s")
    print(
        f"  the estimator alone, in one process: {alone * many:.1f} s ({alone * 1e3:.2f} ms each)"
    )
    print(
        f"  ratio to the estimator alone on {PROCESSES} cores: "
        f"{took / (alone * many / PROCESSES):.2f}"
    )
    print(
        f"  memory of the largest process: {middle:.0f} MB half-way, {max(memory):.0f} MB at most"
    )


def fill(ships: int, metrics: int) -> None:
    """Store one ship a day, looked at after a day, and hourly samples of every metric."""
    import numpy as np

    from accounts.models import Project
    from deployments.intake import record_deployment
    from deployments.models import Checkup
    from deployments.ship import Ship
    from engagement.models import Metric, MetricSample
    from learning.models import ImpactEstimate

    project = Project.objects.create(name="Bench", slug="bench")
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first = now - timedelta(days=ships + 40)
    draw = np.random.default_rng(1)
    hours = (ships + 40) * 24
    made = [
        Metric.objects.create(project=project, key=f"m{n}", name=f"M{n}") for n in range(metrics)
    ]
    for metric in made:
        daily = 100 * (1 + 0.4 * np.sin(2 * np.pi * np.arange(hours) / 24))
        values = daily * np.exp(draw.normal(0, 0.1, hours))
        MetricSample.objects.bulk_create(
            (
                MetricSample(
                    metric=metric, taken_at=first + timedelta(hours=n), value=v, received_at=now
                )
                for n, v in enumerate(values.tolist())
            ),
            batch_size=5000,
        )
    for number in range(ships):
        shipped_at = first + timedelta(days=30 + number, hours=float(draw.integers(9, 18)))
        ship = Ship(version=f"1.{number}", shipped_at=shipped_at, said_when=True)
        record_deployment(project=project, ship=ship, now=now)
    Checkup.objects.filter(horizon=DAY).update(finished_at=now)
    looks = Checkup.objects.filter(horizon=DAY).select_related("deployment")
    ImpactEstimate.objects.bulk_create(
        (
            ImpactEstimate(
                checkup=look, deployment=look.deployment, metric=metric, word="too_early",
                window_start_at=look.deployment.shipped_at, window_end_at=now, method="none",
                estimated_at=now,
            )
            for look in looks
            for metric in made
        ),
        batch_size=2000,
    )  # fmt: skip


def estimator_alone(many: int = 300) -> float:
    """Return how many seconds one estimate of these series takes without a database."""
    from django.utils import timezone

    from deployments.models import Checkup
    from learning.impact import estimate
    from learning.inputs import Inputs, span_of

    looks = list(
        Checkup.objects.filter(horizon=DAY).select_related("deployment").order_by("pk")[:many]
    )
    inputs = Inputs(
        looks[0].deployment.project_id,
        span_of([look.deployment for look in looks], longest=DAY, now=timezone.now()),
    )
    from common.windows import Window

    cases = []
    for look in looks:
        at = look.deployment.shipped_at
        window = Window(at - timedelta(days=28), min(timezone.now(), at + DAY))
        others = [ship.starts_at for ship in inputs.neighbours(look.deployment, window)]
        series = inputs.series(inputs.metrics[0], window)
        cases.append((series, int(at.timestamp()), int(window.end.timestamp()), others))
    for warm in (True, False):
        began = time.perf_counter()
        for series, shipped_at, end, others in cases[: 20 if warm else many]:
            estimate(series, shipped_at=shipped_at, window_end=end, other_ships=others)
    return (time.perf_counter() - began) / len(cases)


def largest_child(pid: int) -> float:
    """Return the memory in MB of the largest process that `pid` started."""
    found = subprocess.run(  # noqa: S603
        ["ps", "-o", "rss=", "--ppid", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return max((int(line) / 1024 for line in found.stdout.split()), default=0.0)


if __name__ == "__main__":
    main()
