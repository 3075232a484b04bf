"""The tests' databases: all migrations run once, and each database is a copy of what they made.

Running them takes many times as long as copying. What they made is kept for the next run, until
one of them is changed.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import psycopg2
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = "test_wake_template"
IN_MEMORY = "file:memorydb_default?mode=memory&cache=shared"  # as Django names it


class Template:
    """A migrated database that nobody writes to, on the kind of server that the tests run on.

    `run` is a folder of all the processes of one run, `kept` one of all runs. A server may be gone
    by the next run, and what it held with it.
    """

    def __init__(self, run: Path, kept: Path) -> None:
        folder = run if postgres_server() else kept / fingerprint_of_migrations()
        folder.mkdir(exist_ok=True)
        self._file = folder / f"{TEMPLATE}.sqlite3"
        self._lock = folder / f"{TEMPLATE}.lock"
        self._made = folder / f"{TEMPLATE}.made"
        with self._alone():
            if not self._made.exists():
                self._make()
                self._made.touch()

    def _make(self) -> None:
        url = f"sqlite:///{self._file}"
        if server := postgres_server():
            run_sql(f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
            run_sql(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE template0 ENCODING UTF8')
            url = f"{server}/{TEMPLATE}"
        self._file.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "only for tests"},
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def new(self, name: str, folder: Path) -> str:
        """Make a database, a file in `folder` or one on the server; return its URL."""
        if server := postgres_server():
            with self._alone():
                run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
            return f"{server}/{name}"
        path = folder / "wake.sqlite3"
        shutil.copyfile(self._file, path)
        return f"sqlite:///{path}"

    def steer_django(self) -> Iterator[None]:
        """Have Django's own test database start as a copy, until this is closed."""
        at: dict[str, Any] = settings.DATABASES["default"]
        if postgres_server():
            at.setdefault("TEST", {})["TEMPLATE"] = TEMPLATE
            yield
            return
        # A database in memory lives as long as somebody is connected to it.
        with (
            contextlib.closing(sqlite3.connect(self._file)) as source,
            contextlib.closing(sqlite3.connect(IN_MEMORY, uri=True)) as copy,
        ):
            source.backup(copy)
            yield

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def fingerprint_of_migrations() -> str:
    """Return what changes with any migration of ours, and with Django."""
    files = sorted(ROOT.glob("*/migrations/*.py"))
    read = [django.__version__.encode(), *(one.read_bytes() for one in files)]
    return hashlib.sha256(b"\n".join(read)).hexdigest()[:16]


def postgres_server() -> str:
    """Return the address of the PostgreSQL server that the tests run on, or nothing."""
    at = settings.DATABASES["default"]
    if "postgresql" not in at["ENGINE"]:
        return ""
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    return f"postgres://{at['USER']}{password}@{at['HOST']}:{at['PORT']}"


def run_sql(statement: str) -> None:
    """Run one statement on the server, outside of any transaction."""
    connection = psycopg2.connect(f"{postgres_server()}/postgres")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
