"""From a place to the inbox: connectors through the machinery that gathers and hears."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client

from feedback.connectors.paging import written
from feedback.gather import gather_page
from feedback.models import Connection, FeedbackItem
from tests.feedback.connectors.test_github_issues import REPOSITORY, GitHub, issue
from tests.feedback.connectors.test_stores import Apple, entry
from tests.feedback.connectors.test_zendesk import Zendesk, ticket
from tests.feedback.connectors.vendor import NOW, SINCE, vendor
from tests.feedback.places import make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def local_vendors(settings):
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]


def connect(shop, kind, **options):
    return make_connection(
        shop, kind, options=options, secrets={"token": "t0p-secret", "hook_secret": "s3cret"},
        created_at=NOW, next_due_at=NOW, days_back=30,
    )  # fmt: skip


def gather_all(connection, now=NOW):
    Connection.objects.filter(pk=connection.pk).update(next_due_at=now, rest_until=None)
    connection.refresh_from_db()
    assert connection.claim(now)
    connection.refresh_from_db()
    while gather_page(connection, now=now):
        pass
    connection.refresh_from_db()


class TestGathering:
    def test_stores_each_issue_once_however_often_it_is_read(self, shop):
        github = GitHub([issue(n, minutes=n) for n in range(120)])
        with vendor(github) as place:
            connection = connect(shop, "github_issues", repository=REPOSITORY, base_url=place.url)
            gather_all(connection)
            gather_all(connection, NOW + timedelta(hours=1))

        assert FeedbackItem.objects.count() == 120
        assert connection.problem == ""
        item = FeedbackItem.objects.get(external_id="example/shop#7")
        assert item.text == "Trouble 7\n\nWhen I pay."
        assert item.answer_to == {"repository": REPOSITORY, "number": 7}
        assert item.customer.name == "rose"

    def test_takes_an_edit_as_a_change_of_what_is_there(self, shop):
        github = GitHub([issue(1)])
        with vendor(github) as place:
            connection = connect(shop, "github_issues", repository=REPOSITORY, base_url=place.url)
            gather_all(connection)
            later = written(SINCE + timedelta(days=2))
            github.issues[0] |= {"body": "When I pay by card.", "updated_at": later}
            gather_all(connection, NOW + timedelta(hours=1))

        assert FeedbackItem.objects.get().text.endswith("by card.")

    def test_keeps_what_was_deleted_there(self, shop):
        zendesk = Zendesk([ticket(1)])
        with vendor(zendesk) as place:
            connection = connect(shop, "zendesk", base_url=place.url, user="ada@example.com")
            gather_all(connection)
            zendesk.tickets.append(ticket(1, status="deleted"))
            gather_all(connection, NOW + timedelta(hours=1))

        assert FeedbackItem.objects.get().text.startswith("Cannot pay")

    def test_takes_stars_and_version_of_a_review(self, shop, monkeypatch):
        with vendor(Apple({"us": [entry(7, stars="4")]})) as place:
            monkeypatch.setattr("feedback.connectors.app_store.FEED", place.url)
            gather_all(connect(shop, "app_store", app="1404176564", countries="us"))

        item = FeedbackItem.objects.get()
        assert (item.rating, item.version, item.source) == (4, "3.4.3", "app_store")

    def test_leaves_a_place_alone_that_asks_for_it(self, shop):
        with vendor(lambda _: (429, {"Retry-After": "600"}, {})) as place:
            connection = connect(shop, "zendesk", base_url=place.url, user="ada@example.com")
            gather_all(connection)

        assert connection.failures == 0
        assert connection.next_due_at == NOW + timedelta(minutes=10)

    def test_says_on_the_connection_how_to_mend_it_and_tells_no_secret(self, shop):
        told = (401, {}, {"message": "Bad credentials t0p-secret"})
        with vendor(lambda _: told) as place:
            connection = connect(shop, "github_issues", repository=REPOSITORY, base_url=place.url)
            gather_all(connection)

        assert "make a new one" in connection.problem
        assert "t0p-secret" not in connection.problem


class TestHearing:
    def post(self, connection, body, *, secret="s3cret", event="issues"):
        raw = json.dumps(body).encode()
        mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={mac}"}
        return Client().post(
            f"/hooks/feedback/{connection.key}/",
            raw,
            content_type="application/json",
            headers={**headers, "X-GitHub-Delivery": hashlib.sha256(raw).hexdigest()},
        )

    def test_stores_what_gathering_finds_again_only_once(self, shop):
        github = GitHub([issue(1)])
        with vendor(github) as place:
            connection = connect(shop, "github_issues", repository=REPOSITORY, base_url=place.url)
            heard = self.post(connection, {"action": "opened", "issue": issue(1)})
            gather_all(connection)

        assert heard.status_code == 201
        assert FeedbackItem.objects.count() == 1

    def test_stores_nothing_of_who_cannot_sign(self, shop):
        connection = connect(shop, "github_issues", repository=REPOSITORY)
        body = {"action": "opened", "issue": issue(1)}

        assert self.post(connection, body, secret="guessed").status_code == 401
        assert not FeedbackItem.objects.exists()

    def test_answers_kindly_to_what_is_no_feedback(self, shop):
        connection = connect(shop, "github_issues", repository=REPOSITORY)

        heard = self.post(connection, {"zen": "Keep it simple."}, event="ping")

        assert (heard.status_code, heard.json()["outcome"]) == (202, "ignored")
