import pytest
from bs4 import BeautifulSoup

from outbound.models import Hook, Kind, Message
from outbound.news import write_test
from outbound.sending import send
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PAGE = "/p/shop/settings/outgoing/"
WEBHOOK = {
    "kind": "webhook",
    "webhook-url": "https://hook.test/wake",
    "webhook-events": ["ship.recorded", "verdict.reached"],
}


@pytest.fixture(autouse=True)
def bells(monkeypatch):
    """Which hooks' bells were rung: tests have no broker."""
    rung = []
    monkeypatch.setattr("outbound.views._send_soon", rung.append)
    return rung


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(response):
    return " ".join(parse(response).get_text(" ").split())


class TestAddingAHook:
    def test_shows_its_secret_this_once(self, shop, as_ada):
        answer = as_ada.post(PAGE, WEBHOOK)

        hook = Hook.objects.get()
        assert hook.secret.startswith("whsec_")
        assert hook.secret in answer.content.decode()
        for page in (PAGE, f"{PAGE}{hook.pk}/"):
            assert hook.secret not in as_ada.get(page).content.decode()

    def test_keeps_the_secret_encrypted(self, shop, as_ada, db):
        from django.db import connection

        as_ada.post(PAGE, WEBHOOK)
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM outbound_hook")
            assert Hook.objects.get().secret not in cursor.fetchone()[0]

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("http://127.0.0.1/", "inside the own network"),
            ("http://169.254.169.254/latest/meta-data", "inside the own network"),
            ("ftp://hook.test", "must begin with https://"),
            ("https://ada:x@hook.test", "must not contain a user name"),
        ],
    )
    def test_refuses_an_address_that_wake_would_never_call(self, shop, as_ada, url, told):
        answer = as_ada.post(PAGE, WEBHOOK | {"webhook-url": url})

        assert told in words(answer)
        assert not Hook.objects.exists()

    def test_takes_a_token_for_grafana_and_never_shows_it(self, shop, as_ada):
        said = {"grafana-url": "https://grafana.test", "grafana-token": "glsa_secret"}
        as_ada.post(PAGE, {"kind": "grafana", **said})

        hook = Hook.objects.get()
        assert (hook.kind, hook.secret) == (Kind.GRAFANA, "glsa_secret")
        assert hook.events == ["ship.recorded", "verdict.reached"]
        assert "glsa_secret" not in as_ada.get(f"{PAGE}{hook.pk}/").content.decode()

    def test_of_no_known_kind_changes_nothing(self, shop, as_ada):
        as_ada.post(PAGE, WEBHOOK | {"kind": "pigeon"})

        assert not Hook.objects.exists()


class TestAHooksPage:
    @pytest.fixture
    def page(self, hook):
        return f"{PAGE}{hook.pk}/"

    def test_sends_a_test(self, hook, page, as_ada, bells, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            as_ada.post(f"{page}test/")

        assert Message.objects.get().event == "test"
        assert bells == [hook.pk]
        assert "Waiting" in words(as_ada.get(page))

    def test_shows_what_became_of_each_message(self, hook, page, as_ada, receiver):
        receiver.will_answer(500, body=b"<script>alert(1)</script>")
        message = write_test(hook, now=NOW)
        message.claim(NOW)
        send(message, now=NOW)

        answer = as_ada.get(page)

        assert "Tried 1 time" in words(answer)
        assert "<script>alert(1)</script>" in words(answer)
        assert not parse(answer).select("main script")

    def test_asks_again_while_something_is_on_its_way(self, hook, page, as_ada):
        assert not parse(as_ada.get(page)).select_one("#log").get("hx-get")

        write_test(hook, now=NOW)

        assert parse(as_ada.get(page)).select_one("#log")["hx-get"] == page

    def test_sends_a_message_again(self, hook, page, as_ada):
        message = write_test(hook, now=NOW)
        Message.objects.update(sent_at=NOW)

        as_ada.post(f"{page}again/{message.pk}/")

        assert Message.objects.waiting().get() == message

    def test_does_not_send_the_messages_of_another_hook(self, hook, page, as_ada, shop):
        other = Hook.objects.create(project=shop, url="x", news_since=NOW, created_at=NOW)

        assert as_ada.post(f"{page}again/{write_test(other, now=NOW).pk}/").status_code == 404

    def test_makes_a_new_secret_beside_the_old_one(self, hook, page, as_ada):
        before = hook.secret

        answer = as_ada.post(f"{page}rotate/")

        hook.refresh_from_db()
        assert hook.secret != before
        assert hook.old_secret == before
        assert hook.secret in answer.content.decode()
        assert before not in answer.content.decode()

    def test_says_why_wake_turned_it_off_and_turns_it_on(self, hook, page, as_ada):
        Hook.objects.update(is_on=False, off_because="The address answered 410.")
        assert "Wake turned this off. The address answered 410." in words(as_ada.get(page))

        as_ada.post(f"{page}switch/", {"on": "1"})

        hook.refresh_from_db()
        assert (hook.is_on, hook.off_because) == (True, "")

    def test_turns_it_off_and_removes_it(self, hook, page, as_ada):
        as_ada.post(f"{page}switch/", {"off": "1"})
        hook.refresh_from_db()
        assert not hook.is_on

        as_ada.post(f"{page}remove/")
        assert not Hook.objects.exists()

    def test_changes_the_address_and_keeps_the_secret(self, hook, page, as_ada, receiver):
        before = hook.secret

        as_ada.post(page, {"url": f"{receiver.url}/new", "events": ["learning.confirmed"]})

        hook.refresh_from_db()
        assert (hook.url, hook.events) == (f"{receiver.url}/new", ["learning.confirmed"])
        assert hook.secret == before

    def test_costs_as_many_queries_for_many_messages_as_for_few(
        self, hook, page, as_ada, django_assert_max_num_queries
    ):
        for _ in range(20):
            write_test(hook, now=NOW)

        with django_assert_max_num_queries(10):
            as_ada.get(page)
