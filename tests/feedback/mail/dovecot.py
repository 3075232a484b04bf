"""A real Dovecot of its own: its files in a temporary folder, on free ports, with one user."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

USER, PASSWORD = "support@shop.example", 'pässword "1" \\ {2}'
# Debian keeps it out of the PATH of ordinary people.
PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")

COMMON = """
protocols = imap
base_dir = {folder}/run
log_path = {folder}/log
ssl = yes
default_internal_user = {internal}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
first_valid_uid = 1
mail_uid = {mail_user}
mail_gid = {mail_group}
"""
# The language of its settings changed with 2.4.
BEFORE_2_4 = """
listen = 127.0.0.1
disable_plaintext_auth = yes
auth_mechanisms = plain login
default_internal_group = {internal_group}
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}/home allow_all_users=yes
}}
"""
SINCE_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
listen = 127.0.0.1
auth_allow_cleartext = no
auth_mechanisms = plain login
default_internal_group = {internal_group}
ssl_server_cert_file = {folder}/cert.pem
ssl_server_key_file = {folder}/key.pem
mail_driver = maildir
mail_path = {folder}/mail
mail_home = {folder}/home
passdb passwd-file {{
  passwd_file_path = {folder}/users
  default_password_scheme = PLAIN
}}
userdb static {{
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Dovecot:
    """The server, and a hand in its Maildir."""

    folder: Path
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    numbers: count = field(default_factory=lambda: count(1))

    def start(self) -> None:
        is_root = os.geteuid() == 0
        me = getpass.getuser()
        mine = "nobody" if is_root else me
        group = pwd.getpwnam(mine).pw_gid
        for part in ("run", "home", "mail/cur", "mail/new", "mail/tmp"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost",
             "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        told = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
        version = tuple(int(part) for part in told.stdout.split()[0].split(".")[:2])
        facts = {
            "folder": self.folder, "imap": self.imap, "imaps": self.imaps,
            "internal": "dovecot" if is_root else me, "login": "dovenull" if is_root else me,
            "internal_group": "dovecot" if is_root else str(group),
            "mail_user": pwd.getpwnam(mine).pw_uid, "mail_group": group,
        }  # fmt: skip
        settings = (SINCE_2_4 if version >= (2, 4) else BEFORE_2_4) + COMMON
        (self.folder / "dovecot.conf").write_text(settings.format(**facts))
        self._give_away()
        self.process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self.folder / "dovecot.conf"],
            stdout=(self.folder / "out").open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.imaps)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "out").read_text() + self.log())

    def _give_away(self) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("nobody")
            for part in ("mail", "home"):
                for path in [self.folder / part, *(self.folder / part).rglob("*")]:
                    os.chown(path, owner.pw_uid, owner.pw_gid)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def deliver(self, raw: bytes | str) -> Path:
        """Put a mail into the mailbox as a mail server does."""
        raw = raw.encode() if isinstance(raw, str) else raw
        name = f"{int(time.time())}.{next(self.numbers)}.test"
        waiting = self.folder / "mail/tmp" / name
        waiting.write_bytes(raw)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("nobody")
            os.chown(waiting, owner.pw_uid, owner.pw_gid)
        return waiting.rename(self.folder / "mail/new" / name)

    def empty(self) -> None:
        """Let it be a mailbox that was never used, whose UIDVALIDITY is another one."""
        for path in sorted((self.folder / "mail").rglob("*"), reverse=True):
            if path.is_file():
                path.unlink()
            elif path.name.startswith("."):
                path.rmdir() if not any(path.iterdir()) else shutil.rmtree(path)

    def options(self, **changes: str) -> dict[str, str]:
        """What a person fills in to connect it."""
        return {
            "host": "localhost", "port": str(self.imaps), "security": "tls", "user": USER,
            "folder": "INBOX", "address": "support@shop.example", "handled": "leave",
            "move_to": "Wake", "lists": "skip", **changes,
        }  # fmt: skip
