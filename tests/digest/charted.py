"""A week whose bet was measured on real samples, so that its digest shows a chart."""

from datetime import timedelta

import numpy as np

from accounts.models import Project, User
from common.windows import DAY
from deployments.models import Deployment
from learning.verdict import Verdict
from tests.digest.weeks import days_ago, make_bet, make_estimate, make_learning
from tests.factories import make_metric, make_samples

DAYS = 21  # of hourly samples before the ship


def make_charted_week(project: Project, by: User, title: str = "One-page checkout") -> Deployment:
    """Ship a bet 9 days before NOW that raised checkout conversion, and confirm what it taught."""
    metric = project.metrics.filter(key="checkout_conversion").first() or make_metric(project)
    ship = make_bet(project, title, days=9)
    hours = np.arange((DAYS + 9) * 24)
    values = 100 * (1 + 0.3 * np.sin(hours * 2 * np.pi / 24))
    values *= 1 + np.random.default_rng(3).normal(0, 0.02, hours.size)
    values[DAYS * 24 :] *= 1.1
    make_samples(metric, days_ago(9) - DAYS * DAY, [float(value) for value in values])
    make_estimate(ship, metric, 0.1, horizon=timedelta(days=7))
    make_learning(
        ship,
        Verdict.SUPPORTED,
        confirmed_by=by,
        headline=f"{title}: checkout conversion moved as hoped",
        takeaway="Fewer steps beat prettier steps.",
    )
    return ship
