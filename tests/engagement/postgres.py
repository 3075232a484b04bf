"""A real PostgreSQL of its own, as scripts/postgres.sh starts one for a test run."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSING = "needs PostgreSQL: apt-get install postgresql"


def _run(commands: str, **env: str) -> str:
    told = subprocess.run(
        ["bash", "-c", f"source scripts/lib.sh; source scripts/postgres.sh; {commands}"],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def _found() -> bool:
    try:
        _run("find_postgres")
    except subprocess.CalledProcessError:
        return False
    return True


needs_postgres = pytest.mark.skipif(not _found(), reason=MISSING)


class Postgres:
    """A running server; its superuser is `wake`, and gets in without a password at first."""

    def __init__(self) -> None:
        told = _run(
            'find_postgres && start_postgres && echo "$POSTGRES_URL $POSTGRES_DIR $POSTGRES_BIN"'
        )
        url, self.folder, self._programs = told.split()[-3:]
        self.url, self.port = url, int(url.rsplit(":", 1)[1].split("/")[0])

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run statements as the superuser, and return the rows of the last."""
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def wants_passwords_and_tls(self, certificate: Path, key: Path) -> None:
        """Give the server a certificate, and let nobody but the superuser in without a password."""
        data = Path(self.folder) / "data"
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(source, data / name)
            (data / name).chmod(0o600)
            owner = (data / "PG_VERSION").stat()
            os.chown(data / name, owner.st_uid, owner.st_gid)
        (data / "pg_hba.conf").write_text(
            "host all wake 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        self.run("ALTER SYSTEM SET ssl = on")
        self.run("SELECT pg_reload_conf()")

    def stop(self) -> None:
        _run("stop_postgres", POSTGRES_DIR=self.folder, POSTGRES_BIN=self._programs)
