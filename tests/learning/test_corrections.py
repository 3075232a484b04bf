from datetime import timedelta

import pytest

from learning.corrections import correct_attribution, withdraw_correction
from learning.linking import link_feedback
from learning.models import Correction
from tests.factories import NOW, make_deployment, make_feedback

HOUR = timedelta(hours=1)


@pytest.fixture
def old(shop):
    return make_deployment(shop, "1.0", shipped_at=NOW - 5 * HOUR)


@pytest.fixture
def new(shop):
    return make_deployment(shop, "1.1", shipped_at=NOW - 2 * HOUR)


@pytest.fixture
def item(shop, old, new):
    item = make_feedback(shop, "It hangs", version="1.1", created_at=NOW - HOUR)
    link_feedback(shop, now=NOW)
    return item


def shares(item):
    return {
        row.deployment and row.deployment.version: row.probability
        for row in item.attributions.select_related("deployment")
    }


class TestCorrectAttribution:
    def test_makes_the_persons_word_certain(self, item, old, ben):
        correct_attribution(item, deployment=old, by=ben, now=NOW)

        assert item.attributions.get(is_best=True).deployment == old
        assert shares(item) == {"1.0": 1.0, "1.1": 0.0, None: 0.0}

    def test_keeps_what_wake_had_given_it(self, item, old, ben):
        guess = item.attributions.get(deployment=old).probability

        correction = correct_attribution(item, deployment=old, by=ben, now=NOW)

        assert correction.was_probability == guess > 0

    def test_keeps_it_when_a_person_changes_their_mind(self, item, old, new, ben):
        guess = item.attributions.get(deployment=new).probability
        correct_attribution(item, deployment=old, by=ben, now=NOW)

        correct_attribution(item, deployment=new, by=ben, now=NOW)

        assert Correction.objects.get().was_probability == pytest.approx(guess)

    def test_keeps_zero_for_a_ship_that_wake_had_not_thought_of(self, shop, item, ben):
        forgotten = make_deployment(shop, "0.1", shipped_at=NOW - timedelta(days=300))

        correction = correct_attribution(item, deployment=forgotten, by=ben, now=NOW)

        assert correction.was_probability == 0
        assert shares(item)["0.1"] == 1

    def test_keeps_wakes_reasons(self, item, new, ben):
        reasons = item.attributions.get(deployment=new).reasons

        correct_attribution(item, deployment=None, by=ben, now=NOW)

        assert item.attributions.get(deployment=new).reasons == reasons != []

    def test_outlasts_the_next_linking(self, shop, item, old, ben):
        correct_attribution(item, deployment=old, by=ben, now=NOW)
        item.__class__.objects.update(linked_at=None)

        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == old


class TestWithdrawCorrection:
    def test_lets_wake_judge_again(self, shop, item, old, new, ben):
        before = shares(item)
        correct_attribution(item, deployment=old, by=ben, now=NOW)

        withdraw_correction(item, by=ben, now=NOW)
        link_feedback(shop, now=NOW)

        assert shares(item) == pytest.approx(before)
        assert not Correction.objects.exists()
