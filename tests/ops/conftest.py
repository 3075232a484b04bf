"""A whole Wake beside the tests: its own database, broker and processes, all of them real."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from honcho.environ import parse_procfile

from tests.databases import run_sql

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = parse_procfile((ROOT / "Procfile").read_text()).processes
PATIENCE = 90  # seconds; both cores may be busy with other tests


class House:
    """One installation of Wake: settings, and the processes that were started with them."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.env = {
            **os.environ,
            "SECRET_KEY": "only for this house",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        self.processes: list[subprocess.Popen] = []

    def python(self, code: str) -> object:
        """Run `code` with Django set up, in a process of its own; return `answer` if it sets it."""
        setup = "import django.core.management; django.setup(); answer = None\n"
        tell = "\nimport json; print(json.dumps(answer))"
        done = subprocess.run(
            [sys.executable, "-c", setup + code + tell],
            env={**self.env, "DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, command: str) -> subprocess.Popen:
        """Start a process as `make run` does, in a group of its own."""
        log = (self.folder / "log").open("ab")
        process = subprocess.Popen(
            f"exec {command}", shell=True, env=self.env, cwd=ROOT,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen:
        return self.start(PROCFILE["worker"])

    def start_beat(self) -> subprocess.Popen:
        return self.start("celery -q -A tests.ops.fast_bells beat --loglevel WARNING")

    def one(self, sql: str) -> int:
        """Return the single number that `sql` asks for."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.folder / "wake.sqlite3", timeout=20)
        else:
            connection = psycopg2.connect(self.database_url)
        with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def wait_until(self, sql: str, number: int) -> int:
        """Wait until `sql` gives at least `number`, and return what it gives."""
        ends = time.monotonic() + PATIENCE
        while (found := self.one(sql)) < number:
            assert time.monotonic() < ends, f"{found}, not {number}: {sql}\n{self.log()}"
            time.sleep(0.02)
        return found

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def end(self) -> None:
        for process in self.processes:
            # A process that is served has a session of its own, out of its parent's group.
            for pid in [process.pid, *children_of(process.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def children_of(pid: int) -> list[int]:
    """Return the processes below `pid`, in whatever session they are."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    below = [child for child, parent in pairs if parent == pid]
    return below + [grandchild for child in below for grandchild in children_of(child)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def build_house(tmp_path, template):
    """Call it for a house on the kind of database that the tests run on."""
    houses: list[House] = []
    databases: list[str] = []

    def build(**settings: str) -> House:
        name = f"wake_{uuid.uuid4().hex[:12]}"
        folder = tmp_path / name
        folder.mkdir()
        url = template.new(name, folder)
        if url.startswith("postgres"):
            databases.append(name)
        houses.append(House(folder, url, **settings))
        return houses[-1]

    yield build
    for house in houses:
        house.end()
    for name in databases:
        run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url(tmp_path):
    """A Redis server of its own."""
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server: apt-get install redis-server")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _attempt in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


SEED = """
from datetime import datetime, timedelta
from deployments.ship import Expectation
from tests.factories import *
now = datetime.fromisoformat("{now}")
project = make_project("Shop", owner=make_user("ada@example.com"))
metrics = [make_metric(project, key) for key in ("checkout_conversion", "signups")]
for metric in metrics:
    hours = 60 * 24
    values = [100 + (i * 7919 % 23) + (i % 24) for i in range(hours)]
    make_samples(metric, now - timedelta(hours=hours), values)
for n in range({ships}):
    make_deployment(
        project, f"1.{{n}}", shipped_at=now - timedelta(days=29 + 2 * n), now=now,
        expectation=Expectation(
            metric="checkout_conversion", direction="up", min_effect=0.02, window=timedelta(days=7)
        ),
    )
    for m in range(3):
        make_feedback(
            project, f"Since 1.{{n}} the checkout fails", now=now, id=f"{{n}}-{{m}}",
            version=f"1.{{n}}", created_at=now - timedelta(days=28 + 2 * n),
        )
"""


@pytest.fixture
def seed():
    """Call it to fill a house with ships whose checkups of the first month are due.

    All houses of a test are filled as of one moment, so that they hold the same whatever the clock
    says by then; well within an hour, as samples begin with theirs.
    """
    now = (datetime.now(UTC) - timedelta(hours=1)).replace(minute=30, second=0, microsecond=0)

    def fill(house: House, ships: int) -> int:
        house.python(SEED.format(ships=ships, now=now.isoformat()))
        return house.one(
            "SELECT count(*) FROM deployments_checkup "
            "WHERE finished_at IS NULL AND due_at <= CURRENT_TIMESTAMP"
        )

    return fill
