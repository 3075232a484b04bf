"""A real mail server on a free port, and what it received; a real HTTP server for chats."""

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.outbound.conftest import receiver  # noqa: F401  # a fixture


class Mailbox:
    """Takes every mail, or refuses every one while `refuses` is set, and `unknown` addresses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.refuses = ""
        self.unknown: dict[str, str] = {}
        self.keeps = True  # not where there are thousands: each has a tenth of a megabyte
        self.biggest = 0

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.unknown:
            return self.unknown[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return self.refuses
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from)
        self.biggest = max(self.biggest, len(envelope.content))
        if not self.keeps:
            return "250 OK"
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.BASE_URL = "https://wake.example.com"
    yield box
    server.stop()
