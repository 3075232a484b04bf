"""Who sent it: each vendor's proof, over the raw body."""

import base64
import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from standardwebhooks import Webhook as StandardWebhook

from common.webhooks import (
    GITHUB,
    STANDARD,
    NotSigned,
    SignedCall,
    check_signature,
    standard_signature,
)
from deployments.models import Delivery, Webhook
from deployments.providers.registry import PROVIDERS
from tests.deployments.real_data import real_data
from tests.deployments.senders import jws, mac, send, signature, standard
from tests.factories import NOW

BODY = b'{"version": "1.0", "sha": "abcdef1234"}'
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()


def holds(scheme, headers, body=BODY, secrets=(SECRET,), now=NOW):
    call = SignedCall({name.lower(): value for name, value in headers.items()}, body, now)
    try:
        check_signature(call, secrets, scheme if isinstance(scheme, tuple) else (scheme,))
    except NotSigned:
        return False
    return True


@pytest.mark.parametrize("name", PROVIDERS)
class TestEachProvider:
    def test_is_believed_with_its_own_signature(self, name):
        headers = signature(name, SECRET, BODY)

        assert holds(PROVIDERS[name].schemes, headers)

    def test_is_refused_with_another_secret(self, name):
        headers = signature(name, "another secret", BODY)

        assert not holds(PROVIDERS[name].schemes, headers)

    def test_is_refused_without_a_signature(self, name):
        assert not holds(PROVIDERS[name].schemes, {})

    @pytest.mark.parametrize(
        "value", ["", " ", "sha256=", "v1=", "a.b.c", "é\x00", "Basic !", "x" * 9999]
    )
    def test_is_refused_with_an_odd_signature(self, name, value):
        headers = dict.fromkeys(signature(name, SECRET, BODY), value)

        assert not holds(PROVIDERS[name].schemes, headers)

    def test_may_sign_with_the_old_secret_while_it_is_exchanged(self, name):
        headers = signature(name, "the old secret", BODY)

        assert holds(PROVIDERS[name].schemes, headers, secrets=(SECRET, "the old secret"))


@pytest.mark.parametrize(
    "name",
    [n for n in PROVIDERS if "Authorization" not in signature(n, "s", b"") and n != "gitlab"],
)
def test_a_signature_is_of_one_body_only(name):
    headers = signature(name, SECRET, BODY)

    assert not holds(PROVIDERS[name].schemes, headers, body=BODY + b" ")


class TestStandardWebhooks:
    def test_one_signed_by_the_package_is_believed(self):
        at = NOW.timestamp()

        assert holds(STANDARD, standard(SECRET, BODY, at=at))

    def test_the_package_believes_ours(self):
        at = int(datetime.now(tz=UTC).timestamp())
        mine = standard_signature("m-1", at, BODY, SECRET)

        StandardWebhook(SECRET).verify(
            BODY.decode(),
            {"webhook-id": "m-1", "webhook-timestamp": str(at), "webhook-signature": mine},
        )

    @pytest.mark.parametrize(
        ("seconds", "believed"), [(-301, False), (-299, True), (299, True), (301, False)]
    )
    def test_is_good_for_five_minutes(self, seconds, believed):
        headers = standard(SECRET, BODY, at=NOW.timestamp() + seconds)

        assert holds(STANDARD, headers) is believed

    def test_one_of_several_signatures_is_enough(self):
        headers = standard(SECRET, BODY, at=NOW.timestamp())
        headers["webhook-signature"] = f"v1a,abc v1,AAAA {headers['webhook-signature']}"

        assert holds(STANDARD, headers)

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_each_header_is_needed_and_signed(self, name):
        headers = standard(SECRET, BODY, at=NOW.timestamp())

        assert not holds(STANDARD, {k: v for k, v in headers.items() if k != name})
        assert not holds(STANDARD, {**headers, name: headers[name] + "1"})

    def test_the_published_vectors_come_out_as_published(self):
        vectors = real_data("signature-vectors.json")
        for one in vectors:
            scheme = GITHUB if one["scheme"].startswith("github") else STANDARD
            at = one["headers"].get("webhook-timestamp", "0")
            now = datetime.fromtimestamp(int(at) if at.isdigit() else 0, tz=UTC)
            found = holds(scheme, one["headers"], one["body"].encode(), (one["secret"],), now)
            assert found is one["valid"], one

        assert len(vectors) == 9


class TestNetlify:
    def test_a_token_may_not_choose_how_it_is_checked(self):
        claims = {"iss": "netlify", "sha256": hashlib.sha256(BODY).hexdigest()}
        unsigned = jws(SECRET, claims, "none").rpartition(".")[0] + "."

        for token in (unsigned, jws(SECRET, claims, "none"), jws(SECRET, claims, "HS512")):
            assert not holds(PROVIDERS["netlify"].schemes, {"X-Webhook-Signature": token})

    def test_a_token_of_another_issuer_is_refused(self):
        claims = {"iss": "elsewhere", "sha256": hashlib.sha256(BODY).hexdigest()}

        headers = {"X-Webhook-Signature": jws(SECRET, claims)}

        assert not holds(PROVIDERS["netlify"].schemes, headers)


class TestTheTokenSchemes:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": f"Bearer {SECRET}"},
            {"Authorization": f"bearer  {SECRET}"},
            {"Authorization": f"apikey {SECRET}"},
            {"Authorization": SECRET},
            {"Authorization": "Basic " + base64.b64encode(f"wake:{SECRET}".encode()).decode()},
            {"X-Wake-Token": SECRET},
        ],
    )
    def test_take_a_secret_as_tools_can_send_it(self, headers):
        assert holds(PROVIDERS["generic"].schemes, headers)

    def test_a_shown_signature_is_not_made_up_for_by_a_token(self):
        headers = {**standard("whsec_AAAA", BODY, at=NOW.timestamp()), "X-Wake-Token": SECRET}

        assert not holds(PROVIDERS["generic"].schemes, headers)

    @pytest.mark.parametrize("body", [f'{{"api_key": "{SECRET}"}}', f"sha=1&api_key={SECRET}"])
    def test_sleuths_key_may_stand_in_the_body(self, body):
        assert holds(PROVIDERS["sleuth"].schemes, {}, body.encode())
        assert not holds(PROVIDERS["sleuth"].schemes, {}, body.replace("whsec", "x").encode())
        assert not holds(PROVIDERS["generic"].schemes, {}, body.encode())

    def test_gitlabs_signing_token_is_taken_too(self):
        assert holds(PROVIDERS["gitlab"].schemes, standard(SECRET, BODY, at=NOW.timestamp()))


@pytest.mark.django_db
class TestARefusal:
    def refuse(self, webhook, **headers):
        return Client().post(
            f"/hooks/{webhook.provider}/{webhook.key}/",
            json.dumps({"version": "1.0", "note": "private"}),
            "application/json",
            headers=headers,
        )

    @pytest.fixture
    def webhook(self, shop):
        return Webhook.objects.create(project=shop, provider="generic")

    def test_is_401_and_keeps_nothing_but_the_fact(self, webhook, shop):
        answer = self.refuse(webhook, Authorization="Bearer wrong")

        webhook.refresh_from_db()
        assert answer.status_code == 401
        assert (Delivery.objects.count(), shop.deployments.count()) == (0, 0)
        assert webhook.refused_count == 1
        assert webhook.last_refused_at

    def test_is_one_line_in_the_log_without_what_was_sent(self, webhook, caplog):
        with caplog.at_level(logging.WARNING, logger="deployments.webhooks"):
            self.refuse(webhook, Authorization="Bearer wrong")

        [line] = [r.getMessage() for r in caplog.records if r.name == "deployments.webhooks"]
        assert "wrong" not in line
        assert "private" not in line

    def test_says_what_is_missing_and_how_to_mend_it(self, webhook):
        detail = self.refuse(webhook).json()["detail"]

        assert "Authorization" in detail
        assert "Wake's settings" in detail

    def test_ends_with_the_time_in_which_both_secrets_hold(self, shop):
        now = datetime.now(tz=UTC)
        webhook = Webhook.objects.create(
            project=shop,
            provider="github",
            previous_secret="the old one",
            previous_until=now + timedelta(minutes=5),
        )
        raw = b'{"zen": "x"}'
        old = {"X-Hub-Signature-256": "sha256=" + mac("the old one", raw), "X-GitHub-Event": "ping"}
        while_it_holds = Client().post(
            f"/hooks/github/{webhook.key}/", raw, "application/json", headers=old
        )
        Webhook.objects.filter(pk=webhook.pk).update(previous_until=now - timedelta(seconds=1))
        afterwards = Client().post(
            f"/hooks/github/{webhook.key}/", raw, "application/json", headers=old
        )

        assert (while_it_holds.status_code, afterwards.status_code) == (202, 401)

    def test_comes_for_the_address_of_another_provider_as_not_found(self, webhook):
        webhook.provider = "gitlab"

        assert send(webhook, {"version": "1"}).status_code == 404
