"""Mail by the API of a provider: what it receives, what it refuses and what it reports."""

import json
import os
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.test import Client
from django.utils.module_loading import import_string

from config.env import Env
from config.mail import PROVIDERS, mail_settings
from digest.models import Issue, Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from tests.digest.test_findings_mail import find, ring
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment

MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = "ada@example.com"
HOOK = "/mails/bounces/postmark/"
SECRET = "postmark:a-long-secret"
REFUSED = (
    "You tried to send to recipient(s) that have been marked as inactive. Found inactive "
    "addresses: {}. Inactive recipients are ones that have generated a hard bounce."
)


class Postmark:
    """Takes mails as Postmark's API does, or answers something else, or late."""

    def __init__(self) -> None:
        self.mails: list[dict] = []
        self.tokens: list[str] = []
        self.status, self.answer, self.waits = 200, {}, 0.0
        self.refuses = False

    def serve(self) -> HTTPServer:
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                place.mails.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                place.tokens.append(self.headers["X-Postmark-Server-Token"])
                time.sleep(place.waits)
                said = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": ADA}
                if place.refuses:
                    said = {"ErrorCode": 406, "Message": REFUSED.format(place.mails[-1]["To"])}
                body = json.dumps(said | place.answer).encode()
                self.send_response(422 if place.refuses else place.status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args) -> None:
                """Say nothing."""

        return HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def environment(monkeypatch):
    """An environment that says nothing of mail; call it with what it is to say."""
    for name in list(os.environ):
        if name.startswith(("EMAIL_", "MAIL_", "ANYMAIL_", "KEEP_")):
            monkeypatch.delenv(name)

    def say(**facts: str) -> dict:
        for name, value in facts.items():
            monkeypatch.setenv(name, value)
        return mail_settings(Env())

    return say


@pytest.fixture
def postmark(environment, settings):
    place = Postmark()
    server = place.serve()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = environment(
        MAIL_PROVIDER="postmark",
        ANYMAIL_POSTMARK_SERVER_TOKEN="a-token",
        ANYMAIL_POSTMARK_API_URL=f"http://127.0.0.1:{server.server_port}/",
        ANYMAIL_WEBHOOK_SECRET=SECRET,
        ANYMAIL_REQUESTS_TIMEOUT="2",
    )
    said["ANYMAIL"]["REQUESTS_TIMEOUT"] = 2
    for name, value in said.items():
        setattr(settings, name, value)
    settings.BASE_URL = "https://wake.example.com"
    yield place
    server.shutdown()
    server.server_close()


@pytest.fixture
def due(shop, ada, ben) -> Subscription:
    make_rich_week(shop, ada, ben)
    return subscribe(shop, ada, now=NOW)


class TestTheEnvironment:
    def test_prints_and_keeps_mail_where_it_says_nothing(self, environment):
        said = environment()

        assert said["EMAIL_BACKEND"] == said["KEEPING_BACKEND"]
        assert said["KEPT_BACKEND"] == "django.core.mail.backends.console.EmailBackend"
        assert said["KEEP_MAILS"] == 200

    def test_names_a_mail_server_by_its_url_and_keeps_nothing(self, environment):
        said = environment(EMAIL_URL="smtp+tls://wake:p%40ss@mail.example.com:587")

        assert said["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
        assert (said["EMAIL_HOST"], said["EMAIL_PORT"]) == ("mail.example.com", 587)
        assert (said["EMAIL_HOST_PASSWORD"], said["EMAIL_USE_TLS"]) == ("p@ss", True)
        assert said["KEEP_MAILS"] == 0

    def test_keeps_mails_with_a_mail_server_if_it_says_so(self, environment):
        said = environment(EMAIL_URL="smtp://mail.example.com", KEEP_MAILS="20")

        assert said["EMAIL_BACKEND"] == said["KEEPING_BACKEND"]
        assert said["KEPT_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_chooses_each_providers_backend(self, environment, provider):
        backend = environment(MAIL_PROVIDER=provider)["EMAIL_BACKEND"]

        assert backend == f"anymail.backends.{provider}.EmailBackend"
        if provider != "amazon_ses":  # wants boto3
            assert import_string(backend)

    def test_gives_anymail_its_own_settings_also_from_files(self, environment, tmp_path):
        (tmp_path / "key").write_text("from-a-file")
        said = environment(ANYMAIL_BREVO_API_KEY_FILE=str(tmp_path / "key"), ANYMAIL_A="b")

        assert said["ANYMAIL"] == {"REQUESTS_TIMEOUT": 20, "BREVO_API_KEY": "from-a-file", "A": "b"}

    def test_says_which_providers_there_are_where_one_is_misspelled(self, environment):
        with pytest.raises(ImproperlyConfigured, match="one of: amazon_ses, brevo"):
            environment(MAIL_PROVIDER="postmrak")


@pytest.mark.django_db
class TestADigestByAProvider:
    def test_is_received_with_both_parts_and_the_headers_of_a_list(self, postmark, due):
        assert type(get_connection()).__module__ == "anymail.backends.postmark"
        issue = send_digest_to(due, now=MONDAY)

        (mail,) = postmark.mails
        headers = {one["Name"]: one["Value"] for one in mail["Headers"]}
        assert postmark.tokens == ["a-token"]
        assert (mail["To"], mail["Subject"]) == (ADA, issue.subject)
        assert mail["TextBody"].strip() == issue.text.strip()
        assert mail["HtmlBody"].startswith("<!")
        assert headers["Message-ID"] == issue.message_id
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Unsubscribe"].startswith("<https://wake.example.com/digest/unsub")
        assert Issue.objects.get().sent_at == MONDAY

    def test_that_fails_is_tried_again_later(self, postmark, due):
        postmark.status, postmark.answer = 500, {"ErrorCode": 100, "Message": "Maintenance"}
        assert send_digest_to(due, now=MONDAY) is None

        due.refresh_from_db()
        assert "Maintenance" in due.problem
        postmark.status, postmark.answer = 200, {}
        assert send_digest_to(due, now=MONDAY + HOUR)

    def test_for_an_address_it_refuses_pauses_the_address(self, postmark, due):
        postmark.refuses = True
        assert send_digest_to(due, now=MONDAY) is None

        due.refresh_from_db()
        assert due.paused_at == MONDAY
        assert due.pause_reason == "550 The mail provider takes no mail for it: rejected"

    def test_that_it_answers_too_late_may_have_arrived_and_is_not_sent_twice(self, postmark, due):
        postmark.waits = 2.5
        assert send_digest_to(due, now=MONDAY) is None
        postmark.waits = 0

        assert Issue.objects.get().doubted_at == MONDAY
        assert send_digest_to(due, now=MONDAY + HOUR) is None
        assert len(postmark.mails) == 1

    def test_mails_about_findings_go_the_same_way(self, postmark, shop, ada, ben):
        find(make_deployment(shop, "2.0", shipped_at=NOW - 2 * HOUR, by=ADA))

        assert ring() == 1
        assert postmark.mails[0]["To"] == ADA


def report(secret: str = SECRET, **facts: str):
    said = {
        "RecordType": "Bounce", "Type": "HardBounce", "Email": ADA, "ID": 1, "MessageID": "pm-1",
        "Description": "The server was unable to deliver your message (unknown user).",
        "BouncedAt": "2026-03-23T08:01:00Z", **facts,
    }  # fmt: skip
    return Client().post(
        HOOK, json.dumps(said), content_type="application/json",
        headers={"Authorization": f"Basic {b64encode(secret.encode()).decode()}"},
    )  # fmt: skip


@pytest.mark.django_db
class TestOtherMailsByAProvider:
    """A refusal is told to whoever asked for the mail; no page fails."""

    @pytest.fixture
    def refusing(self, postmark):
        postmark.refuses = True

    def test_a_test_of_the_digest_says_why_it_did_not_leave(self, refusing, shop, as_ada):
        page = as_ada.post("/p/shop/digest/test/", follow=True).content.decode()

        assert "did not take it" in page

    def test_an_address_that_is_to_be_asked_says_so(self, refusing, shop, as_ada):
        page = as_ada.post(
            "/p/shop/digest/recipients/", {"address": "kim@x.test"}, follow=True
        ).content.decode()

        assert "did not take it" in page

    def test_an_invitation_says_so(self, refusing, shop, as_ada):
        page = as_ada.post(
            "/p/shop/settings/members/", {"email": "new@example.com", "role": "member"}, follow=True
        ).content.decode()

        assert "the invitation could not be sent" in page


@pytest.mark.django_db
class TestWhatAProviderReports:
    def test_pauses_an_address_that_does_not_exist(self, postmark, due):
        assert report().status_code == 200

        due.refresh_from_db()
        assert due.pause_reason.startswith("The mail provider says: The server was unable to")

    def test_pauses_for_a_reader_who_called_a_mail_spam(self, postmark, due):
        report(RecordType="SpamComplaint", Type="SpamComplaint")

        due.refresh_from_db()
        assert "was spam" in due.pause_reason

    @pytest.mark.parametrize(
        "facts",
        [
            {"Type": "SoftBounce", "Description": "Mailbox is full"},
            {"Type": "Transient"},
            {"Type": "Blocked"},
            {"RecordType": "Delivery", "Recipient": ADA},
            {"RecordType": "Open", "Recipient": ADA},
            {"Email": "nobody@example.com"},
            {"Email": ""},
        ],
    )
    def test_pauses_nobody_else(self, postmark, due, facts):
        assert report(**facts).status_code == 200
        assert not Subscription.objects.exclude(paused_at=None).exists()

    def test_is_not_believed_without_the_secret(self, postmark, due):
        assert report("postmark:guessed").status_code == 400
        assert not Subscription.objects.exclude(paused_at=None).exists()

    def test_has_no_door_where_no_secret_is_set(self, postmark, due, settings):
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x"}

        assert report().status_code == 404

    def test_has_no_door_for_another_provider(self, postmark):
        assert Client().post(HOOK.replace("postmark", "brevo")).status_code == 404
        assert Client().post(HOOK.replace("postmark", "../x")).status_code == 404

    def test_is_asked_for_by_some_before_they_report(self, postmark):
        assert Client().head(HOOK).status_code == 200
