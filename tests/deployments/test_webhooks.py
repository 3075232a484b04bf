import hashlib
import hmac
import json
import logging

import pytest
from django.test import Client

from deployments.models import Delivery, Deployment, Webhook


@pytest.fixture
def webhook(shop) -> Webhook:
    return Webhook.objects.create(project=shop)


def deliver(webhook, body, event="deployment_status", delivery_id="d-1", *, secret=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    key = (secret or webhook.secret).encode()
    signature = "sha256=" + hmac.new(key, raw, hashlib.sha256).hexdigest()
    return Client().post(
        f"/hooks/github/{webhook.key}/",
        raw,
        content_type="application/json",
        headers={
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery_id,
            "X-Hub-Signature-256": signature,
        },
    )


def deployed(state="success", **deployment):
    return {
        "deployment_status": {"state": state, "created_at": "2026-03-01T10:05:00Z"},
        "deployment": {
            "id": 7,
            "sha": "a" * 40,
            "ref": "v1.2.3",
            "environment": "production",
            "created_at": "2026-03-01T10:00:00Z",
            **deployment,
        },
        "repository": {"id": 1, "html_url": "https://github.com/shop/shop"},
    }


class TestGitHubDelivery:
    def test_a_finished_deployment_is_recorded(self, webhook):
        answer = deliver(webhook, deployed())

        ship = Deployment.objects.get(project=webhook.project)
        assert answer.status_code == 201
        assert answer.json()["id"] == ship.pk
        assert (ship.version, f"{ship.shipped_at:%H:%M}") == ("v1.2.3", "10:05")

    def test_it_is_kept_as_it_came(self, webhook):
        deliver(webhook, deployed())

        kept = Delivery.objects.get()
        assert json.loads(bytes(kept.body)) == deployed()

    def test_the_states_of_one_deployment_are_one_ship(self, webhook):
        deliver(webhook, deployed("pending"), delivery_id="1")
        deliver(webhook, deployed("success"), delivery_id="2")
        deliver(webhook, deployed("in_progress"), delivery_id="3")

        assert Deployment.objects.get().status == "succeeded"

    def test_a_repeated_delivery_gets_the_same_answer_and_is_kept_once(self, webhook):
        first = deliver(webhook, deployed())
        again = deliver(webhook, deployed())

        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert Delivery.objects.count() == 1

    def test_a_hypothesis_in_the_payload_is_kept(self, webhook):
        wish = {"hypothesis": {"metric": "orders", "min_effect": "2%"}}

        deliver(webhook, deployed(payload=json.dumps(wish)))

        assert Deployment.objects.get().hypothesis.metric.key == "orders"

    @pytest.mark.parametrize("event", ["ping", "push", ""])
    def test_what_is_no_ship_is_answered_with_the_reason(self, webhook, event):
        answer = deliver(webhook, {"zen": "Keep it logically awesome."}, event)

        assert answer.status_code == 202
        assert answer.json()["detail"]
        assert not Deployment.objects.exists()

    def test_what_cannot_be_read_is_safe_and_kept_with_the_reason(self, webhook):
        answer = deliver(webhook, b'{"deployment_status": ')

        assert answer.status_code == 202
        assert "is not JSON" in answer.json()["detail"]
        assert Delivery.objects.get().outcome == "unreadable"

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"deployment_status": 1, "deployment": []},
            deployed(state=["success"]),
            deployed(state={"a": "\ud800\x00"}),
            deployed(id=None),
            deployed(ref=["v1"], description=7, payload=3),
            {**deployed(), "repository": [1]},
            deployed(payload={"commits": [None, 7, {"sha": []}], "hypothesis": [1]}),
        ],
    )
    def test_odd_payloads_are_never_a_server_error(self, webhook, body):
        assert deliver(webhook, body).status_code in (201, 202)

    def test_a_long_description_does_not_lose_the_ship(self, webhook):
        assert deliver(webhook, deployed(description="x" * 5_000)).status_code == 201


class TestGitHubSignature:
    def test_a_wrong_signature_is_refused_and_nothing_is_kept(self, webhook):
        answer = deliver(webhook, deployed(), secret="another")

        assert answer.status_code == 401
        assert not Delivery.objects.exists()

    def test_a_missing_signature_is_refused(self, webhook):
        answer = Client().post(f"/hooks/github/{webhook.key}/", "{}", "application/json")

        assert answer.status_code == 401

    def test_a_refusal_is_one_line_in_the_log(self, webhook, caplog):
        with caplog.at_level(logging.WARNING, logger="deployments.webhooks"):
            deliver(webhook, deployed(), secret="another")

        assert [r.name for r in caplog.records].count("deployments.webhooks") == 1

    def test_an_unknown_address_is_not_found(self, webhook):
        webhook.key = "nobody"

        assert deliver(webhook, deployed()).status_code == 404
