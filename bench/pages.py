"""Measures the pages that show metrics, over 1 and then 10 million samples and a million feedback.

`make bench-pages` runs it on a PostgreSQL of its own; `--samples 1000000` alone is what SQLite is
for. Pages are asked for as a browser asks, through the whole of Django, without a network between.
Prints a table in Markdown: the median, the 95th percentile, the number of queries, and by how much
the median grew from the smallest to the largest number of samples.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("SECRET_KEY", "bench")
os.environ.setdefault("ALLOWED_HOSTS", "testserver")

# Sets Django up, and knows how to fill a database with feedback, ships and who said what of which.
from bench import inbox  # noqa: E402 isort:skip

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Project, User  # noqa: E402
from deployments.models import Checkup, Deployment, Hypothesis  # noqa: E402
from engagement.models import Metric, MetricSample, RollupDue  # noqa: E402
from engagement.rolling import roll_anew, roll_up  # noqa: E402
from feedback.models import FeedbackItem  # noqa: E402
from learning.impact import CURRENT_METHOD  # noqa: E402
from learning.models import ImpactEstimate  # noqa: E402

METRICS = 20
FIVE = timedelta(minutes=5)
WEEK = timedelta(days=7)


def fill(feedback: int) -> None:
    """Make the feedback, the ships, and what each ship did to each metric."""
    inbox.NOW = timezone.now().replace(minute=0, second=0, microsecond=0)
    inbox.fill(feedback)
    shop = Project.objects.get(slug="shop")
    metrics = Metric.objects.bulk_create(
        Metric(
            project=shop,
            key=f"m{n}",
            name=f"Metric {n}",
            # Half is measured by the five minutes, and half by the hour.
            resolution=FIVE if n % 2 else timedelta(hours=1),
            kind="ratio" if n % 4 == 1 else "count",
        )
        for n in range(METRICS)
    )
    ships = list(Deployment.objects.filter(project=shop).order_by("shipped_at"))
    looks = Checkup.objects.bulk_create(
        Checkup(deployment=ship, horizon=WEEK, due_at=ship.shipped_at + WEEK, finished_at=inbox.NOW)
        for ship in ships
    )
    ImpactEstimate.objects.bulk_create(
        (
            _estimate(look, metric, effect=(look.pk * 7 + place * 3) % 19 / 200 - 0.045)
            for look in looks
            for place, metric in enumerate(metrics)
        ),
        batch_size=1_000,
    )
    Hypothesis.objects.bulk_create(
        Hypothesis(
            deployment=ship,
            metric=metrics[n % METRICS],
            direction="up",
            min_effect=0.02,
            stated_at=ship.shipped_at,
            frozen_at=ship.shipped_at,
        )
        for n, ship in enumerate(ships)
    )


def _estimate(look: Checkup, metric: Metric, *, effect: float) -> ImpactEstimate:
    return ImpactEstimate(
        checkup=look,
        deployment=look.deployment,
        metric=metric,
        word="estimated",
        effect=effect,
        low=effect - 0.02,
        high=effect + 0.02,
        p_value=0.001 if abs(effect) > 0.03 else 0.5,
        is_real=abs(effect) > 0.03,
        window_start_at=look.deployment.shipped_at,
        window_end_at=look.deployment.shipped_at + WEEK,
        method=CURRENT_METHOD,
        estimated_at=inbox.NOW,
    )


def measure_history(samples: int) -> None:
    """Give the metrics `samples` values in all, up to now, in the order in which they would come.

    Those by the hour go back as many buckets as those by five minutes: for years.
    """
    metrics = list(Metric.objects.order_by("pk").values_list("pk", "resolution"))
    each = samples // METRICS
    now = inbox.NOW
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # the rows are known to fit
            cursor.execute("TRUNCATE engagement_metricsample, engagement_rollup")
            for _pk, step in metrics[:2]:
                params: list[Any] = [now, step, now, step, now, each, step]
                cursor.execute(_GENERATE, params)
            cursor.execute("SET session_replication_role = DEFAULT")
        else:
            cursor.execute("DELETE FROM engagement_metricsample")
            cursor.execute("DELETE FROM engagement_rollup")
            for _pk, step in metrics[:2]:
                same = [pk for pk, other in metrics if other == step]
                MetricSample.objects.bulk_create(
                    (
                        MetricSample(
                            metric_id=pk,
                            taken_at=now - n * step,
                            value=100 + (n * 7 + pk) % 23,
                            exposure=1000,
                            received_at=now,
                        )
                        for n in range(each, 0, -1)
                        for pk in same
                    ),
                    batch_size=5_000,
                )
    RollupDue.objects.all().delete()
    for metric in Metric.objects.all():
        roll_anew(metric)
    while roll_up():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


_GENERATE = """
INSERT INTO engagement_metricsample (metric_id, taken_at, value, exposure, received_at)
SELECT m.id, %s - n * %s, 100 + (n * 7 + m.id) %% 23, 1000, %s - n * %s
FROM (SELECT %s AS now, generate_series(%s, 1, -1) AS n) AS past
JOIN engagement_metric AS m ON m.resolution = %s ORDER BY n DESC, m.id
"""


def pages() -> dict[str, str]:
    """Return what is measured: its name and its address."""
    shop = Project.objects.get(slug="shop")
    ships = Deployment.objects.filter(project=shop).order_by("-shipped_at")
    lately, long_ago = ships[3], ships[20]
    return {
        "a deployment": f"/p/shop/ships/{lately.pk}/",
        "a deployment of months ago": f"/p/shop/ships/{long_ago.pk}/",
        "a metric by the hour": "/p/shop/metrics/m0/",
        "a metric by five minutes": "/p/shop/metrics/m1/",
        "the list of metrics": "/p/shop/metrics/",
        "home": "/p/shop/",
        "the inbox": "/p/shop/feedback/",
    }


def times(rounds: int) -> dict[str, tuple[float, float, int]]:
    """Return {page: (median, 95th percentile, queries)}, in milliseconds, after a first look."""
    client = Client()
    client.force_login(User.objects.get(email="ada@bench.example"))
    took: dict[str, list[float]] = {name: [] for name in pages()}
    queries: dict[str, int] = {}
    for turn in range(rounds + 2):
        for name, address in pages().items():
            with inbox.timed() as clock:
                start = time.perf_counter()
                answer = client.get(address)
                seconds = time.perf_counter() - start
            assert answer.status_code == 200, (address, answer.status_code)
            queries[name] = len(clock.queries)
            if turn > 1:
                took[name].append(1000 * seconds)
    return {
        name: (statistics.median(all_), statistics.quantiles(all_, n=20)[18], queries[name])
        for name, all_ in took.items()
    }


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--feedback", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument(
        "--slowest", action="store_true", help="print the slowest query of each page"
    )
    asked = parser.parse_args()
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    if not FeedbackItem.objects.exists():
        fill(asked.feedback)
    inbox.NOW = timezone.now().replace(minute=0, second=0, microsecond=0)
    results = []
    for samples in sorted(asked.samples):
        measure_history(samples)
        results.append(times(asked.rounds))
        print(f"{samples:,} samples are measured.", flush=True)
        if asked.slowest:
            slowest()
    show(sorted(asked.samples), results)


def slowest() -> None:
    """Print the three slowest queries of each page."""
    client = Client()
    client.force_login(User.objects.get(email="ada@bench.example"))
    for name, address in pages().items():
        with inbox.timed() as clock:
            client.get(address)
        for took, sql, _ in sorted(clock.queries, key=lambda one: -one[0])[:3]:
            print(f"{name}: {took:.1f} ms {sql[:300]}")


def show(sizes: list[int], results: list[dict[str, Any]]) -> None:
    """Print the table."""
    print(f"\n{connection.vendor}: {METRICS} metrics, {FeedbackItem.objects.count():,} feedback\n")
    heads = [f"{size / 1e6:g} M samples: median, p95" for size in sizes]
    print("| page | queries | " + " | ".join(heads) + " | growth |")
    print("|---|--:|" + "--:|" * (len(sizes) + 1))
    for name, (_median, _p95, queries) in results[-1].items():
        cells = [f"{found[name][0]:.0f} ms, {found[name][1]:.0f} ms" for found in results]
        growth = results[-1][name][0] / results[0][name][0]
        print(f"| {name} | {queries} | " + " | ".join(cells) + f" | {growth:.2f}x |")


if __name__ == "__main__":
    main()
