"""A field mapping: written by a person, tried on a call or a sample, then saved; and the calls."""

import json

import pytest
from bs4 import BeautifulSoup

from feedback.calls import record
from feedback.models import Call, Connection, FeedbackItem
from tests.factories import NOW
from tests.feedback.places import make_connection

pytestmark = pytest.mark.django_db
BODY = {"answer": {"comment": "<b>Where</b> is it", "score": 2}, "no": 7}
MAPPING = {"id": "no", "text": "answer.comment", "rating": "answer.score"}


@pytest.fixture
def survey(shop) -> Connection:
    return make_connection(shop, "webhook", name="Survey", next_due_at=None, options={})


@pytest.fixture
def call(survey) -> Call:
    row = Call.objects.create(
        connection=survey, event="answered", body=json.dumps(BODY).encode(), received_at=NOW
    )
    return record(row)


@pytest.fixture
def address(survey) -> str:
    return f"/p/shop/settings/sources/{survey.pk}/"


def text_of(answer) -> str:
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser").text


class TestTheMappingPage:
    def test_shows_what_comes_out_of_a_call_and_stores_nothing(self, as_ada, call, address):
        told = text_of(as_ada.post(address + "mapping/", {**MAPPING, "try": "1"}))

        assert "Where is it" in told
        assert FeedbackItem.objects.count() == 0
        assert Connection.objects.get().options == {}

    def test_shows_what_comes_out_of_a_pasted_sample(self, as_ada, survey, address):
        sample = json.dumps([{"answer": {"comment": "Pasted"}}])

        told = text_of(
            as_ada.post(
                address + "mapping/",
                {"items": "@", "text": "answer.comment", "sample": sample, "try": "1"},
            )
        )

        assert "Pasted" in told

    def test_says_what_is_wrong_with_a_sample(self, as_ada, survey, address):
        told = text_of(as_ada.post(address + "mapping/", {**MAPPING, "sample": "{", "try": "1"}))

        assert "is not JSON" in told

    def test_says_where_an_expression_breaks(self, as_ada, call, address):
        told = text_of(as_ada.post(address + "mapping/", {"text": "answer..", "save": "1"}))

        assert "is not JMESPath" in told
        assert Connection.objects.get().options == {}

    def test_wants_a_text_or_a_rating(self, as_ada, call, address):
        told = text_of(as_ada.post(address + "mapping/", {"id": "no", "save": "1"}))

        assert "needs a text or a rating" in told

    def test_saves_the_mapping_and_reads_again_what_waited(self, as_ada, call, address):
        as_ada.post(address + "mapping/", {**MAPPING, "save": "1", "replay": "on"})

        assert Connection.objects.get().options["mapping"] == MAPPING
        assert FeedbackItem.objects.get().text == "Where is it"

    def test_begins_with_what_a_tool_sends(self, as_ada, survey, address):
        page = as_ada.get(address + "mapping/?preset=jira")

        field = BeautifulSoup(page.content, "html.parser").select_one("[name=id]")
        assert field["value"] == "issue.key"

    def test_is_for_webhooks_only(self, as_ada, shop):
        other = make_connection(shop, "mailbox", name="Mail")

        assert as_ada.get(f"/p/shop/settings/sources/{other.pk}/mapping/").status_code == 404


class TestTheLogOfCalls:
    def test_lists_what_came_with_what_became_of_it(self, as_ben, call, address):
        told = text_of(as_ben.get(address + "calls/"))

        assert "answered" in told
        assert "1 call could not be read" in told

    def test_can_be_narrowed(self, as_ben, call, address):
        assert "No call fits" in text_of(as_ben.get(address + "calls/?outcome=recorded"))

    def test_shows_a_call_as_it_came_and_escaped(self, as_ben, call, address):
        page = as_ben.get(f"{address}calls/{call.pk}/")

        assert b"&lt;b&gt;Where&lt;/b&gt;" in page.content

    def test_reads_one_again(self, as_ben, call, survey, address):
        Connection.objects.update(options={"mapping": MAPPING})

        as_ben.post(f"{address}calls/{call.pk}/replay/")

        assert FeedbackItem.objects.get().rating == 2

    def test_reads_all_again_that_could_not_be_read(self, as_ben, call, survey, address):
        Connection.objects.update(options={"mapping": MAPPING})

        as_ben.post(f"{address}calls/replay/")

        assert Call.objects.get().outcome == "recorded"

    def test_costs_no_more_queries_the_longer_it_is(
        self, as_ben, call, survey, address, django_assert_max_num_queries
    ):
        for number in range(30):
            Call.objects.create(connection=survey, call_id=str(number), body=b"{}", received_at=NOW)

        with django_assert_max_num_queries(14):
            as_ben.get(address + "calls/")
