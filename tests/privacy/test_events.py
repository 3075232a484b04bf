"""What a customer did is handed out and erased with what they said."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from engagement.event_intake import record_events
from engagement.models import Event, SameUser
from engagement.segment import Spelling
from feedback.models import Customer
from privacy.exporting import export_customer
from tests.factories import NOW, make_feedback, make_project

pytestmark = pytest.mark.django_db


def did(project, *messages):
    rows = [{"type": "track", "event": "Opened", **one} for one in messages]
    report = record_events(project.pk, rows, spelling=Spelling({}, {}), now=NOW)
    assert not report.errors


@pytest.fixture
def kim(shop) -> Customer:
    make_feedback(shop, customer={"id": "u-97", "email": "kim@x.test"})
    did(shop, {"anonymousId": "a-1", "event": "Looked"}, {"userId": "u-97", "anonymousId": "a-1"})
    did(shop, {"userId": "KIM@x.test"}, {"userId": "sam"}, {"userId": "u-971"})
    return Customer.objects.get(external_id="u-97")


class TestTheExport:
    def test_has_what_was_done_under_every_id(self, kim):
        document = export_customer(kim, now=NOW)
        assert document["known_in_events_as"] == ["KIM@x.test", "a-1", "kim@x.test", "u-97"]
        assert [one["name"] for one in document["events"]] == ["Looked", "Opened", "Opened"]
        json.dumps(document)

    def test_has_nothing_of_others(self, kim):
        document = export_customer(kim, now=NOW)
        assert not {"sam", "u-971"} & {one["user_id"] for one in document["events"]}


@pytest.mark.django_db(transaction=True)  # files are not cleared in a transaction
class TestSomebodyWhoOnlyDid:
    def test_is_exported_and_erased_by_the_id_of_their_events(self, shop):
        did(shop, {"userId": "u-5", "anonymousId": "a-5"}, {"userId": "sam"})
        out = StringIO()
        call_command("export_customer", "shop", "u-5", stdout=out)
        assert len(json.loads(out.getvalue())["events"]) == 1
        assert not Customer.objects.exists()

        call_command("erase_customer", "shop", "u-5", "--yes", stdout=StringIO())
        assert list(Event.objects.values_list("user_id", flat=True)) == ["sam"]
        assert not SameUser.objects.exists()

    def test_must_have_done_something_in_this_project(self, shop):
        did(make_project("Bakery"), {"userId": "u-5"})
        with pytest.raises(CommandError):
            call_command("export_customer", "shop", "u-5", stdout=StringIO())
