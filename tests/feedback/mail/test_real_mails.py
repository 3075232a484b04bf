"""108 files of real mails that nobody here wrote, from the tests of three mail libraries."""

import os
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from feedback.connectors.imap import Fetched
from feedback.connectors.mailbox import row_of
from feedback.mail.message import read_mail
from feedback.mail.quotes import own_words

DATA = Path(os.environ.get("WAKE_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = "Here is another email"
# What their writers wrote themselves. A tuple: that is in it; after None: that is not.
WORDS: dict[str, str | tuple[str | None, ...]] = {
    **dict.fromkeys(
        (
            f"standard_replies/{name}.eml"
            for name in (
                "android", "aol", "apple_mail", "apple_mail_2", "comcast", "gmail", "hotmail",
                "iphone", "outlook", "sparrow", "thunderbird", "yahoo",
            )
        ),
        "Hello",
    ),
    "emails/correct_sig.txt": "this is an email with a correct -- signature.",
    "emails/email_1_1.txt": ("Hi folks", "using the Java HTTP API.", None, "-Abhishek", "riak-us"),
    "emails/email_1_2.txt": ("You can list", "all individually.", None, "riak-users@", "What is"),
    "emails/email_1_3.txt": "Oh thanks. Having the function would be great.",
    "emails/email_1_4.txt": "Awesome! I haven't had another problem with it.",
    "emails/email_1_5.txt": ("One: Here", "second bullet point", "goes on and on for a while."),
    "emails/email_1_6.txt": "I get proper rendering as well.",
    "emails/email_1_7.txt": ":+1:",
    "emails/email_1_8.txt": "I will reply under this one and under this.",
    "emails/email_2_1.txt": "Outlook with a reply",
    "emails/email_2_2.txt": "Outlook with a reply directly above line",
    "emails/email_2_3.txt": "Outlook with a reply directly above line",
    "emails/email_BlackBerry.txt": PLAIN,
    "emails/email_iPhone.txt": PLAIN,
    "emails/email_multi_word_sent_from_my_mobile_device.txt": PLAIN,
    "emails/email_bullets.txt": ("test 2", "and another", None, "Joe Smith", "Give us"),
    "emails/email_long_quote.txt": ("best way to clear", "Java HTTP API"),
    "emails/email_one_is_not_on.txt": ("Thank, this", "when I run...", None, "The good news"),
    "emails/email_sent_from_my_not_signature.txt": ("Sent from my desk, is much easier",),
    "emails/email_sig_delimiter_in_middle_of_line.txt": ("Hi there!", "kthxbai"),
    "emails/greedy_on.txt": ("On your remote host", "is not working.", None, "odd issue"),
    "emails/pathological.txt": ("I think you're onto", "to a computer.", None, "I think your code"),
}  # fmt: skip
NOISE = {
    "report of a mail system": (
        "messages/bounce/", "messages/complaints/", "messages/disposition-notification.eml",
    ),
    "mailing list": ("messages/apache-message-news-mime.eml", "messages/message-external-body.eml"),
}  # fmt: skip


@pytest.fixture(scope="module")
def mails() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in ("flanker", "talon", "github-email-reply-parser"):
        archive = DATA / "emails" / f"{name}.tar.gz"
        if not archive.exists():
            pytest.skip(f"The real mails are missing: {archive}. Set WAKE_SHARED_DATA.")
        with tarfile.open(archive) as files:
            for file in files:
                if file.isfile():
                    found[file.name.removeprefix("./")] = files.extractfile(file).read()
    return found


def words_of(name: str, raw: bytes) -> str:
    if name.endswith(".txt"):  # the body alone
        return own_words(raw.decode("utf-8", "replace"))
    return read_mail(raw, arrived_at=NOW).words


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class TestRealMails:
    def test_are_all_read(self, mails):
        assert len(mails) == 108
        unread = [
            name
            for name, raw in mails.items()
            if row_of(Fetched(1, NOW, raw), {})[1] == "could not be read"
        ]

        assert unread == []

    @pytest.mark.parametrize("name", WORDS)
    def test_give_what_their_writers_wrote_themselves(self, name, mails):
        got, expected = flat(words_of(name, mails[name])), WORDS[name]

        if isinstance(expected, str):
            assert got == expected
            return
        middle = expected.index(None) if None in expected else len(expected)
        assert [part for part in expected[:middle] if part not in got] == []
        assert [part for part in expected[middle + 1 :] if part in got] == []

    @pytest.mark.parametrize("why", NOISE)
    def test_that_no_customer_wrote_are_left_out(self, why, mails):
        chosen = {name: raw for name, raw in mails.items() if name.startswith(NOISE[why])}
        reasons = {name: row_of(Fetched(1, NOW, raw), {})[1] for name, raw in chosen.items()}

        assert len(chosen) >= 2
        assert set(reasons.values()) == {why}, reasons

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("messages/8bitmime.eml", "Превел"),
            ("messages/bilingual-simple.eml", "А эта линия по-русски."),
            ("messages/mailgun-pic.eml", "Мейлган! Хахах!"),
            ("signature/emails/P/unicode_msg", "Мы являемся стартапом"),
        ],
    )
    def test_are_read_in_their_own_letters(self, name, words, mails):
        assert words in read_mail(mails[name], arrived_at=NOW).text

    def test_note_their_attachments(self, mails):
        mail = read_mail(mails["messages/attached-pdf.eml"], arrived_at=NOW)

        assert [one.as_dict() for one in mail.attachments] == [
            {"name": "test.pdf", "type": "application/pdf", "size": 6940}
        ]
