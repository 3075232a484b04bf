from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from digest.models import Issue
from digest.subscribe import subscribe, turn
from tests.digest.weeks import make_rich_week
from tests.factories import NOW


@pytest.fixture(autouse=True)
def rich(shop, ada, ben):
    make_rich_week(shop, ada, ben)
    with time_machine.travel(NOW, tick=False):
        yield


def send(*options: str) -> str:
    told = StringIO()
    call_command("send_digest", "--project", "shop", *options, stdout=told, stderr=told)
    return told.getvalue()


class TestSendDigest:
    def test_goes_to_every_member_and_says_who_got_it(self, mailbox):
        assert send() == "ada@example.com: sent\nben@example.com: sent\n"
        assert mailbox.recipients == ["ada@example.com", "ben@example.com"]

    def test_leaves_out_who_wants_none(self, mailbox, shop, ada):
        turn(subscribe(shop, ada, now=NOW), on=False, now=NOW)

        assert send() == "ben@example.com: sent\n"

    def test_goes_to_the_addresses_named(self, mailbox):
        send("--to", "board@example.com", "--to", "ben@example.com")

        assert mailbox.recipients == ["board@example.com", "ben@example.com"]

    def test_gives_a_stranger_no_members_way_out(self, mailbox):
        send("--to", "board@example.com")

        assert mailbox.mails[0]["List-Unsubscribe"] is None
        assert "unsubscribe" not in mailbox.raw[0].decode()

    def test_a_dry_run_shows_it_and_sends_nothing(self, mailbox):
        shown = send("--dry-run")

        assert shown.startswith("Subject: One-page checkout")
        assert "WHAT IT TAUGHT" in shown
        assert (mailbox.mails, Issue.objects.count()) == ([], 0)

    def test_tells_of_the_week_whose_last_day_is_named(self, mailbox):
        send("--week-ending", "2026-03-15", "--to", "ada@example.com")

        assert Issue.objects.get().week_end_at == datetime(2026, 3, 16, tzinfo=UTC)

    def test_does_not_send_the_same_week_twice(self, mailbox):
        send("--week-ending", "2026-03-15")

        assert "ada@example.com: has had that week already" in send("--week-ending", "2026-03-15")
        assert len(mailbox.mails) == 2

    def test_fails_when_the_mail_server_does(self, mailbox):
        mailbox.refuses = "451 come back later"

        with pytest.raises(CommandError, match="EMAIL_URL"):
            send()

    def test_names_the_projects_there_are(self):
        with pytest.raises(CommandError, match="There are: shop"):
            call_command("send_digest", "--project", "shoop")
