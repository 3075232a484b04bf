"""The main road: a ship comes in, customers speak, metrics move, and the team learns."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine
from django.utils import timezone

from deployments.models import Checkup, Deployment
from digest.models import Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from feedback.models import FeedbackItem
from learning.models import Learning
from learning.tasks import run_due_checkups

SHIPPED_AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
BEFORE, AFTER = timedelta(days=28), timedelta(days=8)
EFFECT = 1.12
SAID = "The address form is short now, I finished my order on the ferry."
TAKEAWAY = "Every field we do not ask for is an order we keep."


def post(api, path, body):
    answer = api.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def samples():
    """Hourly checkouts with a wave over the day, and EFFECT from the ship on."""
    rng = np.random.default_rng(7)
    hours = int((BEFORE + AFTER) / timedelta(hours=1))
    for hour in range(hours):
        at = SHIPPED_AT - BEFORE + timedelta(hours=hour)
        rate = 0.5 * (1 + 0.05 * np.cos(at.hour / 24 * 2 * np.pi))
        rate *= EFFECT if at >= SHIPPED_AT else 1
        asked = int(rng.poisson(200))
        yield {
            "metric": "checkout_conversion",
            "at": at.isoformat(),
            "numerator": int(rng.binomial(asked, rate)),
            "denominator": asked,
        }


@pytest.fixture
def told(api):
    """All that the shop's tools send: a ship with its bet, a metric, and what a customer said."""
    with time_machine.travel(SHIPPED_AT + timedelta(minutes=2), tick=False):
        post(
            api,
            "deployments/",
            {
                "version": "2.4.0",
                "title": "Shorter address form",
                "finished_at": SHIPPED_AT.isoformat(),
                "author": {"email": "ben@example.com", "name": "Ben"},
                "commits": [
                    {
                        "sha": "a1b2c3d",
                        "message": "Ask for the postcode first\n\n"
                        "Hypothesis: a shorter address form lets more people finish\n"
                        "Expect: checkout_conversion +5% within 7d",
                        "files": ["web/checkout/address.tsx"],
                    }
                ],
            },
        )
    with time_machine.travel(SHIPPED_AT + AFTER, tick=False):
        post(
            api,
            "metrics/",
            {"key": "checkout_conversion", "kind": "ratio", "good_direction": "up"},
        )
        post(api, "metrics/samples/", {"samples": list(samples())})
        post(
            api,
            "feedback/",
            {
                "id": "r-1",
                "text": SAID,
                "rating": 5,
                "version": "2.4.0",
                "created_at": (SHIPPED_AT + timedelta(days=2)).isoformat(),
            },
        )
    return SHIPPED_AT + AFTER


@pytest.fixture
def looked_back(told, ben):
    """... and the workers have run all checkups that were due a day after the window."""
    with time_machine.travel(told, tick=False):
        run_due_checkups()
    return told


class TestFromShipToLearning:
    def test_what_the_customer_said_is_linked_to_the_ship(self, looked_back, shop):
        said = FeedbackItem.objects.get(project=shop)

        assert said.attributions.get(is_best=True).deployment.version == "2.4.0"

    def test_the_checkups_of_the_first_week_are_done(self, looked_back, shop):
        done = Checkup.objects.filter(deployment__project=shop).exclude(finished_at=None)

        assert [str(checkup.horizon) for checkup in done.order_by("due_at")] == [
            "1:00:00",
            "1 day, 0:00:00",
            "7 days, 0:00:00",
        ]

    def test_the_effect_is_found_within_its_interval(self, looked_back, shop):
        estimate = Deployment.objects.get(project=shop).estimates.get(
            checkup__horizon=timedelta(days=7)
        )

        assert estimate.is_real
        assert estimate.low <= EFFECT - 1 <= estimate.high

    def test_a_learning_is_drafted_with_the_verdict_and_the_customers_words(
        self, looked_back, shop
    ):
        learning = Learning.objects.get(project=shop)

        assert (learning.verdict, learning.state) == ("supported", Learning.State.DRAFT)
        assert SAID in learning.evidence

    def test_the_page_of_the_ship_shows_the_verdict_and_the_words(self, looked_back, shop, as_ben):
        ship = Deployment.objects.get(project=shop)

        page = as_ben.get(f"/p/shop/ships/{ship.pk}/").content.decode()

        assert "Supported" in page
        assert SAID in page

    def test_the_one_who_shipped_confirms_it_on_its_page(self, looked_back, shop, ben, as_ben):
        confirm(as_ben, shop, looked_back)

        learning = Learning.objects.get(project=shop)
        assert (learning.state, learning.confirmed_by) == (Learning.State.CONFIRMED, ben)
        assert learning.takeaway == TAKEAWAY

    def test_the_digest_of_that_week_tells_it_in_the_teams_words(
        self, looked_back, shop, ada, as_ben, mailoutbox
    ):
        subscribe(shop, ada, now=looked_back)
        confirm(as_ben, shop, looked_back)

        with time_machine.travel(looked_back + timedelta(days=7), tick=False):
            send_digest_to(Subscription.objects.get(user=ada), now=timezone.now())

        told = " ".join(mailoutbox[0].body.split())
        assert TAKEAWAY in told
        assert "Supported" in told


def confirm(client, project, moment):
    """Confirm the project's only learning on its page."""
    learning = Learning.objects.get(project=project)
    with time_machine.travel(moment, tick=False):
        answer = client.post(
            f"/p/{project.slug}/learnings/{learning.pk}/edit/",
            {"headline": learning.headline, "takeaway": TAKEAWAY, "confirm": "yes"},
        )
    assert answer.status_code == 302
