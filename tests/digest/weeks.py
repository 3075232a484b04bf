"""A rich week: ships, words, verdicts and drafts, as the digest of it is to show them."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project, User
from common.windows import HOUR
from deployments.models import Deployment
from deployments.ship import Expectation
from engagement.models import Direction, Metric
from feedback.models import FeedbackItem
from learning.models import Attribution, ImpactEstimate, Learning
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_feedback, make_metric


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def make_bet(
    project: Project, title: str, *, days: float, metric: str = "checkout_conversion", **facts: Any
) -> Deployment:
    """A ship with a hypothesis: that `metric` rises by 2 % or more within a week."""
    return make_deployment(
        project,
        shipped_at=days_ago(days),
        title=title,
        expectation=Expectation(
            metric=metric, direction="up", min_effect=0.02, window=timedelta(days=7)
        ),
        **facts,
    )


def make_learning(ship: Deployment, verdict: Verdict, *, days: float = 1, **facts: Any) -> Learning:
    """A learning drafted that many days ago; confirmed at once if `confirmed_by` is given."""
    by = facts.get("confirmed_by")
    if by:
        facts.setdefault("confirmed_at", days_ago(days))
        facts.setdefault("state", Learning.State.CONFIRMED)
    return Learning.objects.create(
        project=ship.project,
        deployment=ship,
        verdict=verdict,
        method="test",
        drafted_at=facts.pop("drafted_at", days_ago(days)),
        due_at=facts.pop("due_at", days_ago(days) + timedelta(days=3)),
        headline=facts.pop("headline", f"{ship}: learned"),
        **facts,
    )


def make_estimate(ship: Deployment, metric: Metric, effect: float, **facts: Any) -> ImpactEstimate:
    checkup = ship.checkups.get(horizon=facts.pop("horizon", timedelta(days=1)))
    facts.setdefault("is_real", True)
    facts.setdefault("estimated_at", NOW - HOUR)
    return ImpactEstimate.objects.create(
        checkup=checkup,
        deployment=ship,
        metric=metric,
        word="estimated",
        effect=effect,
        low=effect - 0.03,
        high=effect + 0.03,
        window_start_at=ship.shipped_at,
        window_end_at=NOW,
        method="test",
        **facts,
    )


def link(item: FeedbackItem, ship: Deployment, probability: float = 0.82) -> FeedbackItem:
    Attribution.objects.create(
        feedback=item,
        deployment=ship,
        probability=probability,
        is_best=True,
        on_topic=True,
        method="test",
    )
    return item


def make_rich_week(project: Project, ada: User, ben: User) -> None:
    """Fill the week before NOW with one of everything the digest tells of."""
    conversion = make_metric(project)
    tickets = make_metric(
        project, "support_tickets", name="Support tickets", good_direction=Direction.DOWN
    )
    supported = make_bet(project, "One-page checkout", days=9)
    make_learning(
        supported,
        Verdict.SUPPORTED,
        confirmed_by=ada,
        headline="One-page checkout: checkout conversion moved as hoped",
        evidence="Supported: a rise of 2% or more was hoped for. Checkout conversion rose by "
        "about 4.1% (between +2.2% and +6%).",
        takeaway="Fewer steps beat prettier steps. Try the same on the sign-up form.",
    )
    refuted = make_bet(project, "Prices shown with tax", days=8.5, by="ben@example.com")
    make_estimate(refuted, conversion, -0.051, horizon=timedelta(days=7))
    make_learning(
        refuted,
        Verdict.REFUTED,
        headline="Prices shown with tax: checkout conversion moved the other way",
        evidence="Refuted: a rise of 2% or more was hoped for, and the opposite happened. "
        "Checkout conversion fell by about 5.1% (between −8.1% and −2.1%).",
    )
    make_ships_of_the_week(project, tickets)
    make_learning(
        make_deployment(project, title="Larger product photos", shipped_at=days_ago(20)),
        Verdict.NO_HYPOTHESIS,
        days=13,
        headline="Larger product photos: customers said 14 things about it",
    )
    other = make_deployment(
        project, title="Guest orders", shipped_at=days_ago(25), by="ben@example.com"
    )
    make_learning(other, Verdict.INCONCLUSIVE, days=12, headline="Guest orders: may have helped")
    make_voices(project, supported, refuted)


def make_ships_of_the_week(project: Project, tickets: Metric) -> None:
    search = make_bet(project, "Search that forgives typos", days=4, metric="searches_with_result")
    make_estimate(search, tickets, -0.12)
    make_bet(project, "Delivery date on the product page", days=2, by="ben@example.com")
    make_deployment(project, title="Upgrade the payment library", shipped_at=days_ago(1.5))
    make_deployment(project, title="Log slow queries", shipped_at=days_ago(1), by="ben@example.com")


def make_voices(project: Project, supported: Deployment, refuted: Deployment) -> None:
    said: list[tuple[str, int, Deployment, float]] = [
        ("Suddenly everything costs more? I left my basket. " * 6, 1, refuted, 0.91),
        ("The total at the end was the same but the first price scared me off.", 2, refuted, 0.74),
        ("لا أستطيع إتمام الدفع منذ التحديث الأخير", 1, supported, 0.55),
        ("Paid in under a minute, without an account. Thank you.", 5, supported, 0.88),
    ]
    for n, (text, rating, ship, probability) in enumerate(said):
        at = days_ago(n + 0.5)
        link(make_feedback(project, text, rating=rating, created_at=at), ship, probability)
    for n in range(8):
        make_feedback(project, f"Order {n} arrived", rating=4, created_at=days_ago(8 + n / 10))
