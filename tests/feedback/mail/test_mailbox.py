"""The mailbox connector against a real Dovecot."""

import os
import shutil
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common.hosts import CannotReach, NotAllowed
from common.places import ConnectionFault
from feedback.connectors import imap, imap_link
from feedback.connectors.base import Asked
from feedback.connectors.mailbox import gather
from tests.feedback.mail.dovecot import PASSWORD, free_port

NOW = datetime.now(UTC)


def a_mail(words: str = "The export stops after 100 rows.", **headers: str) -> str:
    named = {
        "From": "Dana <dana@customer.example>",
        "To": "support@shop.example",
        "Subject": "CSV export",
        "Date": format_datetime(NOW),
        "Message-ID": "<one@customer.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"{head}\r\n{words}\r\n"


@pytest.fixture
def ask(dovecot):
    """Call it to gather once; it goes on where the cursor that is given left off."""

    def ask_(cursor=None, *, password=PASSWORD, hosts=("localhost",), **changes):
        return gather(
            Asked(
                options=dovecot.options(**changes),
                secrets={"password": password},
                cursor=cursor or {},
                since=NOW - timedelta(days=30),
                now=NOW,
                private_hosts=hosts,
            )
        )

    return ask_


class TestGathering:
    def test_turns_a_mail_into_a_row(self, dovecot, ask):
        dovecot.deliver(a_mail())

        (row,) = ask().rows

        assert row["id"] == "one@customer.example"
        assert row["text"] == "CSV export\n\nThe export stops after 100 rows."
        assert row["customer"]["email"] == "dana@customer.example"
        assert row["answer_to"]["message_id"] == "one@customer.example"

    def test_brings_what_is_new_and_nothing_twice(self, dovecot, ask):
        dovecot.deliver(a_mail())
        first = ask()
        dovecot.deliver(a_mail(Message_ID="<two@customer.example>"))

        second = ask(first.cursor)
        third = ask(second.cursor)

        assert [row["id"] for row in second.rows] == ["two@customer.example"]
        assert third.rows == []
        assert third.cursor == second.cursor

    def test_goes_page_by_page(self, dovecot, ask):
        for number in range(30):
            dovecot.deliver(a_mail(Message_ID=f"<{number}@customer.example>"))

        first = ask()
        second = ask(first.cursor)

        assert (len(first.rows), first.has_more) == (25, True)
        assert (len(second.rows), second.has_more) == (5, False)

    def test_begins_anew_when_the_server_numbers_its_mails_anew(self, dovecot, ask):
        dovecot.deliver(a_mail())
        before = ask()
        dovecot.empty()
        for name in ("one", "two"):
            dovecot.deliver(a_mail(Message_ID=f"<{name}@customer.example>"))

        after = ask({**before.cursor, "uid": 900, "validity": before.cursor["validity"] - 1})

        assert {row["id"] for row in after.rows} == {"one@customer.example", "two@customer.example"}
        assert after.cursor["uid"] < 900

    def test_goes_on_behind_mails_that_were_deleted(self, dovecot, ask):
        for name in ("one", "two"):
            dovecot.deliver(a_mail(Message_ID=f"<{name}@customer.example>"))
        first = ask()
        for mail in (dovecot.folder / "mail/cur").iterdir():
            mail.unlink()
        dovecot.deliver(a_mail(Message_ID="<three@customer.example>"))

        assert [row["id"] for row in ask(first.cursor).rows] == ["three@customer.example"]

    def test_leaves_out_what_is_older_than_was_asked_for(self, dovecot, ask):
        mail = dovecot.deliver(a_mail())
        long_ago = (NOW - timedelta(days=90)).timestamp()
        os.utime(mail, (long_ago, long_ago))

        assert ask().rows == []

    def test_changes_nothing_in_the_mailbox(self, dovecot, ask):
        dovecot.deliver(a_mail())

        ask(ask().cursor)

        kept = [path.name for path in (dovecot.folder / "mail").rglob("*.test*")]
        assert [name.partition(":2,")[2] for name in kept] == [""]

    def test_reads_on_behind_a_mail_that_is_left_out(self, dovecot, ask):
        dovecot.deliver(a_mail(From="mailer-daemon@customer.example"))
        dovecot.deliver(a_mail(Message_ID="<two@customer.example>"))

        page = ask()

        assert [row["id"] for row in page.rows] == ["two@customer.example"]
        assert page.cursor["skipped"] == {"report of a mail system": 1}

    def test_reads_only_the_beginning_of_a_huge_mail(self, dovecot, ask, monkeypatch):
        monkeypatch.setattr(imap, "MAX_MAIL_BYTES", 4_000)
        monkeypatch.setattr("feedback.connectors.mailbox.MAX_MAIL_BYTES", 4_000)
        dovecot.deliver(a_mail("It is slow. " * 50_000))

        (row,) = ask().rows

        assert row["cut_off"] is True
        assert len(row["text"]) < 5_000

    def test_reads_a_folder_with_a_name_in_any_letters(self, dovecot, ask):
        with pytest.raises(ConnectionFault, match=r"There is no folder “Rückmeldung”.*INBOX"):
            ask(folder="Rückmeldung")
        shutil.copytree(dovecot.folder / "mail/cur", dovecot.folder / "mail/.R&APw-ckmeldung/cur")
        for part in ("new", "tmp"):
            (dovecot.folder / "mail/.R&APw-ckmeldung" / part).mkdir()
        dovecot._give_away()

        assert ask(folder="Rückmeldung").rows == []


class TestMailsThatWereReadIn:
    def flags(self, dovecot) -> list[str]:
        mails = (dovecot.folder / "mail").rglob("*.test*")
        return [path.name.partition(":2,")[2] for path in mails]

    def test_are_flagged_once_they_are_stored(self, dovecot, ask):
        dovecot.deliver(a_mail())

        first = ask(handled="flag")
        assert self.flags(dovecot) == [""]
        ask(first.cursor, handled="flag")

        assert self.flags(dovecot) == ["FS"]

    def test_are_moved_once_they_are_stored(self, dovecot, ask):
        dovecot.deliver(a_mail())

        first = ask(handled="move", move_to="Gelöst")
        second = ask(first.cursor, handled="move", move_to="Gelöst")
        ask(second.cursor, handled="move", move_to="Gelöst")

        kept = [path for path in (dovecot.folder / "mail").rglob("*/[0-9]*.*") if path.is_file()]
        assert [path.parent.parent.name for path in kept] == [".Gel&APY-st"]


class TestAMailboxThatCannotBeRead:
    def test_says_that_the_password_is_wrong(self, ask):
        with pytest.raises(ConnectionFault, match="refused the user name or the password"):
            ask(password="wrong-password-1")

    def test_does_not_tell_the_password(self, ask):
        with pytest.raises(ConnectionFault) as fault:
            ask(password="wrong-password-1")

        assert "wrong-password-1" not in str(fault.value)

    def test_says_that_the_certificate_is_not_trusted(self, ask, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE")

        with pytest.raises(ConnectionFault, match="certificate of localhost is not to be trusted"):
            ask()

    def test_says_that_the_certificate_is_for_another_name(self, ask):
        with pytest.raises(ConnectionFault, match=r"certificate of 127\.0\.0\.1"):
            ask(host="127.0.0.1", hosts=("127.0.0.1",))

    def test_says_that_the_port_does_not_speak_tls(self, dovecot, ask):
        with pytest.raises(ConnectionFault, match="does not speak TLS on port"):
            ask(port=str(dovecot.imap))

    def test_says_that_nobody_answers(self, ask):
        with pytest.raises(CannotReach, match="localhost cannot be reached"):
            ask(port=str(free_port()))

    def test_is_not_called_inside_the_own_network(self, ask):
        with pytest.raises(NotAllowed, match="inside the own network"):
            ask(hosts=())

    @pytest.mark.parametrize("port", ["0", "65536", "993; rm", "-1"])
    def test_has_no_port_like_that(self, ask, port):
        with pytest.raises(ConnectionFault, match="is not a port"):
            ask(port=port)

    @pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\0" * 500])
    def test_says_so_whatever_answers_there(self, ask, greeting):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(1)

            def answer():
                peer, _ = server.accept()
                peer.sendall(greeting)
                peer.close()

            threading.Thread(target=answer, daemon=True).start()

            with pytest.raises((ConnectionFault, CannotReach)):
                ask(port=str(server.getsockname()[1]), security="starttls")

    def test_is_given_up_when_it_drips(self, ask, monkeypatch):
        monkeypatch.setattr(imap_link, "CALL_SECONDS", 0.5)
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(1)

            def drip():
                peer, _ = server.accept()
                peer.sendall(b"* OK hello\r\n")
                try:
                    while True:
                        peer.sendall(b"* 1 EXISTS\r\n")
                        threading.Event().wait(0.05)
                except OSError:
                    return

            threading.Thread(target=drip, daemon=True).start()

            with pytest.raises((ConnectionFault, CannotReach)):
                ask(port=str(server.getsockname()[1]), security="starttls")


class TestStartTls:
    def test_works_too(self, dovecot, ask):
        dovecot.deliver(a_mail())

        page = ask(port=str(dovecot.imap), security="starttls")

        assert len(page.rows) == 1
