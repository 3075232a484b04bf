import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection

from common.traces import Traces
from digest.channel_models import Channel, Chat
from digest.channels import MOST
from digest.forgetting import forget_in_issues
from digest.models import Edition, Issue, Subscription
from digest.sending import send_digest_to
from digest.tasks import send_due_digests, send_some_digests
from feedback.models import FeedbackItem
from tests.digest.weeks import make_rich_week
from tests.factories import NOW

PAGE = "/p/shop/digest/channels/"
MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM = {
    "chat": "slack", "name": "#checkout", "with_words": "on", "rhythm": "weekly", "weekday": "0",
    "monthday": "1", "hour": "8", "timezone": "UTC",
}  # fmt: skip


@pytest.fixture(autouse=True)
def rich(shop, ada, ben):
    make_rich_week(shop, ada, ben)


def make_channel(shop, url: str, chat: str = Chat.SLACK, **facts) -> Subscription:
    channel = Channel.objects.create(
        project=shop, chat=chat, name="#checkout", url=url, made_at=NOW, **facts
    )
    return Subscription.objects.create(project=shop, channel=channel, next_due_at=MONDAY)


@pytest.fixture
def slack(shop, receiver) -> Subscription:
    return make_channel(shop, f"{receiver.url}/services/T0/B0/secret-of-slack")


@pytest.fixture
def broken(settings) -> Iterator[str]:
    """The address of a host that takes a call and hangs up."""
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    door = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            caller.recv(65_536)
            caller.close()

    threading.Thread(target=hang_up, daemon=True).start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}/hook"
    door.close()


class TestPosting:
    @pytest.mark.parametrize("chat", Chat.values)
    def test_reaches_every_chat_in_its_own_format(self, chat, shop, receiver):
        row = make_channel(shop, f"{receiver.url}/hook", chat)

        issue = send_digest_to(row, now=MONDAY)

        (call,) = receiver.sent
        assert (call.method, call.headers["content-type"]) == ("POST", "application/json")
        key = {"slack": "blocks", "discord": "embeds"}.get(chat, "attachments")
        assert "One-page checkout" in json.dumps(call.json[key], ensure_ascii=False)
        assert issue.sent_at == MONDAY

    def test_asks_discord_to_say_whether_it_took_it(self, shop, receiver):
        row = make_channel(shop, f"{receiver.url}/api/webhooks/1/a?thread_id=7", Chat.DISCORD)

        send_digest_to(row, now=MONDAY)

        assert receiver.sent[0].path == "/api/webhooks/1/a?thread_id=7&wait=true"

    def test_links_to_the_archive_where_the_digest_now_is(self, slack, receiver, as_vic):
        send_digest_to(slack, now=MONDAY)

        edition = Edition.objects.get()
        assert f"/p/shop/digest/archive/{edition.pk}/" in receiver.sent[0].body.decode()
        assert as_vic.get(f"/p/shop/digest/archive/{edition.pk}/").status_code == 200

    def test_holds_no_readers_own_links(self, slack, receiver):
        send_digest_to(slack, now=MONDAY)

        assert "unsubscribe" not in receiver.sent[0].body.decode()
        assert slack.token not in receiver.sent[0].body.decode()

    def test_leaves_customers_words_out_where_that_was_chosen(self, shop, receiver):
        row = make_channel(shop, f"{receiver.url}/hook", with_words=False)

        send_digest_to(row, now=MONDAY)

        words = [one.text[:25] for one in FeedbackItem.objects.all() if len(one.text) > 25]
        said = json.dumps(receiver.sent[0].json, ensure_ascii=False)
        assert words
        assert not [one for one in words if one in said]

    def test_has_its_own_hour_and_zone(self, slack, receiver):
        Subscription.objects.filter(pk=slack.pk).update(
            rhythm="daily", hour=7, timezone="Asia/Tokyo"
        )

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert slack.next_due_at == datetime(2026, 3, 23, 22, 0, tzinfo=UTC)

    def test_is_started_by_the_bell_that_starts_mails(self, slack, receiver, mailbox, monkeypatch):
        monkeypatch.setattr(  # no worker listens
            send_some_digests,
            "apply_async",
            lambda kwargs, **_: send_some_digests.apply(kwargs=kwargs, throw=True),
        )

        with time_machine.travel(MONDAY + timedelta(minutes=1), tick=False):
            send_due_digests.apply(throw=True)

        assert len(receiver.sent) == 1
        assert mailbox.recipients == []  # the members' own begin a week later


class TestOnce:
    def test_posts_a_period_once_however_often_it_is_tried(self, slack, receiver):
        send_digest_to(slack, now=MONDAY)
        Subscription.objects.filter(pk=slack.pk).update(next_due_at=MONDAY)
        send_digest_to(Subscription.objects.get(pk=slack.pk), now=MONDAY)

        assert len(receiver.sent) == 1

    def test_leaves_it_to_the_worker_that_holds_the_row(self, slack, receiver):
        assert slack.claim(MONDAY)

        assert send_digest_to(slack, now=MONDAY) is None
        assert receiver.sent == []

    def test_does_not_post_again_what_may_have_arrived(self, shop, broken):
        row = make_channel(shop, broken)

        assert send_digest_to(row, now=MONDAY) is None

        issue = Issue.objects.get()
        row.refresh_from_db()
        assert (issue.sent_at, issue.doubted_at) == (None, MONDAY)
        assert row.next_due_at > MONDAY

    def test_posts_nothing_again_after_a_worker_died_in_the_call(self, slack, receiver):
        issue = send_digest_to(slack, now=MONDAY)
        Issue.objects.filter(pk=issue.pk).update(sent_at=None)
        Subscription.objects.filter(pk=slack.pk).update(next_due_at=MONDAY)

        send_digest_to(Subscription.objects.get(pk=slack.pk), now=MONDAY)

        assert len(receiver.sent) == 1
        assert Issue.objects.get().doubted_at


class TestRefusals:
    @pytest.mark.parametrize("status", [500, 502, 503, 400, 302])
    def test_are_tried_again_with_longer_and_longer_waits(self, status, slack, receiver):
        receiver.will_answer(status, body=b"come back later")
        waits, now = [], MONDAY

        for _ in range(4):
            send_digest_to(slack, now=now)
            slack.refresh_from_db()
            waits.append(slack.retry_at - now)
            now = slack.retry_at

        assert waits == [HOUR / 4, HOUR / 2, HOUR, 2 * HOUR]
        assert str(status) in slack.problem
        assert Issue.objects.get().handing_at is None

    def test_end_when_the_chat_takes_it(self, slack, receiver):
        receiver.will_answer(503)
        send_digest_to(slack, now=MONDAY)
        receiver.will_answer(200)
        send_digest_to(slack, now=MONDAY + HOUR)

        slack.refresh_from_db()
        assert (slack.problem, slack.attempts) == ("", 0)
        assert receiver.sent[0].json == receiver.sent[1].json

    def test_do_not_bring_back_what_was_erased_meanwhile(self, slack, shop, receiver):
        receiver.will_answer(503)
        send_digest_to(slack, now=MONDAY)
        traces = Traces(frozenset({"One-page checkout"}), frozenset(), ())
        forget_in_issues(shop, traces)
        receiver.will_answer(200)

        send_digest_to(slack, now=MONDAY + HOUR)

        assert b"One-page checkout" in receiver.sent[0].body
        assert b"One-page checkout" not in receiver.sent[1].body

    def test_wait_as_long_as_the_chat_asks(self, slack, receiver):
        receiver.will_answer(429, Retry_After="7200")

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert slack.retry_at == MONDAY + 2 * HOUR
        assert "less often" in slack.problem

    def test_wait_no_shorter_than_usual(self, slack, receiver):
        receiver.will_answer(429, Retry_After="1")

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert slack.retry_at == MONDAY + HOUR / 4

    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_for_good_pause_the_channel_and_say_so(self, status, slack, receiver, as_ben):
        receiver.will_answer(status, body=b"no_service <b>")

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert slack.paused_at == MONDAY
        assert slack.claimed_at is None
        page = as_ben.get(f"{PAGE}{slack.pk}/").content.decode()
        assert "Nothing is posted here" in page
        assert f"{status}: no_service &lt;b&gt;" in page
        assert send_digest_to(slack, now=MONDAY + HOUR) is None
        assert len(receiver.sent) == 1

    def test_of_a_webhook_mattermost_does_not_know_are_for_good(self, shop, receiver):
        row = make_channel(shop, f"{receiver.url}/hooks/x", Chat.MATTERMOST)
        receiver.will_answer(400, body=b'{"id":"web.incoming_webhook.invalid.app_error"}')

        send_digest_to(row, now=MONDAY)

        row.refresh_from_db()
        assert row.paused_at

    def test_pause_no_member_and_no_other_channel(self, slack, shop, receiver):
        other = make_channel(shop, f"{receiver.url}/other")
        receiver.will_answer(410)

        send_digest_to(slack, now=MONDAY)

        assert list(Subscription.objects.exclude(paused_at=None)) == [slack]
        assert other.channel

    def test_are_over_when_a_person_says_so(self, slack, receiver, as_ada):
        receiver.will_answer(410)
        send_digest_to(slack, now=MONDAY)

        as_ada.post(f"{PAGE}{slack.pk}/resume/")

        slack.refresh_from_db()
        assert slack.paused_at is None
        assert slack.next_due_at > MONDAY

    def test_are_no_fault_of_the_mail_server(self, slack, receiver, as_ben):
        receiver.will_answer(503, body=b"try later")
        send_digest_to(slack, now=MONDAY)

        assert "try later" not in as_ben.get("/p/shop/digest/").content.decode()
        assert "try later" in as_ben.get(f"{PAGE}{slack.pk}/").content.decode()

    def test_never_quote_the_secret_address(self, slack, receiver):
        receiver.will_answer(
            500, body=f"POST {receiver.url}/services/T0/B0/secret-of-slack".encode()
        )

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert "secret-of-slack" not in slack.problem

    def test_of_a_host_that_is_not_there_are_tried_again(self, shop, settings):
        settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
        with socket.create_server(("127.0.0.1", 0)) as door:
            port = door.getsockname()[1]
        row = make_channel(shop, f"http://127.0.0.1:{port}/hook")

        send_digest_to(row, now=MONDAY)

        row.refresh_from_db()
        assert row.retry_at == MONDAY + HOUR / 4
        assert Issue.objects.get().doubted_at is None

    def test_meet_hosts_inside_the_own_network(self, slack, settings, receiver):
        settings.ALLOW_PRIVATE_HOSTS = []

        send_digest_to(slack, now=MONDAY)

        slack.refresh_from_db()
        assert "own network" in slack.problem
        assert receiver.sent == []


class TestAdding:
    def test_keeps_a_channel_with_its_own_rhythm(self, as_ada, ada, shop, receiver):
        as_ada.post(f"{PAGE}new/", {**FORM, "url": f"{receiver.url}/a", "hour": "17"})

        row = Subscription.objects.get(channel__isnull=False)
        assert (row.channel.name, row.channel.made_by, row.hour) == ("#checkout", ada, 17)
        assert receiver.sent == []

    def test_keeps_the_address_encrypted_and_shows_it_masked(self, slack, as_ada):
        with connection.cursor() as cursor:
            cursor.execute("SELECT url FROM digest_channel")
            assert "secret-of-slack" not in str(cursor.fetchall())
        for page in (PAGE, f"{PAGE}{slack.pk}/"):
            assert "secret-of-slack" not in as_ada.get(page).content.decode()
        assert "…lack" in as_ada.get(f"{PAGE}{slack.pk}/").content.decode()

    def test_posts_a_test_before_anything_is_kept(self, as_ada, receiver):
        answer = as_ada.post(f"{PAGE}new/", {**FORM, "url": f"{receiver.url}/a", "test": "1"})

        assert "Test: " in receiver.sent[0].json["text"]
        assert "The test is in #checkout in Slack." in answer.content.decode()
        assert not Channel.objects.exists()
        form = BeautifulSoup(answer.content, "html5lib")
        assert form.find("input", {"name": "url"})["value"] == f"{receiver.url}/a"

    def test_posts_a_test_to_a_kept_channel(self, slack, as_ada, receiver):
        as_ada.post(f"{PAGE}{slack.pk}/test/")

        assert "Test: " in receiver.sent[0].json["text"]
        assert not Issue.objects.exists()

    def test_says_why_a_test_did_not_arrive(self, slack, as_ada, receiver):
        receiver.will_answer(404, body=b"no_service")

        page = as_ada.post(f"{PAGE}{slack.pk}/test/", follow=True).content.decode()

        assert "The test did not arrive. Slack answered 404: no_service" in page

    def test_allows_ten_tests_in_ten_minutes(self, slack, as_ada, receiver):
        with time_machine.travel(NOW, tick=False):
            for _ in range(12):
                as_ada.post(f"{PAGE}{slack.pk}/test/")

        assert len(receiver.sent) == 10

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("https://discord.com/api/webhooks/1/a", "address of Discord"),
            ("https://x.webhook.office.com/webhookb2/a", "retired"),
            ("http://127.0.0.1/hook", "own network"),
            ("ftp://a.example/hook", "https://"),
            ("https://ada:pass@hooks.slack.com/a", "password"),
        ],
    )
    def test_refuses_an_address_that_cannot_be_right(self, url, why, as_ada):
        answer = as_ada.post(f"{PAGE}new/", {**FORM, "url": url})

        assert answer.status_code == 400
        assert why in answer.content.decode()
        assert not Channel.objects.exists()

    def test_refuses_more_than_a_project_may_have(self, as_ada, shop, receiver):
        for _ in range(MOST):
            make_channel(shop, f"{receiver.url}/a")

        as_ada.post(f"{PAGE}new/", {**FORM, "url": f"{receiver.url}/a"})

        assert Channel.objects.count() == MOST


class TestChanging:
    def test_leaves_the_address_where_it_is_unless_another_is_given(self, slack, as_ada):
        as_ada.post(f"{PAGE}{slack.pk}/", {**FORM, "name": "#ships", "url": ""})

        slack.channel.refresh_from_db()
        assert slack.channel.name == "#ships"
        assert slack.channel.url.endswith("secret-of-slack")

    def test_ends_a_pause_by_another_address(self, slack, receiver, as_ada):
        receiver.will_answer(410)
        send_digest_to(slack, now=MONDAY)

        as_ada.post(f"{PAGE}{slack.pk}/", {**FORM, "url": f"{receiver.url}/new"})

        slack.refresh_from_db()
        assert slack.paused_at is None

    def test_can_switch_it_off(self, slack, as_ada, receiver):
        as_ada.post(f"{PAGE}{slack.pk}/", {**FORM, "rhythm": "off", "url": ""})

        slack.refresh_from_db()
        assert not slack.is_on

    def test_removes_it_with_its_address(self, slack, as_ada):
        as_ada.post(f"{PAGE}{slack.pk}/remove/")

        assert not Channel.objects.exists()
        assert not Subscription.objects.filter(pk=slack.pk).exists()


class TestThePage:
    def test_lists_what_was_posted(self, slack, receiver, as_ben):
        issue = send_digest_to(slack, now=MONDAY)

        page = as_ben.get(f"{PAGE}{slack.pk}/").content.decode()

        assert f"/p/shop/digest/archive/{issue.edition_id}/" in page

    def test_teaches_where_there_is_none(self, as_ada, as_ben):
        assert "Add a channel" in as_ada.get(PAGE).content.decode()
        assert "An owner of the project can add one" in as_ben.get(PAGE).content.decode()

    def test_is_not_among_the_addresses_without_an_account(self, slack, as_ben):
        assert "#checkout" not in as_ben.get("/p/shop/digest/recipients/").content.decode()

    def test_shows_nothing_of_another_projects_channel(self, slack, as_cleo):
        assert as_cleo.get(f"/p/bakery/digest/channels/{slack.pk}/").status_code == 404

    def test_takes_the_same_queries_however_many_there_are(
        self, shop, receiver, as_ben, django_assert_max_num_queries
    ):
        for _ in range(MOST):
            make_channel(shop, f"{receiver.url}/a")

        with django_assert_max_num_queries(15):
            as_ben.get(PAGE)
