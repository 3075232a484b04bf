from datetime import timedelta

import pytest

from learning.linking import BATCH, link_feedback
from learning.models import Attribution
from tests.factories import NOW, make_deployment, make_feedback, make_project

HOUR = timedelta(hours=1)


class TestLinkFeedback:
    def test_gives_probabilities_that_sum_to_one(self, shop):
        for version in ("1.0", "1.1", "1.2"):
            make_deployment(shop, version, shipped_at=NOW - 5 * HOUR)
        item = make_feedback(shop, "The checkout is slow", created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        shares = item.attributions.values_list("probability", flat=True)
        assert sum(shares) == pytest.approx(1)

    def test_always_weighs_that_it_is_about_none_of_our_ships(self, shop):
        item = make_feedback(shop, created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        only = item.attributions.get()
        assert (only.deployment, only.probability, only.is_best) == (None, 1.0, True)

    def test_follows_the_version_that_the_customer_named(self, shop):
        old = make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=90))
        make_deployment(shop, "2.0", shipped_at=NOW - 2 * HOUR)
        item = make_feedback(shop, "It hangs", version="1.0", created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == old

    @pytest.mark.parametrize("said", ["v4.2.1", "4.2.1", "V4.2.1 "])
    def test_knows_an_old_version_however_it_is_spelt(self, shop, said):
        old = make_deployment(shop, "v4.2.1", shipped_at=NOW - timedelta(days=90))
        item = make_feedback(shop, "It hangs", version=said, created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == old

    def test_never_blames_a_ship_that_came_later(self, shop):
        make_deployment(shop, "2.0", shipped_at=NOW - HOUR)
        item = make_feedback(shop, "It hangs", version="2.0", created_at=NOW - 3 * HOUR)

        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment is None

    def test_never_looks_at_the_ships_of_another_project(self, shop):
        make_deployment(make_project("Bakery"), "1.0", shipped_at=NOW - 2 * HOUR)
        item = make_feedback(shop, version="1.0", created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        assert item.attributions.get().deployment is None

    def test_learns_from_the_versions_that_other_customers_named(self, shop):
        old = make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=30))
        make_deployment(shop, "1.1", shipped_at=NOW - timedelta(days=3))
        for hours in range(2, 40):
            make_feedback(
                shop, id=f"o{hours}", version="1.0", created_at=NOW - timedelta(hours=hours)
            )
        item = make_feedback(shop, "It hangs", created_at=NOW - HOUR)

        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == old

    def test_knows_what_the_same_customer_ran_before(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=30))
        make_deployment(shop, "1.1", shipped_at=NOW - timedelta(hours=9))
        ada = {"customer": {"id": "c-1"}}
        make_feedback(shop, id="a", version="1.1", created_at=NOW - 3 * HOUR, **ada)
        item = make_feedback(shop, "It hangs", id="b", created_at=NOW - HOUR, **ada)

        link_feedback(shop, now=NOW)

        reasons = item.attributions.get(deployment__version="1.0").reasons
        assert "The same customer ran 1.1 before, which is newer." in reasons

    def test_leaves_what_is_held_back_or_merged_away(self, shop):
        held = make_feedback(shop, id="h", created_at=NOW - HOUR)
        twin = make_feedback(shop, id="t", created_at=NOW - HOUR)
        type(held).objects.filter(pk=held.pk).update(held_at=NOW)
        type(held).objects.filter(pk=twin.pk).update(merged_into=held)

        assert link_feedback(shop, now=NOW) == 0

    def test_does_each_item_once(self, shop):
        make_feedback(shop, created_at=NOW - HOUR)

        assert link_feedback(shop, now=NOW) == 1
        assert link_feedback(shop, now=NOW) == 0

    def test_links_again_what_the_customer_rewrote(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 4 * HOUR)
        newer = make_deployment(shop, "1.1", shipped_at=NOW - 3 * HOUR)
        item = make_feedback(shop, "Bad", id="r1", version="1.0", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        make_feedback(shop, "Bad", id="r1", version="1.1", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == newer

    def test_asks_the_database_as_often_for_many_items_as_for_few(
        self, shop, django_assert_max_num_queries
    ):
        for hours in range(5):
            make_deployment(shop, shipped_at=NOW - timedelta(hours=10 + hours))
        for number in range(60):
            make_feedback(shop, id=f"n{number}", created_at=NOW - HOUR)
        assert BATCH > 60

        # One batch and the look that finds nothing more; each inside a transaction.
        with django_assert_max_num_queries(17):
            link_feedback(shop, now=NOW)
        assert Attribution.objects.filter(is_best=True).count() == 60
