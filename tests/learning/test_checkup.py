from datetime import timedelta

import numpy as np
import pytest

from accounts.models import Environment
from deployments.models import Checkup
from deployments.ship import Expectation
from learning.checkup import perform_checkup
from learning.intake import confirm_learning
from learning.models import Attribution, ImpactEstimate, Learning
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_feedback, make_metric, make_samples

WEEK = timedelta(days=7)
SHIPPED = NOW - timedelta(days=30)


def rising(lift: float, *, days: int = 58) -> list[float]:
    """Four weeks of an hourly day-and-night rhythm, then the same lifted, with a little noise."""
    hours = np.arange(days * 24)
    noise = np.random.default_rng(7).normal(0, 0.02, hours.size)
    values = 100 * (1 + 0.3 * np.sin(hours * 2 * np.pi / 24)) * (1 + noise)
    values[28 * 24 :] *= 1 + lift
    return [float(value) for value in values]


def bet(direction: str = "up", size: float = 0.05) -> Expectation:
    return Expectation("checkout_conversion", direction, size, window=WEEK)


def checkup_at(deployment, horizon=WEEK) -> Checkup:
    return deployment.checkups.get(horizon=horizon)


@pytest.fixture
def metric(shop):
    metric = make_metric(shop)
    make_samples(metric, SHIPPED - timedelta(days=28), rising(0.20))
    return metric


class TestPerformCheckup:
    def test_supports_a_hypothesis_whose_metric_rose_past_its_goal(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())

        perform_checkup(checkup_at(deployment), now=NOW)

        assert Learning.objects.get().verdict == Verdict.SUPPORTED

    def test_refutes_a_hypothesis_whose_metric_went_the_other_way(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet("down"))

        perform_checkup(checkup_at(deployment), now=NOW)

        assert Learning.objects.get().verdict == Verdict.REFUTED

    def test_estimates_the_effect_within_its_interval(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED)

        perform_checkup(checkup_at(deployment), now=NOW)

        row = ImpactEstimate.objects.get()
        assert row.low <= 0.20 <= row.high
        assert row.is_real

    def test_has_one_effect_however_often_it_runs(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())
        make_feedback(shop, "The checkout is better", created_at=SHIPPED + timedelta(hours=2))

        for _ in range(3):
            perform_checkup(checkup_at(deployment), now=NOW)

        assert ImpactEstimate.objects.count() == 1
        assert Learning.objects.count() == 1
        assert Attribution.objects.filter(is_best=True).count() == 1

    def test_freezes_the_hypothesis(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())

        perform_checkup(checkup_at(deployment, timedelta(hours=1)), now=NOW)

        deployment.hypothesis.refresh_from_db()
        assert deployment.hypothesis.frozen_at == NOW

    def test_drafts_nothing_before_the_window_is_over(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())

        perform_checkup(checkup_at(deployment, timedelta(days=1)), now=NOW)

        assert not Learning.objects.exists()

    def test_says_when_it_cannot_know(self, shop):
        make_metric(shop)
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())

        perform_checkup(checkup_at(deployment), now=NOW)

        assert Learning.objects.get().verdict == Verdict.INSUFFICIENT_DATA

    def test_estimates_nothing_where_no_customer_is(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, environment="staging")

        perform_checkup(checkup_at(deployment), now=NOW)

        assert not ImpactEstimate.objects.exists()
        assert not Environment.objects.get(name="staging").reaches_customers

    def test_stays_silent_on_a_ship_that_has_nothing_to_say(self, shop):
        deployment = make_deployment(shop, shipped_at=SHIPPED)

        perform_checkup(checkup_at(deployment), now=NOW)

        assert not Learning.objects.exists()

    def test_links_old_feedback_to_a_ship_that_was_reported_late(self, shop):
        item = make_feedback(
            shop, "Nice", version="2.0", created_at=SHIPPED + timedelta(hours=3), now=NOW - WEEK
        )
        first = make_deployment(shop, "1.0", shipped_at=SHIPPED - WEEK, now=NOW - WEEK)
        perform_checkup(checkup_at(first), now=NOW - timedelta(days=5))
        late = make_deployment(shop, "2.0", shipped_at=SHIPPED, now=NOW)

        perform_checkup(checkup_at(late), now=NOW)

        assert item.attributions.get(is_best=True).deployment == late


class TestWhatCustomersSaid:
    def test_is_quoted_where_it_is_about_what_the_ship_changed(self, shop):
        deployment = make_deployment(
            shop, "2.0", shipped_at=SHIPPED, title="Shorter address form", now=SHIPPED
        )
        for number in range(3):
            said_at = SHIPPED + timedelta(hours=number + 1)
            text = f"The address form lost my street {number} times"
            make_feedback(shop, text, version="2.0", created_at=said_at)
            make_feedback(shop, f"Parcel {number} was wet", version="2.0", created_at=said_at)

        perform_checkup(checkup_at(deployment), now=NOW)

        evidence = Learning.objects.get().evidence
        assert "Customers said 3 things about it" in evidence
        assert "lost my street" in evidence
        assert "Parcel" not in evidence

    def test_is_no_reason_for_a_draft_where_it_is_about_something_else(self, shop):
        deployment = make_deployment(
            shop, "2.0", shipped_at=SHIPPED, title="Shorter address form", now=SHIPPED
        )
        for number in range(5):
            said_at = SHIPPED + timedelta(hours=number + 1)
            make_feedback(shop, f"Parcel {number} was wet", version="2.0", created_at=said_at)

        perform_checkup(checkup_at(deployment), now=NOW)

        assert not Learning.objects.exists()

    def test_is_no_reason_for_a_draft_of_a_ship_from_imported_history(self, shop):
        deployment = make_deployment(shop, "2.0", shipped_at=SHIPPED, now=NOW)
        for number in range(5):
            said_at = SHIPPED + timedelta(hours=number + 1)
            make_feedback(shop, f"Slow {number}", version="2.0", created_at=said_at)

        perform_checkup(checkup_at(deployment), now=NOW)

        assert not Learning.objects.exists()


class TestLookingBackAgain:
    def test_a_look_back_that_overturns_a_confirmed_learning_drafts_a_new_version(
        self, shop, ada, metric
    ):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())
        perform_checkup(checkup_at(deployment), now=NOW)
        first = Learning.objects.get()
        confirm_learning(first, by=ada, headline="It worked", takeaway="Do more", now=NOW)
        # What looked like a rise of the metric was an error of counting, corrected since.
        metric.samples.filter(taken_at__gte=SHIPPED).delete()
        make_samples(metric, SHIPPED, rising(-0.4)[28 * 24 :])

        perform_checkup(checkup_at(deployment, timedelta(days=28)), now=NOW)

        second = Learning.objects.get(version=2)
        assert (second.supersedes, second.verdict) == (first, Verdict.REFUTED)
        first.refresh_from_db()
        assert (first.headline, first.verdict) == ("It worked", Verdict.SUPPORTED)

    def test_never_drafts_over_a_persons_words(self, shop, ada, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED, expectation=bet())
        perform_checkup(checkup_at(deployment), now=NOW)
        learning = Learning.objects.get()
        confirm_learning(learning, by=ada, headline="Our words", takeaway="Keep", now=NOW)

        perform_checkup(checkup_at(deployment, timedelta(days=28)), now=NOW)

        learning.refresh_from_db()
        assert (learning.headline, learning.takeaway) == ("Our words", "Keep")

    def test_a_later_look_that_cannot_tell_keeps_what_an_earlier_one_told(self, shop, metric):
        deployment = make_deployment(shop, shipped_at=SHIPPED)
        make_deployment(shop, shipped_at=SHIPPED + timedelta(days=5))  # a fifth of 28 days is more

        for horizon in (WEEK, timedelta(days=28)):
            perform_checkup(checkup_at(deployment, horizon), now=NOW)

        last = ImpactEstimate.objects.get(checkup__horizon=timedelta(days=28))
        assert last.word == "confounded"
        assert "changed by +" in Learning.objects.get(deployment=deployment).evidence
