"""What customers say is gathered when a ship arrives, and just before each look at it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Connection
from learning.tasks import start_due_checkups
from tests.factories import NOW, make_deployment
from tests.feedback.places import make_connection

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class TestAShipThatArrives:
    def test_makes_the_projects_connections_due(self, shop):
        make_connection(shop, next_due_at=NOW + HOUR)

        make_deployment(shop, shipped_at=NOW - MINUTE, now=NOW)

        assert Connection.objects.due(NOW).count() == 1

    def test_long_after_it_shipped_is_history_and_hurries_nobody(self, shop):
        make_connection(shop, next_due_at=NOW + HOUR)

        make_deployment(shop, shipped_at=NOW - timedelta(days=8), now=NOW)

        assert Connection.objects.due(NOW).count() == 0

    def test_hurries_nobody_in_another_project(self, shop, cleo):
        make_connection(cleo.projects.get(), next_due_at=NOW + HOUR)

        make_deployment(shop, shipped_at=NOW - MINUTE, now=NOW)

        assert Connection.objects.due(NOW).count() == 0


class TestALookAtAShip:
    @pytest.mark.parametrize("minutes, is_due", [(1, True), (20, False)])
    def test_is_gathered_for_a_few_minutes_before(self, shop, minutes, is_due):
        now = timezone.now()
        shipped_at = now + minutes * MINUTE - timedelta(days=7)
        ship = make_deployment(shop, shipped_at=shipped_at, now=now)
        ship.checkups.filter(due_at__lte=now).update(finished_at=now)
        make_connection(shop, next_due_at=now + HOUR)

        start_due_checkups()

        assert Connection.objects.due(timezone.now()).exists() == is_due
