import json
from datetime import timedelta

import pytest

from deployments.ship import Expectation
from learning.models import Learning
from outbound.models import Kind, Message
from outbound.news import note_news, write_test
from outbound.sending import send
from tests.factories import NOW, make_deployment
from tests.outbound.conftest import make_hook

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
MILLIS = int(NOW.timestamp() * 1000)


@pytest.fixture
def grafana(shop, receiver):
    """Grafana as its HTTP API answers; the hook that tells it."""
    receiver.will_answer(200, body=json.dumps({"message": "Annotation added", "id": 7}).encode())
    events = ["ship.recorded", "verdict.reached"]
    return make_hook(shop, receiver.url + "/", kind=Kind.GRAFANA, secret="glsa_x", events=events)


@pytest.fixture
def ship(shop, grafana):
    bet = Expectation("orders", "up", 0.02)
    return make_deployment(shop, "2.0.0", title="A <b>", shipped_at=NOW, expectation=bet)


def judge(ship):
    checkup = ship.checkups.get(horizon=WEEK)
    checkup.finished_at = NOW + WEEK
    checkup.save()
    Learning.objects.create(
        project=ship.project, deployment=ship, checkup=checkup, verdict="supported", method="m",
        headline="Orders rose by 3% & more", drafted_at=NOW, due_at=NOW,
    )  # fmt: skip


def ring(now):
    note_news(now=now)
    for message in Message.objects.due(now).order_by("pk"):
        assert message.claim(now)
        send(message, now=now)


class TestGrafana:
    def test_gets_a_mark_where_a_ship_went_live(self, ship, receiver):
        ring(NOW)

        [sent] = receiver.sent
        assert (sent.method, sent.path) == ("POST", "/api/annotations")
        assert sent.headers["authorization"] == "Bearer glsa_x"
        assert sent.json["time"] == MILLIS
        assert sent.json["tags"] == ["wake", "ship", "shop", "production"]
        assert f'/p/shop/ships/{ship.pk}/">A &lt;b&gt;</a>' in sent.json["text"]
        assert "timeEnd" not in sent.json

    def test_gets_the_same_mark_as_a_region_when_the_verdict_is_reached(self, ship, receiver):
        ring(NOW)
        judge(ship)

        ring(NOW + WEEK)

        sent = receiver.sent[1]
        assert (sent.method, sent.path) == ("PATCH", "/api/annotations/7")
        assert sent.json["time"] == MILLIS
        assert sent.json["timeEnd"] == MILLIS + int(WEEK.total_seconds() * 1000)
        assert "verdict:supported" in sent.json["tags"]
        assert "Supported: Orders rose by 3% &amp; more" in sent.json["text"]

    def test_gets_a_region_of_its_own_when_somebody_deleted_the_mark(self, ship, receiver):
        ring(NOW)
        judge(ship)
        receiver.answers = [(404, {}, b""), (200, {}, b'{"id": 9}')]

        ring(NOW + WEEK)

        assert [one.method for one in receiver.sent] == ["POST", "PATCH", "POST"]
        assert Message.objects.get(event="verdict.reached").remote_id == "9"

    def test_gets_a_region_at_once_when_it_never_heard_of_the_ship(self, ship, grafana, receiver):
        judge(ship)
        grafana.events = ["verdict.reached"]
        grafana.save()

        ring(NOW + WEEK)

        [sent] = receiver.sent
        assert (sent.method, "timeEnd" in sent.json) == ("POST", True)

    def test_gets_a_test(self, grafana, receiver):
        write_test(grafana, now=NOW)

        ring(NOW)

        assert receiver.sent[0].json["tags"] == ["wake", "test", "shop"]

    @pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"\xff"])
    def test_may_answer_without_an_id(self, ship, receiver, body):
        receiver.will_answer(200, body=body)

        ring(NOW)

        assert Message.objects.get().sent_at == NOW
