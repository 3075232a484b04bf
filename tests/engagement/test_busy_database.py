"""The doors while somebody else holds the database for longer than they may wait for it."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.known_keys import forget_known_keys
from accounts.models import Scope
from engagement.models import Event, MetricSample
from tests.engagement.telemetry import follow, request_of
from tests.factories import NOW, make_key

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_on_disk"),
]


@contextmanager
def held(table: str):
    """Hold what a writer to `table` needs, and let this thread wait only a moment for it."""
    with connection.cursor() as cursor:
        on_postgresql = connection.vendor == "postgresql"
        cursor.execute("SET lock_timeout = '50ms'" if on_postgresql else "PRAGMA busy_timeout = 50")
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        other = connections["default"].copy()
        with other.cursor() as cursor:
            cursor.execute("BEGIN" if on_postgresql else "BEGIN IMMEDIATE")
            if on_postgresql:
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            is_held.set()
            is_over.wait(30)
            cursor.execute("ROLLBACK")
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        is_over.set()
        holder.join()
        connection.close()


def send(path: str, body, kind: str, key: str):
    headers = {"Authorization": f"Bearer {key}", "Origin": "https://shop.example"}
    return Client().post(path, body, content_type=kind, headers=headers)


@pytest.fixture(autouse=True)
def forgotten():
    forget_known_keys()


class TestABusyDatabase:
    def test_makes_an_exporter_come_again_and_its_points_count_once(self, shop, time_machine):
        time_machine.move_to(NOW, tick=False)
        key = make_key(shop, Scope.METRICS_WRITE)
        follow(shop)
        body = request_of("orders", [{"at": NOW, "since": NOW, "value": 4.0}]).SerializeToString()
        send("/v1/metrics", b"", "application/x-protobuf", key)  # the key is known from here on

        with held("engagement_streampoint"):
            busy = send("/v1/metrics", body, "application/x-protobuf", key)
        assert (busy.status_code, busy["Content-Type"]) == (429, "application/x-protobuf")
        assert 1 <= int(busy["Retry-After"]) <= 4
        assert not MetricSample.objects.exists()

        again = [send("/v1/metrics", body, "application/x-protobuf", key) for _ in range(2)]
        assert [one.status_code for one in again] == [200, 200]
        assert list(MetricSample.objects.values_list("value", flat=True)) == [4]

    def test_makes_a_page_of_another_site_come_again_and_its_event_counts_once(self, shop):
        key = make_key(shop, Scope.EVENTS_WRITE)
        body = '{"userId": "u", "event": "Opened", "messageId": "one"}'
        send("/v1/track", "{}", "application/json", key)

        with held("engagement_event"):
            busy = send("/v1/track", body, "application/json", key)
        assert (busy.status_code, busy["Access-Control-Allow-Origin"]) == (429, "*")
        assert busy["Access-Control-Expose-Headers"] == "Retry-After"

        again = [send("/v1/track", body, "application/json", key) for _ in range(2)]
        assert [one.status_code for one in again] == [200, 200]
        assert Event.objects.count() == 1
