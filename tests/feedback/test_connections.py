"""Connecting a place, trying it first, and what its page tells whom."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import connection as database
from django.utils import timezone

from common.places import ConnectionFault
from feedback.connections import connections_of
from feedback.connectors.registry import CONNECTORS
from feedback.models import Call, Connection, FeedbackItem
from tests.factories import NOW, make_feedback
from tests.feedback.places import KIND, Place, make_connection, said

pytestmark = pytest.mark.django_db
LIST = "/p/shop/settings/sources/"
NEW = f"{LIST}new/?kind={KIND}"
FILLED = {
    "name": "The box", "set_url": "https://box.example", "set_token": "t0p-secret-token",
    "environment": "", "days_back": "30",
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(monkeypatch) -> Place:
    place = Place(said(1, 2, 3))
    monkeypatch.setitem(CONNECTORS, KIND, place.connector())
    return place


@pytest.fixture
def box(shop) -> Connection:
    return make_connection(shop)


def page(client, address, **data):
    answer = client.post(address, data) if data else client.get(address)
    assert answer.status_code == 200, answer
    return BeautifulSoup(answer.content, "html.parser")


class TestConnecting:
    def test_is_offered_for_every_kind_there_is(self, as_ada, shop):
        cards = page(as_ada, LIST).select(".cards h3")

        assert {card.text for card in cards} == {one.label for one in CONNECTORS.values()}

    def test_asks_for_what_the_connector_needs(self, as_ada, shop):
        form = page(as_ada, NEW).select_one("main form")

        assert form.select_one("[name=set_token]")["type"] == "password"
        assert form.select_one("[name=name]")["value"] == "Suggestion box"

    def test_offers_a_test_only_of_what_can_be_asked(self, as_ada, shop):
        assert page(as_ada, NEW).select_one("button[name=test]")
        assert not page(as_ada, f"{LIST}new/?kind=webhook").select_one("button[name=test]")

    def test_saves_a_connection_that_is_due_at_once(self, as_ada, shop, ada):
        as_ada.post(NEW, FILLED)

        made = Connection.objects.get()
        assert (made.options, made.secrets) == (
            {"url": "https://box.example"}, {"token": "t0p-secret-token"},
        )  # fmt: skip
        assert (made.created_by, made.days_back) == (ada, 30)
        assert Connection.objects.due(timezone.now()).get() == made

    @pytest.mark.parametrize("field", ["name", "set_url", "set_token"])
    def test_without_what_is_needed_is_refused(self, as_ada, shop, field):
        page(as_ada, NEW, **{**FILLED, field: ""})

        assert Connection.objects.count() == 0

    def test_under_a_name_that_is_taken_is_refused(self, as_ada, box):
        refused = page(as_ada, NEW, **FILLED)

        assert "Another source has this name" in refused.text
        assert Connection.objects.count() == 1

    def test_of_a_kind_that_there_is_not_leads_back(self, as_ada, shop):
        assert as_ada.get(f"{LIST}new/?kind=nothing").status_code == 302

    def test_a_webhook_shows_its_secret_once(self, as_ada, shop):
        made = page(
            as_ada, f"{LIST}new/?kind=webhook", name="Survey", set_source="survey", set_preset=""
        )

        row = Connection.objects.get()
        secret = row.secrets["hook_secret"]
        assert secret.startswith("whsec_")
        assert secret in made.text
        assert secret not in page(as_ada, f"{LIST}{row.pk}/").text

    def test_two_webhooks_under_one_word_is_refused(self, as_ada, shop):
        make_connection(shop, "webhook", name="A", options={"source": "survey"})

        refused = page(
            as_ada, f"{LIST}new/?kind=webhook", name="B", set_source="survey", set_preset=""
        )

        assert "choose another word" in refused.text


class TestTheTest:
    def test_shows_the_first_rows_and_stores_nothing(self, as_ada, shop, place):
        tried = page(as_ada, NEW, **FILLED, test="1")

        assert "Suggestion 1" in tried.text
        assert "The first answer holds 2, and there is more" in tried.text
        assert (Connection.objects.count(), FeedbackItem.objects.count()) == (0, 0)
        assert place.asked[0].secrets == {"token": "t0p-secret-token"}

    def test_shows_the_error_with_its_mend_and_no_secret(self, as_ada, shop, place):
        place.fault = ConnectionFault("The token t0p-secret-token is wrong.", "Make a new one.")

        tried = page(as_ada, NEW, **FILLED, test="1")

        assert "The token *** is wrong. Make a new one." in tried.text

    def test_says_of_a_row_why_it_would_not_be_taken(self, as_ada, shop, place):
        place.rows = [{"id": "1"}]

        assert "Not taken. text" in page(as_ada, NEW, **FILLED, test="1").text

    def test_says_so_if_nothing_was_said_there(self, as_ada, shop, place):
        place.rows = []

        assert "Nothing was said there" in page(as_ada, NEW, **FILLED, test="1").text

    def test_never_repeats_the_secret_on_the_page(self, as_ada, shop):
        answer = as_ada.post(NEW, {**FILLED, "test": "1"})

        assert b"t0p-secret-token" not in answer.content

    def test_replaces_only_a_part_of_the_page_so_that_what_was_typed_stays(self, as_ada, shop):
        answer = as_ada.post(NEW, {**FILLED, "test": "1"}, headers={"HX-Target": "trial"})

        assert b"<form" not in answer.content
        assert b"Suggestion 1" in answer.content

    def test_of_a_change_uses_the_stored_secret_if_none_is_entered(self, as_ada, box, place):
        change = f"{LIST}{box.pk}/change/"

        page(as_ada, change, **{**FILLED, "set_token": ""}, test="1")

        assert place.asked[0].secrets == {"token": "t0p-secret-token"}

    def test_sends_no_stored_secret_to_another_address(self, as_ada, box, place):
        moved = {**FILLED, "set_token": "", "set_url": "https://evil.example"}

        refused = page(as_ada, f"{LIST}{box.pk}/change/", **moved, test="1")

        assert "Enter it again" in refused.text
        assert place.asked == []


class TestAChange:
    def test_keeps_the_stored_secret_if_none_is_entered(self, as_ada, box):
        as_ada.post(f"{LIST}{box.pk}/change/", {**FILLED, "name": "Renamed", "set_token": ""})

        box.refresh_from_db()
        assert (box.name, box.secrets) == ("Renamed", {"token": "t0p-secret-token"})

    def test_of_the_place_begins_at_its_beginning(self, as_ada, box):
        Connection.objects.update(cursor={"at": 3}, failures=4, problem="x", failing_since=NOW)

        as_ada.post(f"{LIST}{box.pk}/change/", {**FILLED, "set_url": "https://other.example"})

        box.refresh_from_db()
        assert (box.cursor, box.failures, box.problem, box.failing_since) == ({}, 0, "", None)

    def test_of_the_name_alone_goes_on_where_it_was(self, as_ada, box):
        Connection.objects.update(cursor={"at": 3})

        as_ada.post(f"{LIST}{box.pk}/change/", {**FILLED, "name": "Renamed"})

        box.refresh_from_db()
        assert box.cursor == {"at": 3}

    def test_takes_the_claim_from_who_asked_with_what_was_there_before(self, as_ada, box):
        box.claim(NOW)

        as_ada.post(f"{LIST}{box.pk}/change/", FILLED)

        box.refresh_from_db()
        assert box.claimed_at is None


class TestOneConnection:
    def test_can_be_paused_and_go_on(self, as_ada, box):
        as_ada.post(f"{LIST}{box.pk}/switch/", {"off": "1"})
        assert Connection.objects.due(NOW).count() == 0

        as_ada.post(f"{LIST}{box.pk}/switch/", {"on": "1"})
        assert Connection.objects.due(timezone.now()).count() == 1

    def test_can_be_gathered_from_at_once(self, as_ada, box):
        later = timezone.now() + timedelta(hours=1)
        Connection.objects.update(next_due_at=later)

        as_ada.post(f"{LIST}{box.pk}/gather/")

        assert Connection.objects.due(timezone.now()).count() == 1

    def test_that_asked_to_be_left_alone_is(self, as_ada, box):
        later = timezone.now() + timedelta(hours=1)
        Connection.objects.update(next_due_at=later, rest_until=later)

        as_ada.post(f"{LIST}{box.pk}/gather/")

        assert Connection.objects.due(timezone.now()).count() == 0

    def test_can_be_removed_and_its_feedback_stays(self, as_ada, box, shop):
        item = make_feedback(shop)
        FeedbackItem.objects.update(connection=box)
        Call.objects.create(connection=box, body=b"{}", received_at=NOW)

        as_ada.post(f"{LIST}{box.pk}/remove/")

        item.refresh_from_db()
        assert item.connection is None
        assert (Connection.objects.count(), Call.objects.count()) == (0, 0)

    def test_says_what_is_wrong_and_when_it_is_tried_again(self, as_ada, box):
        Connection.objects.update(problem="It is down. Wait.", failing_since=NOW, failures=3)

        told = page(as_ada, f"{LIST}{box.pk}/").text

        assert "It is down. Wait." in told
        assert "3 times in a row" in told

    def test_says_which_rows_could_not_be_taken(self, as_ada, box):
        bad = {"at": "", "id": "box/2", "index": 1, "field": "text", "message": "?", "mend": ""}
        Connection.objects.update(bad_rows=[bad])

        assert "box/2" in page(as_ada, f"{LIST}{box.pk}/").text

    def test_of_a_kind_that_is_gone_still_has_a_page(self, as_ada, box, monkeypatch):
        monkeypatch.delitem(CONNECTORS, KIND)

        assert "knows no" in page(as_ada, f"{LIST}{box.pk}/").text


class TestAViewer:
    def test_sees_how_a_place_does_but_not_how_it_is_set_up(self, as_vic, shop):
        row = make_connection(shop, "webhook", name="Survey", heard_at=timezone.now())

        told = page(as_vic, f"{LIST}{row.pk}/")

        assert "Works" in told.text
        assert row.key not in str(told)
        assert "Remove" not in told.text

    def test_is_not_told_the_problem_in_detail(self, as_vic, box):
        Connection.objects.update(problem="No such user: ben", failing_since=NOW, failures=1)

        assert "No such user" not in page(as_vic, f"{LIST}{box.pk}/").text
        assert "No such user" not in page(as_vic, LIST).text

    def test_is_offered_no_kind_to_connect(self, as_vic, shop):
        assert page(as_vic, LIST).select(".cards") == []


class TestTheList:
    def test_teaches_when_it_is_empty(self, as_ada, shop):
        assert "No source yet" in page(as_ada, LIST).text

    def test_is_of_this_project_only(self, as_ada, cleo, shop):
        make_connection(cleo.projects.get(), name="Of the bakery")

        assert "Of the bakery" not in page(as_ada, LIST).text

    def test_costs_one_query_however_many_there_are(self, shop, django_assert_num_queries):
        for number in range(5):
            make_connection(shop, name=f"Box {number}")

        with django_assert_num_queries(1):
            assert len(connections_of(shop, now=NOW)) == 5


class TestASecret:
    def test_is_nowhere_in_the_database_in_plain_words(self, as_ada, shop, place):
        as_ada.post(NEW, FILLED)
        place.fault = ConnectionFault("t0p-secret-token is wrong")
        with database.cursor() as cursor:
            cursor.execute("SELECT * FROM feedback_connection")
            stored = repr(cursor.fetchall())

        assert "The box" in stored
        assert "t0p-secret-token" not in stored
