"""When Wake counts that an engineer has seen what customers say of a ship."""

from datetime import timedelta

import pytest
from django.urls import reverse

from learning.linking import link_feedback
from learning.models import ShipLook
from tests.factories import NOW, make_deployment, make_feedback

HOUR = timedelta(hours=1)


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.0", shipped_at=NOW - 48 * HOUR)


@pytest.fixture
def item(shop, ship):
    item = make_feedback(shop, "Broken", version="2.0", created_at=NOW - 24 * HOUR)
    link_feedback(shop, now=NOW)
    return item


@pytest.fixture(params=["deployment", "feedback_item"])
def page(request, shop, ship, item):
    """The ship's page, and that of the feedback about it."""
    pk = ship.pk if request.param == "deployment" else item.pk
    return reverse(request.param, args=[shop.slug, pk])


def lookers():
    return [look.user.name for look in ShipLook.objects.order_by("pk")]


class TestALook:
    def test_counts_for_whoever_of_the_team_opens_the_page(self, page, as_ada, as_ben):
        for client in (as_ada, as_ben, as_ada):
            assert client.get(page).status_code == 200

        assert lookers() == ["Ada", "Ben"]

    def test_of_a_viewer_or_a_stranger_changes_nothing(self, page, as_vic, as_cleo, client):
        for visitor in (as_vic, as_cleo, client):
            visitor.get(page)

        assert lookers() == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Purpose": "prefetch"},
            {"Sec-Purpose": "prefetch;prerender"},
            {"Purpose": "prefetch"},
            {"X-Moz": "prefetch"},
            {"HX-Request": "true", "HX-Target": "wake"},
        ],
    )
    def test_that_nobody_took_changes_nothing(self, page, as_ada, headers, shop, item):
        as_ada.get(page, headers=headers)
        as_ada.head(page)

        item.refresh_from_db()
        assert (lookers(), item.seen_at) == ([], None)

    def test_at_a_ship_of_which_nobody_speaks_is_none(self, shop, ship, as_ada):
        as_ada.get(reverse("deployment", args=[shop.slug, ship.pk]))

        assert lookers() == []
