"""Real mails, and a real Dovecot for as long as the tests of mails run."""

import tempfile
from pathlib import Path

import pytest

from tests.feedback.mail.dovecot import OPENSSL, PROGRAM, Dovecot


@pytest.fixture(scope="session")
def dovecot_server():
    if not PROGRAM or not OPENSSL:
        pytest.skip("needs Dovecot and OpenSSL: apt-get install dovecot-imapd openssl")
    with tempfile.TemporaryDirectory(prefix="dovecot") as folder:
        Path(folder).chmod(0o755)
        server = Dovecot(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def dovecot(dovecot_server, settings, monkeypatch):
    """The server with an empty mailbox; this machine trusts its certificate."""
    dovecot_server.empty()
    settings.ALLOW_PRIVATE_HOSTS = ["localhost"]
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot_server.folder / "cert.pem"))
    return dovecot_server
