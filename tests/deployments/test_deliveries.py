"""The delivery log: kept before it is read, replayed after a fix, and forgotten in time."""

import json
import time
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import DatabaseError

from common.masking import mask_body
from deployments import deliveries, tasks
from deployments.deliveries import (
    MAX_ATTEMPTS,
    forget_deliveries,
    record_left_behind,
    replay_unreadable,
)
from deployments.models import Delivery, Deployment, Webhook
from tests.deployments.samples import RELEASE, STATUS
from tests.deployments.senders import send
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE = "/p/shop/settings/deliveries/"
ODD = {"build": {"number": "7"}, "where": "production"}
MAPPING = {"version": "build.number", "environment": "where"}


@pytest.fixture
def generic(shop):
    return Webhook.objects.create(project=shop, provider="generic")


def page(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


class TestADelivery:
    def test_is_kept_before_anything_is_made_of_it(self, generic, monkeypatch):
        def die(*_, **__):
            raise SystemExit

        monkeypatch.setattr(deliveries, "read_delivery", die)
        with pytest.raises(SystemExit):
            send(generic, {"version": "1.0"})

        kept = Delivery.objects.get()
        assert (kept.outcome, json.loads(bytes(kept.body))) == ("received", {"version": "1.0"})

    def test_is_kept_byte_for_byte_with_its_headers(self, generic):
        body = b'{ "version":\t"1.0" , "\xc3\xa9": 1.10 }'

        send(generic, body, X_Build="7")

        kept = Delivery.objects.get()
        assert bytes(kept.body) == body
        assert kept.headers["x-build"] == "7"

    def test_is_kept_without_secrets(self, generic):
        secrets = {
            "token": "abc-123",
            "nested": {"client_secret": 's3cr"et', "Password": "p"},
            "url": "https://ada:hunter2@example.com/x?access_token=zzz&ok=1",
            "note": f"ghp_{'a' * 36} and {generic.secret}",
        }

        send(generic, {"version": "1.0", **secrets}, Cookie="session=1", X_Api_Key="k-1")

        kept = Delivery.objects.get()
        told = bytes(kept.body).decode() + json.dumps(kept.headers)
        for secret in ("abc-123", "s3cr", '"p"', "hunter2", "zzz", "ghp_", generic.secret,
                       "session=1", "k-1"):  # fmt: skip
            assert secret not in told, secret
        assert json.loads(bytes(kept.body))["version"] == "1.0"
        assert "ok=1" in told

    @pytest.mark.parametrize(
        "unit", ['"token', "eyJ", "?sig", "-----BEGIN PRIVATE KEY-----", "http://a:", '"\\\\']
    )
    def test_of_many_beginnings_of_secrets_is_masked_in_no_time(self, unit):
        body = unit.encode() * (2_000_000 // len(unit))
        began = time.process_time()

        mask_body(body)

        assert time.process_time() - began < 5

    def test_that_says_no_time_shipped_when_it_came_in(self, generic, monkeypatch):
        send(generic, ODD)
        kept = Delivery.objects.get()
        Delivery.objects.filter(pk=kept.pk).update(received_at=NOW - timedelta(days=3))
        Webhook.objects.update(mapping=MAPPING)

        replay_unreadable(generic.project)

        assert Deployment.objects.get().shipped_at == NOW - timedelta(days=3)

    def test_in_production_by_any_spelling_is_in_one_place(self, generic, shop):
        for number, name in enumerate(("Production", "production", "PRODUCTION")):
            send(generic, {"version": f"1.{number}", "environment": name})

        assert [place.name for place in shop.environments.all()] == ["Production"]


class TestAFaultyStore:
    @pytest.fixture
    def broken(self, monkeypatch):
        def fail(**_):
            raise DatabaseError("disk full")

        monkeypatch.setattr(deliveries, "record_deployment", fail)
        return monkeypatch

    def test_loses_nothing_and_is_tried_again(self, generic, broken):
        answer = send(generic, {"version": "1.0"})
        was = Delivery.objects.get().outcome
        broken.undo()
        late = Delivery.objects.get().received_at + timedelta(minutes=2)

        record_left_behind(late)

        assert (answer.status_code, was) == (202, "received")
        assert Delivery.objects.get().outcome == "recorded"
        assert Deployment.objects.get().version == "1.0"

    def test_is_not_tried_for_ever(self, generic, broken):
        send(generic, {"version": "1.0"})
        late = Delivery.objects.get().received_at + timedelta(minutes=2)

        tried = [record_left_behind(late) for _ in range(MAX_ATTEMPTS + 2)]

        assert tried == [1] * (MAX_ATTEMPTS - 1) + [0, 0, 0]
        assert "failed to record" in Delivery.objects.get().reason

    def test_leaves_alone_what_a_living_worker_is_at(self, generic):
        Delivery.objects.create(
            project=generic.project, provider="generic", body=b"{}", received_at=NOW
        )

        assert record_left_behind(NOW + timedelta(seconds=30)) == 0


class TestReplay:
    def test_of_one_records_it_once_there_is_a_mapping(self, generic, as_ben):
        send(generic, ODD)
        kept = Delivery.objects.get()
        was = kept.outcome
        Webhook.objects.update(mapping=MAPPING)

        as_ben.post(f"{PAGE}{kept.pk}/replay/")
        as_ben.post(f"{PAGE}{kept.pk}/replay/")

        kept.refresh_from_db()
        assert (was, kept.outcome) == ("unreadable", "recorded")
        assert Deployment.objects.get().version == "7"

    def test_of_all_says_how_many_can_be_read_now(self, generic, as_ben):
        for number in range(3):
            send(generic, {"build": {"number": str(number)}})
        send(generic, b"{ broken")
        Webhook.objects.update(mapping={"version": "build.number"})

        answer = as_ben.post(f"{PAGE}replay/", follow=True)

        assert "3 of 4 could be read" in answer.content.decode()
        assert Deployment.objects.count() == 3

    def test_of_the_apis_own_calls_works_too(self, shop, api, as_ben):
        api.post("/api/v1/deployments/", "{}", content_type="application/json")
        kept = Delivery.objects.get()
        Delivery.objects.update(body=b'{"version": "1.0"}')

        as_ben.post(f"{PAGE}{kept.pk}/replay/")

        assert (kept.provider, Deployment.objects.get().version) == ("api", "1.0")

    def test_comes_by_itself_when_the_sender_sends_it_again(self, shop):
        webhook = Webhook.objects.create(project=shop, provider="generic")
        headers = {"X_Request_ID": "r-1"}
        send(webhook, ODD, **headers)
        Webhook.objects.update(mapping=MAPPING)

        answer = send(webhook, ODD, **headers)

        assert (answer.status_code, Delivery.objects.count()) == (201, 1)


class TestForgetting:
    def test_takes_the_old_and_leaves_their_ships(self, generic, settings):
        send(generic, {"version": "1.0"})
        send(generic, {"version": "2.0"})
        old = Delivery.objects.earliest("pk")
        Delivery.objects.filter(pk=old.pk).update(received_at=old.received_at - timedelta(days=31))
        settings.DELIVERY_RETENTION_DAYS = 30

        tasks.forget_old_deliveries()

        assert Delivery.objects.count() == 1
        assert Deployment.objects.count() == 2

    def test_says_how_many_it_took(self, generic):
        send(generic, {"version": "1.0"})

        assert forget_deliveries(NOW.replace(year=2200)) == 1


class TestThePages:
    def test_list_what_came_in_with_the_reason(self, generic, as_ben):
        send(generic, {"version": "<b>1.0</b>"})
        send(generic, ODD)

        found = page(as_ben.get(PAGE))

        assert "1 delivery could not be read" in found.get_text()
        assert "<b>1.0</b>" in found.get_text()
        assert len(found.select("tbody tr")) == 2

    def test_narrow_to_what_is_asked_for(self, generic, as_ben):
        send(generic, {"version": "1.0"})
        send(generic, ODD)

        found = page(as_ben.get(f"{PAGE}?outcome=unreadable&provider=generic"))

        assert len(found.select("tbody tr")) == 1

    def test_take_nonsense_in_a_filter(self, generic, as_ben):
        assert as_ben.get(f"{PAGE}?outcome=nope&provider=%00&cursor=x").status_code in (200, 404)

    def test_show_the_payload_and_what_was_masked(self, generic, as_ben):
        send(generic, {**ODD, "token": "abc-123", "html": "<script>alert(1)</script>"})
        kept = Delivery.objects.get()

        text = page(as_ben.get(f"{PAGE}{kept.pk}/")).get_text()

        assert '"token": "***"' in text
        assert "<script>alert(1)</script>" in text

    def test_show_bodies_that_are_no_text(self, generic, as_ben):
        send(generic, b"\xff\x00{")
        kept = Delivery.objects.get()

        assert as_ben.get(f"{PAGE}{kept.pk}/").status_code == 200

    def test_are_not_for_viewers_or_strangers(self, generic, as_vic, as_cleo):
        assert as_vic.get(PAGE).status_code == 403
        assert as_cleo.get(PAGE).status_code == 404

    def test_cost_as_many_queries_for_many_as_for_few(
        self, shop, as_ben, django_assert_max_num_queries
    ):
        Delivery.objects.bulk_create(
            Delivery(project=shop, provider="github", body=b"{}", received_at=NOW)
            for _ in range(60)
        )

        with django_assert_max_num_queries(10):
            as_ben.get(PAGE)


class TestAWebhooksPage:
    @pytest.fixture
    def make(self, shop, as_ada):
        def make(provider):
            return as_ada.post("/p/shop/settings/connect/hooks/", {"provider": provider}).url

        return make

    def test_is_made_once_however_often_one_asks(self, make):
        assert make("github") == make("github")
        assert Webhook.objects.count() == 1

    def test_is_not_made_for_a_tool_that_is_not_known(self, make):
        assert make("nope").endswith("/connect/")

    def test_shows_the_address_in_the_steps(self, make, as_ada):
        text = page(as_ada.get(make("gitlab"))).get_text()

        assert text.count(f"/hooks/gitlab/{Webhook.objects.get().key}/") >= 2

    def test_keeps_what_counts_as_a_ship(self, make, as_ada):
        where = make("circleci")

        as_ada.post(where, {"branch": "main", "names": "ship, roll out,", "environment": "eu"})

        kept = Webhook.objects.get()
        assert (kept.branch, kept.names, kept.environment) == ("main", ["ship", "roll out"], "eu")

    def test_makes_a_new_secret_and_keeps_the_address(self, make, as_ada):
        where = make("github")
        before = Webhook.objects.get()

        as_ada.post(f"{where}secret/", {"keep_old": "on"})

        after = Webhook.objects.get()
        assert (after.key, after.previous_secret) == (before.key, before.secret)
        assert after.secret not in (before.secret, "")

    def test_takes_the_secret_that_a_tool_gave_and_ends_the_old_one(self, make, as_ada):
        where = make("vercel")

        as_ada.post(f"{where}secret/", {"secret": "given by Vercel"})

        after = Webhook.objects.get()
        assert (after.secret, after.previous_secret) == ("given by Vercel", None)

    def test_refuses_a_secret_that_anybody_could_guess(self, make, as_ada):
        where = make("vercel")
        before = Webhook.objects.get().secret

        as_ada.post(f"{where}secret/", {"secret": "abc"})

        assert Webhook.objects.get().secret == before

    def test_says_how_often_a_call_was_refused(self, make, as_ada):
        where = make("github")
        hook = Webhook.objects.get()
        send(hook, STATUS, X_Hub_Signature_256="sha256=00", X_GitHub_Event="deployment_status")

        assert "1 call was refused" in page(as_ada.get(where)).get_text()

    def test_is_removed_and_what_came_in_stays(self, make, as_ada, shop):
        where = make("github")
        send(Webhook.objects.get(), RELEASE, X_GitHub_Event="release")

        as_ada.post(f"{where}remove/")

        assert not Webhook.objects.exists()
        assert (shop.deliveries.count(), shop.deployments.count()) == (1, 1)
