"""A whole conversation: a mail in through Dovecot, our answer out by SMTP, and theirs."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from feedback.gather import gather_page
from feedback.models import Connection, FeedbackEvent, FeedbackItem, Status
from learning.models import Reply
from learning.replies import draft_replies, queue
from learning.reply_tasks import send_replies
from tests.digest.conftest import mailbox as smtp  # noqa: F401
from tests.factories import make_deployment
from tests.feedback.mail.dovecot import PASSWORD

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
THEIR_ID = f"{'long-' * 30}1@customer.example"


def from_dana(message_id: str, words: str, **headers: str) -> str:
    named = {
        "From": "=?utf-8?q?D=C3=A1na?= <dana@customer.example>",
        "To": "support@shop.example",
        "Subject": "CSV export",
        "Date": format_datetime(NOW - timedelta(days=2)),
        "Message-ID": f"<{message_id}>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"


def gather(connection: Connection) -> None:
    now = datetime.now(UTC)
    Connection.objects.filter(pk=connection.pk).update(claimed_at=now)
    connection.refresh_from_db()
    gather_page(connection, now=now)
    connection.refresh_from_db()
    assert connection.problem == ""


def test_a_conversation_goes_round(dovecot, smtp, shop, ben):  # noqa: F811
    support = Connection.objects.create(
        project=shop, kind="mailbox", name="Support", created_at=NOW,
        options=dovecot.options(), secrets={"password": PASSWORD},
    )  # fmt: skip

    # Dana writes.
    dovecot.deliver(from_dana(THEIR_ID, "The export stops after 100 rows.\n\n-- \nDána"))
    gather(support)
    item = FeedbackItem.objects.get()
    assert item.text == "CSV export\n\nThe export stops after 100 rows."

    # The team ships what fixes it, reads the draft and sends it.
    ship = make_deployment(
        shop, "2.4.0", shipped_at=NOW - timedelta(hours=2), fixes=(item.external_id,), now=NOW
    )
    assert draft_replies(ship, now=NOW) == 1
    queue(Reply.objects.get(), by=ben)
    send_replies()
    send_replies()

    # It is one mail, in her own conversation.
    (sent,) = smtp.mails
    assert smtp.recipients == ["dana@customer.example"]
    assert sent["Subject"] == "Re: CSV export"
    assert sent["In-Reply-To"] == f"<{THEIR_ID}>"
    assert sent["References"] == f"<{THEIR_ID}>"
    assert sent["Reply-To"] == "support@shop.example"
    assert "Hello Dána," in sent.get_content()
    assert Reply.objects.get().state == "sent"
    item.refresh_from_db()
    assert item.status == Status.ANSWERED

    # A copy of what we sent is no feedback.
    dovecot.deliver(smtp.raw[0])
    gather(support)
    assert FeedbackItem.objects.count() == 1

    # Dana answers. That is a feedback of its own, and opens the first again.
    ours = sent["Message-ID"].strip("<>")
    quoted = "".join(f"> {line}\n" for line in sent.get_content().splitlines())
    answer = from_dana(
        "answer-1@customer.example",
        f"Now it stops after 1,000.\n\nOn 18 March 2026, Shop <wake@localhost> wrote:\n{quoted}",
        Subject="Re: CSV export", In_Reply_To=f"<{ours}>", References=f"<{THEIR_ID}> <{ours}>",
    )  # fmt: skip
    dovecot.deliver(answer)
    gather(support)
    second = FeedbackItem.objects.exclude(pk=item.pk).get()
    assert second.text == "Now it stops after 1,000."
    assert second.extra["thread"] == item.pk
    item.refresh_from_db()
    assert item.status == Status.NEW

    # The same mail once more, as after a restored mailbox, changes nothing.
    FeedbackItem.objects.filter(pk=item.pk).update(status=Status.CLOSED)
    dovecot.deliver(answer)
    Connection.objects.update(cursor={})
    support.refresh_from_db()
    gather(support)
    assert FeedbackItem.objects.count() == 2
    item.refresh_from_db()
    assert item.status == Status.CLOSED
    assert FeedbackEvent.objects.filter(text="They wrote again.").count() == 1
