"""A secret that was entered is nowhere to be found: not in the database's file, not in the log."""

import json

import pytest
from django.db import connection as database
from django.test import Client

from common.places import ConnectionFault
from feedback.connectors.registry import CONNECTORS
from feedback.gather import gather_page
from feedback.models import Call, Connection
from tests.factories import NOW
from tests.feedback.places import KIND, Place, make_connection

TOKEN = "t0p-secret-token-of-the-box"
HOOK_SECRET = "whsec_YS1zZWNyZXQtb2YtdGhpcnR5LXR3by1jaGFyYWN0ZXJz"
pytestmark = pytest.mark.django_db(transaction=True)


def everything_stored(folder) -> bytes:
    """Return the whole database as it lies on the disk, or as it is dumped."""
    if database.vendor == "sqlite":
        copy = folder / "copy.sqlite3"
        with database.cursor() as cursor:
            cursor.execute(f"VACUUM INTO '{copy}'")
        return copy.read_bytes()
    found = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    text = "\n".join(found)
    # Bytes are dumped in hex.
    return text.encode() + b"".join(bytes(call.body) for call in Call.objects.all())


@pytest.fixture
def used(as_ada, shop, monkeypatch, caplog):
    """Let secrets come up wherever they can: typed, repeated, sent back; return what was logged."""
    place = Place(fault=ConnectionFault(f"{TOKEN} is not valid."))
    monkeypatch.setitem(CONNECTORS, KIND, place.connector())
    new = f"/p/shop/settings/sources/new/?kind={KIND}"
    filled = {
        "name": "Box", "set_url": "https://box.example", "set_token": TOKEN, "days_back": "30",
    }  # fmt: skip
    as_ada.post(new, {**filled, "test": "1"})
    as_ada.post(new, filled)
    box = Connection.objects.get()
    for fault in (place.fault, RuntimeError(f"GET /?token={TOKEN}")):
        place.fault = fault
        Connection.objects.update(next_due_at=NOW, claimed_at=None)
        assert box.claim(NOW)
        box.refresh_from_db()
        gather_page(box, now=NOW)
    survey = make_connection(
        shop, "webhook", name="Survey", options={}, secrets={"hook_secret": HOOK_SECRET}
    )
    Client().post(
        f"/hooks/feedback/{survey.key}/",
        json.dumps({"id": "1", "text": "Hello", "by": HOOK_SECRET}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {HOOK_SECRET}", "X-Odd": f"is {HOOK_SECRET}"},
    )
    assert Call.objects.get().outcome == "recorded"
    return caplog.text


@pytest.mark.parametrize("secret", [TOKEN, HOOK_SECRET])
class TestASecret:
    def test_is_nowhere_in_the_database(self, used, tmp_path, secret):
        stored = everything_stored(tmp_path)

        assert b"https://box.example" in stored
        assert secret.encode() not in stored

    def test_is_nowhere_in_the_log(self, used, secret):
        assert "RuntimeError" in used
        assert secret not in used
