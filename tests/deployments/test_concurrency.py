"""Everything is sent twice one day, and sometimes at the same moment."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client

from deployments.models import Checkup, Delivery, Deployment, OtherId, Webhook
from engagement.models import MetricSample
from feedback.limits import spend
from feedback.models import Connection, FeedbackItem
from tests.factories import NOW, make_key
from tests.threads import TIMES, at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_on_disk"),
]


@pytest.fixture
def post(shop):
    key = make_key(shop)

    def send(path, body):
        return Client().post(
            f"/api/v1/{path}/",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return send


class TestSameShipAtOnce:
    def test_it_is_stored_once(self, post):
        answers = at_once(lambda _: post("deployments", {"version": "1.0", "sha": "abc"}))

        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert Deployment.objects.count() == 1
        assert Checkup.objects.count() == 6

    def test_with_an_id_it_is_stored_once(self, post):
        at_once(lambda n: post("deployments", {"version": "1.0", "id": "ci-1", "tags": [str(n)]}))

        assert sorted(Deployment.objects.get().tags) == [str(n) for n in range(TIMES)]

    def test_different_ships_are_all_stored(self, post):
        at_once(lambda n: post("deployments", {"version": f"1.{n}"}))

        assert Deployment.objects.count() == TIMES

    def test_told_by_two_tools_it_is_stored_once(self, post):
        def tell(n):
            tool = f"{'github' if n % 2 else 'argocd'}:7"
            return post("deployments", {"version": "1.0", "sha": "3f2c1d9", "id": tool})

        answers = at_once(tell)

        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert (Deployment.objects.count(), OtherId.objects.count()) == (1, 1)

    def test_one_id_for_two_places_is_one_ship(self, post):
        answers = at_once(
            lambda n: post(
                "deployments", {"version": "1.0", "id": "ci-1", "environment": f"place {n % 2}"}
            )
        )

        assert {answer.status_code for answer in answers} <= {200, 201}
        assert Deployment.objects.count() == 1

    def test_versions_that_come_and_go_take_each_other_back_as_if_in_order(self, post):
        def tell(n):
            version = "1.0" if n in (0, 4) else f"1.{n}"
            facts = {"id": f"ci-{n}", "finished_at": f"2026-03-0{n + 1}T10:00:00Z"}
            return post("deployments", {"version": version, **facts})

        assert {answer.status_code for answer in at_once(tell)} == {201}
        taken = Deployment.objects.filter(rolled_back_by__external_id="ci-4")
        assert sorted(taken.values_list("version", flat=True)) == ["1.1", "1.2", "1.3"]

    def test_a_delivery_is_kept_once(self, shop):
        webhook = Webhook.objects.create(project=shop)
        body = json.dumps(
            {"deployment_status": {"state": "success"}, "deployment": {"id": 7, "sha": "abc"}}
        ).encode()
        signature = hmac.new(webhook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "X-GitHub-Event": "deployment_status",
            "X-GitHub-Delivery": "d-1",
            "X-Hub-Signature-256": f"sha256={signature}",
        }

        answers = at_once(
            lambda _: Client().post(
                f"/hooks/github/{webhook.key}/", body, "application/json", headers=headers
            )
        )

        assert {answer.status_code for answer in answers} == {201}
        assert (Delivery.objects.count(), Deployment.objects.count()) == (1, 1)


class TestSameRowsAtOnce:
    def test_feedback_is_stored_once_whatever_the_order(self, post):
        rows = [{"id": f"r{n}", "text": "Slow", "customer": f"c{n}"} for n in range(50)]

        answers = at_once(lambda n: post("feedback", rows if n % 2 else rows[::-1]))

        assert {answer.status_code for answer in answers} == {200}
        assert FeedbackItem.objects.count() == 50

    def test_edits_from_two_sides_do_not_block_each_other(self, post):
        post("feedback", [{"id": f"r{n}", "text": "Slow"} for n in range(50)])

        def edit(n):
            rows = [{"id": f"r{i}", "text": f"Edited {n}"} for i in range(50)]
            return post("feedback", rows if n % 2 else rows[::-1])

        assert {answer.status_code for answer in at_once(edit)} == {200}

    def test_samples_are_stored_once_whatever_the_order(self, post):
        rows = [
            {"metric": f"m{n % 3}", "at": f"2026-03-{n + 1:02}T10:00:00Z", "value": n}
            for n in range(28)
        ]

        answers = at_once(lambda n: post("metrics/samples", rows if n % 2 else rows[::-1]))

        assert {answer.status_code for answer in answers} == {200}
        assert MetricSample.objects.count() == 28


class TestMessagesOfVisitorsAtOnce:
    def test_one_message_is_stored_once(self, shop):
        widget = Connection.objects.create(
            project=shop, kind="widget", name="Widget", created_at=NOW
        )
        message = json.dumps({"id": "0123456789abcdef", "text": "It is slow"})
        answers = at_once(
            lambda _: Client().post(f"/w/{widget.key}/", message, content_type="text/plain")
        )

        assert {answer.status_code for answer in answers} <= {200, 201}
        assert FeedbackItem.objects.count() == 1

    def test_no_more_get_through_a_limit_than_there_is_room_for(self):
        span = timedelta(minutes=10)
        waits = at_once(lambda _: spend("somebody", most=3, span=span, now=NOW))

        assert waits.count(None) == 3
