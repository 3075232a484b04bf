"""Which version was live where, and when."""

from datetime import timedelta

import pytest

from common.windows import Window
from deployments.live import versions_live
from tests.factories import NOW, make_deployment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEK = Window(NOW - 7 * DAY, NOW)


def live(project, window=WEEK, environment="production", service="") -> list[tuple[int, str]]:
    """Return (how many days ago, version)."""
    told = versions_live(project, environment=environment, service=service, window=window)
    return [((NOW - since) // DAY, version) for since, version in told]


class TestVersionsLive:
    def test_begin_with_what_was_live_already(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 30 * DAY)
        make_deployment(shop, "1.1", shipped_at=NOW - 20 * DAY)
        make_deployment(shop, "2.0", shipped_at=NOW - 3 * DAY)

        assert live(shop) == [(20, "1.1"), (3, "2.0")]

    def test_are_none_before_the_first_ship(self, shop):
        assert live(shop) == []

    def test_name_a_version_once_that_ships_twice(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 5 * DAY)
        make_deployment(shop, "1.0", shipped_at=NOW - 3 * DAY)

        assert live(shop) == [(5, "1.0")]

    def test_go_back_with_a_roll_back(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 9 * DAY)
        bad = make_deployment(shop, "2.0", shipped_at=NOW - 4 * DAY)
        bad.status, bad.rolled_back_at = "rolled_back", NOW - 3 * DAY
        bad.save()

        assert live(shop) == [(9, "1.0"), (4, "2.0"), (3, "1.0")]

    def test_are_those_of_one_environment(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 5 * DAY, environment="staging")

        assert live(shop) == []
        assert live(shop, environment="Staging") == [(5, "1.0")]

    def test_are_those_of_one_service_and_of_ships_that_name_none(self, shop):
        make_deployment(shop, "web-1", shipped_at=NOW - 5 * DAY, service="web")
        make_deployment(shop, "api-1", shipped_at=NOW - 4 * DAY, service="api")
        make_deployment(shop, "all-1", shipped_at=NOW - 3 * DAY)

        assert live(shop, service="web") == [(5, "web-1"), (3, "all-1")]

    def test_are_not_those_of_another_project(self, shop, cleo):
        make_deployment(cleo.projects.get(), "1.0", shipped_at=NOW - 5 * DAY)

        assert live(shop) == []
