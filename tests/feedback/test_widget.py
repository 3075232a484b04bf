import gzip
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.callers import address_of
from common.errors import BadInput
from feedback.connectors.widget import may_send, read_message
from feedback.limits import spend
from feedback.messages import TooMany, take_message
from feedback.models import Allowance, Connection, FeedbackItem
from tests.factories import NOW

SITE = "https://shop.example"
MESSAGE = {
    "id": "0123456789abcdef",
    "text": "The address form loses my street",
    "rating": 2,
    "version": "1.4.0",
    "url": "https://shop.example/checkout",
}


def make_widget(project, name="Widget", **facts):
    return Connection.objects.create(
        project=project, kind="widget", name=name, created_at=NOW, **facts
    )


@pytest.fixture
def widget(shop):
    return make_widget(shop)


def send(widget, said=MESSAGE, *, origin=SITE, **extra):
    headers = {"Origin": origin, **extra}
    body = said if isinstance(said, str | bytes) else json.dumps(said)
    url = f"/w/{widget.key}/"
    return Client().post(url, body, content_type="text/plain", headers=headers)


@pytest.mark.django_db
class TestTheScript:
    def test_is_under_ten_kilobytes_as_it_travels(self, client):
        answer = client.get("/widget.js", headers={"Accept-Encoding": "gzip, br"})

        assert answer["Content-Encoding"] == "gzip"
        assert len(answer.content) < 10_000
        assert gzip.decompress(answer.content) == client.get("/widget.js").content

    def test_may_be_loaded_by_any_site_and_kept_for_an_hour(self, client):
        answer = client.get("/widget.js")

        assert answer["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "max-age=3600" in answer["Cache-Control"]
        assert "Cookie" not in answer["Vary"]
        assert not answer.cookies

    def test_is_not_sent_again_to_who_has_it(self, client):
        etag = client.get("/widget.js")["ETag"]

        assert client.get("/widget.js", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.django_db
class TestSendingAMessage:
    def test_stores_it_with_page_and_version(self, widget, shop):
        answer = send(widget)

        item = FeedbackItem.objects.get()
        assert (answer.status_code, answer.json()["created"]) == (201, True)
        assert (item.project, item.connection, item.source) == (shop, widget, "widget")
        assert (item.text, item.rating) == (MESSAGE["text"], 2)
        assert (item.version, item.url) == ("1.4.0", "https://shop.example/checkout")

    def test_twice_stores_it_once(self, widget):
        send(widget)
        answer = send(widget)

        assert (answer.status_code, answer.json()["created"]) == (200, False)
        assert FeedbackItem.objects.count() == 1

    def test_with_a_known_id_changes_nothing_that_is_stored(self, widget):
        send(widget)
        send(widget, {**MESSAGE, "text": "Buy cheap watches"})

        assert FeedbackItem.objects.get().text == MESSAGE["text"]

    def test_with_an_id_of_another_projects_message_is_a_message_of_its_own(self, widget, cleo):
        other = make_widget(cleo.projects.get())
        send(widget)
        send(other)

        assert FeedbackItem.objects.filter(project=other.project).count() == 1
        assert FeedbackItem.objects.filter(project=widget.project).count() == 1

    def test_that_waited_offline_is_dated_when_it_was_written(self, widget):
        send(widget, {**MESSAGE, "waited": 3600})

        age = timezone.now() - FeedbackItem.objects.get().said_at
        assert timedelta(minutes=59) < age < timedelta(minutes=61)

    def test_leaves_out_what_a_pages_address_may_hide(self, widget):
        send(widget, {**MESSAGE, "url": "https://ada:pw@shop.example/pay?token=s3cret#top"})

        assert FeedbackItem.objects.get().url == "https://shop.example/pay"

    def test_keeps_nothing_of_the_sender_but_the_browsers_family(self, widget):
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        send(widget, **{"User-Agent": agent, "X-Forwarded-For": "203.0.113.9"})

        item = FeedbackItem.objects.get()
        assert item.extra == {"browser": "Firefox"}
        assert item.customer is None

    def test_knows_who_wants_an_answer_by_their_mail_address(self, widget):
        send(widget, {**MESSAGE, "mail": "Dora@Example.com"})

        assert FeedbackItem.objects.get().customer.email == "dora@example.com"

    def test_takes_the_environment_of_its_connection_if_it_says_none(self, shop):
        send(make_widget(shop, environment="staging"))

        assert FeedbackItem.objects.get().environment == "staging"

    def test_shows_on_its_connection(self, widget):
        send(widget)
        send(widget)

        widget.refresh_from_db()
        assert (widget.received_count, widget.heard_at is None) == (1, False)

    def test_is_shown_escaped_in_the_inbox(self, widget, shop, as_ada):
        send(widget, {**MESSAGE, "text": "<script>alert(1)</script>"})

        page = as_ada.get(f"/p/{shop.slug}/feedback/").content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_sets_no_cookie_and_needs_none(self, widget):
        strict = Client(enforce_csrf_checks=True)
        answer = strict.post(f"/w/{widget.key}/", json.dumps(MESSAGE), content_type="text/plain")

        assert answer.status_code == 201
        assert not answer.cookies

    def test_reports_what_hints_at_a_robot_and_refuses_nothing_for_it(self, widget):
        send(widget, {**MESSAGE, "website": "http://spam.example", "seconds": 0.34})

        signals = FeedbackItem.objects.get().extra["signals"]
        assert signals == {"filled_hidden_field": True, "seconds": 0.3}


@pytest.mark.django_db
class TestAMessageThatCannotBeTaken:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"text": "", "rating": None}, "text"),
            ({"text": "x" * 5001}, "text"),
            ({"text": {"a": 1}}, "text"),
            ({"rating": 9}, "rating"),
            ({"rating": "many"}, "rating"),
            ({"mail": "not an address"}, "mail"),
            ({"id": "short"}, "id"),
            ({"id": ["a"]}, "id"),
            ({"version": "1" * 101}, "version"),
            ({"waited": "long"}, "waited"),
            ({"customer": {"id": "x" * 201}}, "customer.id"),
        ],
    )
    def test_names_the_field_and_the_mend(self, widget, change, field):
        answer = send(widget, {**MESSAGE, **change})

        error = answer.json()["errors"][0]
        assert (answer.status_code, error["field"]) == (400, field)
        assert error["message"]
        assert error["mend"]
        assert FeedbackItem.objects.count() == 0

    @pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "[" * 100_000, b"\xff\xfe", "NaN"])
    def test_is_no_error_of_ours(self, widget, body):
        assert send(widget, body).status_code in (400, 413)

    def test_is_refused_for_its_size_before_it_is_read(self, widget):
        assert send(widget, {**MESSAGE, "extra": "x" * 40_000}).status_code == 413

    @pytest.mark.parametrize("path", ["/w/no-such-key/", "/f/no-such-key/"])
    def test_for_an_unknown_key_learns_nothing(self, client, path, db):
        assert client.get(path).status_code == 404
        assert client.post(path, "{}", content_type="text/plain").status_code == 404

    def test_for_a_connection_that_is_switched_off_is_not_stored(self, shop):
        assert send(make_widget(shop, is_active=False)).status_code == 404

    def test_for_a_connection_of_another_kind_is_not_stored(self, shop):
        other = Connection.objects.create(project=shop, kind="mailbox", name="Mail", created_at=NOW)

        assert send(other).status_code == 404


class TestTheSitesThatMaySend:
    @pytest.mark.parametrize(
        ("listed", "origin", "may"),
        [
            ("", "https://anywhere.example", True),
            ("", "null", True),
            ("https://shop.example", "https://shop.example", True),
            ("https://Shop.example/", "https://shop.example", True),
            ("shop.example", "https://shop.example", True),
            ("shop.example", "http://shop.example", False),
            ("https://shop.example", "http://shop.example", False),
            ("https://shop.example", "https://shop.example:8443", False),
            ("https://shop.example", "https://shop.example.evil.example", False),
            ("https://shop.example", "https://evilshop.example", False),
            ("https://*.shop.example", "https://a.shop.example", True),
            ("https://*.shop.example", "https://a.b.shop.example", True),
            ("https://*.shop.example", "https://shop.example", False),
            ("https://*.shop.example", "https://evilshop.example", False),
            ("a.example, https://b.example:8443", "https://b.example:8443", True),
            ("localhost", "http://localhost:5173", True),
            ("localhost", "http://localhost", True),
            ("localhost", "http://localhost.evil.example", False),
            ("localhost", "https://evil.example", False),
            ("https://shop.example", "null", False),
            ("https://shop.example", "", False),
            ("*", "https://shop.example", False),
        ],
    )
    def test_are_those_that_are_listed_or_all(self, listed, origin, may):
        assert may_send({"origins": listed}, origin) is may

    @pytest.mark.django_db
    def test_may_read_the_answer_and_no_other_site_may(self, shop):
        widget = make_widget(shop, options={"origins": SITE})

        assert send(widget)["Access-Control-Allow-Origin"] == SITE
        refused = send(widget, origin="https://evil.example")
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused
        assert FeedbackItem.objects.count() == 1

    @pytest.mark.django_db
    def test_are_told_apart_by_caches(self, shop):
        widget = make_widget(shop, options={"origins": SITE})

        assert "Origin" in send(widget)["Vary"]

    @pytest.mark.django_db
    def test_refused_are_told_of_by_the_site_and_not_by_a_signature(self, shop, as_ada):
        widget = make_widget(shop, options={"origins": "https://shop.example"})
        send(widget, origin="https://evil.example")

        page = as_ada.get(f"/p/shop/settings/sources/{widget.pk}/").content.decode()

        assert "not from a site that is listed" in page
        assert "signature" not in page

    @pytest.mark.django_db
    def test_refused_are_counted_for_the_connections_page(self, shop):
        widget = make_widget(shop, options={"origins": SITE})
        send(widget, origin="https://evil.example")

        widget.refresh_from_db()
        assert (widget.refused_count, widget.refused_at is None) == (1, False)

    @pytest.mark.django_db
    def test_get_their_question_answered_before_they_send_json(self, shop):
        widget = make_widget(shop, options={"origins": SITE})
        ask = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
        answer = Client().options(f"/w/{widget.key}/", headers=ask)

        assert answer.status_code == 204
        assert answer["Access-Control-Allow-Origin"] == SITE
        assert "POST" in answer["Access-Control-Allow-Methods"]
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.django_db
class TestWhatTheWidgetAsks:
    def ask(self, widget):
        return Client().get(f"/w/{widget.key}/", headers={"Origin": SITE})

    def test_is_everything_unless_the_team_says_otherwise(self, widget):
        assert self.ask(widget).json() == {"question": "", "rating": True, "mail": True}

    def test_is_what_the_team_set(self, shop):
        options = {"question": "How was the checkout?", "rating": "no", "mail": "no"}
        answer = self.ask(make_widget(shop, options=options))

        assert answer.json() == {
            "question": "How was the checkout?", "rating": False, "mail": False,
        }  # fmt: skip

    def test_tells_no_secret_and_nothing_of_the_project(self, shop):
        widget = make_widget(shop, secrets={"signing_secret": "hush"}, options={"origins": SITE})

        assert set(self.ask(widget).json()) == {"question", "rating", "mail"}

    def test_may_be_kept_for_a_few_minutes(self, widget):
        assert self.ask(widget)["Cache-Control"] == "public, max-age=300"


class TestWhoAMessageIsFrom:
    def read(self, secret="", **said):
        return read_message({**MESSAGE, **said}, signing_secret=secret)[0].get("customer")

    def signed(self, known_by):
        return hmac.new(b"hush", known_by.encode(), hashlib.sha256).hexdigest()

    def test_is_nobody_if_it_does_not_say(self):
        assert self.read() is None

    def test_is_an_id_as_it_comes(self):
        assert self.read(customer={"id": "u1", "name": "Dora"}) == {"id": "u1", "name": "Dora"}

    def test_does_not_bind_a_mail_address_to_an_id_that_anybody_can_claim(self):
        assert self.read(customer={"id": "u1"}, mail="d@example.com") == {"email": "d@example.com"}

    def test_binds_both_if_the_teams_server_signed_the_id(self):
        who = {"id": "u1", "signature": self.signed("u1")}

        assert self.read("hush", customer=who, mail="d@example.com") == {
            "id": "u1", "email": "d@example.com",
        }  # fmt: skip

    @pytest.mark.parametrize("signature", [None, "", "00", "ü", 7, {"a": 1}])
    def test_is_nobody_if_the_id_should_be_signed_and_is_not(self, signature):
        assert self.read("hush", customer={"id": "u1", "signature": signature}) is None

    def test_is_not_whoever_another_id_was_signed_for(self):
        assert self.read("hush", customer={"id": "u2", "signature": self.signed("u1")}) is None

    @pytest.mark.parametrize("customer", ["u1", 7, ["u1"], None])
    def test_is_nobody_if_it_is_said_in_another_shape(self, customer):
        assert self.read(customer=customer) is None


class TestAnAddressOfAPage:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("https://shop.example/a/b", "https://shop.example/a/b"),
            ("https://shop.example:8443/a", "https://shop.example:8443/a"),
            ("/checkout", "/checkout"),
            ("javascript:alert(1)", ""),
            ("data:text/html,x", ""),
            ("https://[broken", ""),
            ("", ""),
        ],
    )
    def test_is_that_of_a_page_or_nothing(self, given, kept):
        assert read_message({**MESSAGE, "url": given})[0].get("url", "") == kept

    def test_of_any_length_is_refused_not_cut(self):
        with pytest.raises(BadInput):
            read_message({**MESSAGE, "url": "https://shop.example/" + "a" * 2000})


@pytest.mark.django_db
class TestTheLimit:
    def take(self, widget, number, *, sender="203.0.113.9"):
        row = {"id": f"message-{number}", "text": f"Number {number}"}
        return take_message(widget, row, waited=timedelta(), sender=sender, now=NOW)

    def test_is_thirty_messages_in_ten_minutes_from_one_place(self, widget):
        assert all(self.take(widget, n) for n in range(30))

        with pytest.raises(TooMany) as too_many:
            self.take(widget, 30)
        assert timedelta() < too_many.value.wait <= timedelta(minutes=10)
        assert self.take(widget, 31, sender="198.51.100.4")

    def test_is_told_with_the_time_to_wait(self, widget, monkeypatch):
        monkeypatch.setattr("feedback.messages.MOST_OF_A_PLACE", 0)
        answer = send(widget)

        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 600
        assert "Retry-After" in answer["Access-Control-Expose-Headers"]

    def test_does_not_count_a_message_that_is_known(self, widget, monkeypatch):
        monkeypatch.setattr("feedback.messages.MOST_OF_A_PLACE", 1)

        assert [send(widget).status_code for _ in range(3)] == [201, 200, 200]

    @pytest.mark.parametrize(
        ("proxies", "header", "address"),
        [
            (0, "203.0.113.9", "127.0.0.1"),
            (1, "203.0.113.9", "203.0.113.9"),
            (1, "192.0.2.7, 203.0.113.9", "203.0.113.9"),  # the first is what the caller claims
            (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
            (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            (1, "rubbish", ""),
            (2, "203.0.113.9", ""),
        ],
    )
    def test_counts_by_the_address_that_the_teams_own_proxy_saw(
        self, rf, settings, proxies, header, address
    ):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
        request = rf.post("/", headers={"X-Forwarded-For": header})

        assert address_of(request) == address

    def test_stores_no_address(self, widget):
        send(widget)

        marks = list(Allowance.objects.values_list("mark", flat=True))
        assert len(marks) == 2
        assert all(len(mark) == 64 and "127.0.0.1" not in mark for mark in marks)

    def test_begins_anew_and_forgets_the_old_count(self):
        span = timedelta(minutes=10)
        assert spend("a", most=1, span=span, now=NOW) is None
        assert spend("a", most=1, span=span, now=NOW) == span

        assert spend("a", most=1, span=span, now=NOW + 2 * span) is None
        assert Allowance.objects.count() == 1
