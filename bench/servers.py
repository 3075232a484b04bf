"""Servers to measure: Wake and the yardstick, by the same options of gunicorn, on one database."""

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent
PLAIN_SECRET = "yardstick"  # noqa: S105


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(name: str, port: int) -> list[str]:
    """Return the command of one process in the Procfile."""
    line = parse_procfile((ROOT / "Procfile").read_text()).processes[name]
    words = shlex.split(line.replace('"$HOST:$PORT"', f"127.0.0.1:{port}"))
    return [sys.executable, "-m", *words]


@contextmanager
def django_ready() -> Iterator[None]:
    """Set Django up on DATABASE_URL; without a DATA_DIR, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.update(SECRET_KEY="bench", DJANGO_SETTINGS_MODULE="config.settings")  # noqa: S106
        import django

        django.setup()
        yield


@contextmanager
def running(words: list[str], *, port: int | None = None, **env: str) -> Iterator[int]:
    """Run a process, and yield its id once its port answers; it is stopped afterwards."""
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, **env})  # noqa: S603
    try:
        if port:
            _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


@contextmanager
def wake() -> Iterator[tuple[int, int]]:
    """Serve Wake as the Procfile says; yields the port and the process."""
    port = free_port()
    with running(command("web", port), port=port) as pid:
        yield port, pid


@contextmanager
def yardstick() -> Iterator[tuple[int, int]]:
    """Serve bench/plain.py by the same options; yields the port and the process."""
    port = free_port()
    words = command("web", port)
    words[words.index("config.wsgi")] = "bench.plain:application"
    with running(words, port=port, PLAIN_DATABASE=plain_database()) as pid:
        yield port, pid


def plain_database() -> str:
    """Return Wake's own settings of its database as JSON, for the yardstick."""
    from django.conf import settings

    known = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "CONN_MAX_AGE",
             "CONN_HEALTH_CHECKS")  # fmt: skip
    chosen = settings.DATABASES["default"]
    return json.dumps({name: chosen[name] for name in known if name in chosen}, default=str)


def memory_of(pid: int) -> tuple[float, float]:
    """Return RSS and PSS of a process and its children, in MB; PSS shares out what is shared."""
    rss = pss = 0
    for one in family_of(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        facts = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
        rss, pss = rss + facts["Rss:"], pss + facts["Pss:"]
    return rss / 1024, pss / 1024


def family_of(pid: int) -> list[int]:
    """Return the process and all its children."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def processor_time(pid: int) -> float:
    """Return the processor seconds that a process and its children have used."""
    ticks = 0
    for one in family_of(pid):
        try:
            words = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")
