"""Fills a database for bench/pages.py: feedback, ships, what each did, and millions of samples."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Project
from bench import inbox
from deployments.models import Checkup, Deployment, Hypothesis
from engagement.models import Metric, MetricSample, RollupDue
from engagement.rolling import roll_anew, roll_up
from learning.impact import CURRENT_METHOD
from learning.models import ImpactEstimate

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
