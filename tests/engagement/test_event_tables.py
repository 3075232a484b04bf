"""The table of events on both databases: whole on SQLite, in parts on PostgreSQL."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from engagement.models import Event

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(1999, 12, 31, 23, 59, tzinfo=UTC)


class TestTheTableOfEvents:
    """What no partition was made for is kept all the same."""

    def test_it_keeps_an_event_of_any_time(self, shop):
        Event.objects.create(
            project=shop, name="Opened", occurred_at=LONG_AGO, received_at=LONG_AGO
        )
        assert Event.objects.get(project=shop).occurred_at == LONG_AGO

    def test_it_goes_with_its_project(self, shop):
        Event.objects.create(
            project=shop, name="Opened", occurred_at=LONG_AGO, received_at=LONG_AGO
        )
        shop.delete()
        assert not Event.objects.exists()

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no partitions")
    def test_it_is_partitioned_by_when_things_were_done(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_partkeydef('engagement_event'::regclass)")
            assert cursor.fetchone() == ("RANGE (occurred_at)",)
