"""Measures taking things in: one feedback, one event, and batches of 100, against a yardstick.

`make bench-intake` runs it on a PostgreSQL of its own, with fsync, and on SQLite. The yardstick,
bench/plain.py, is served by the same gunicorn options on the same database. The two take turns,
and the medians of their rounds are compared. Feedback that a rush left in the journal is sorted in
between the rounds, in a process of its own, and how fast that goes is told too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import calls, load, servers  # noqa: E402

ENOUGH = 4_000  # single calls a second that are made beforehand


def main() -> None:
    """Fill, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    with servers.django_ready():
        measure(asked.rounds, asked.seconds, asked.connections)


def prepare() -> str:
    """Make the tables, a project and a key that may write; return the key."""
    from django.core.management import call_command

    from accounts.keys import make_api_key
    from accounts.models import Project, Scope, User

    call_command("migrate", verbosity=0)
    subprocess.run(
        [sys.executable, "-c", "from bench.plain import make_table; make_table()"],
        cwd=ROOT,
        env={**os.environ, "PLAIN_DATABASE": servers.plain_database()},
        check=True,
    )
    ada = User.objects.create_user("ada@bench.example")
    shop = Project.objects.create(name="Shop", slug="shop")
    _, key = make_api_key(shop, name="bench", scopes=list(Scope), by=ada)
    return key


def measure(rounds: int, seconds: float, connections: int) -> None:
    """Print a table of rates and ratios."""
    from django.db import connection

    kinds = _kinds(f"Bearer {prepare()}", seconds)
    seeds = iter(range(1, 10_000))
    runs: dict[str, list[tuple[float, float]]] = {kind.name: [] for kind in kinds}
    sorted_in = []
    with servers.yardstick() as plain, servers.wake() as wake:
        for turn in range(rounds + 1):
            for kind in kinds:
                at = plain if kind.is_yardstick else wake
                found = _run(kind, at, kind.make(next(seeds)), connections, seconds)
                if turn:  # the first one warms up
                    runs[kind.name].append(found)
                sorted_in.append(sort_in())
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    base = statistics.median(rate for rate, _ in runs[kinds[0].name])
    print(f"\n| {name}, {connections} callers | rows a second | against the plain view | "
          "processor time of the web process, ms a call |\n|---|--:|--:|--:|")  # fmt: skip
    for kind in kinds:
        rate, cpu = (statistics.median(one) for one in zip(*runs[kind.name], strict=True))
        print(f"| {kind.name} | {rate:,.0f} | {rate / base:.2f} | {cpu:.2f} |", flush=True)
    rows, took = (sum(one) for one in zip(*sorted_in, strict=True))
    print(f"\nSorted in: {rows:,} feedback, {rows / took:,.0f} a second.", flush=True)


def sort_in() -> tuple[int, float]:
    """Sort in all that waits, as a worker does; return how many rows and how many seconds."""
    from django.utils import timezone

    from feedback.sorting import sort_waiting

    start = time.monotonic()
    rows, _ = sort_waiting(now=timezone.now(), seconds=600)
    return rows, time.monotonic() - start


@dataclass(frozen=True)
class Kind:
    """One kind of call: what it is called, how calls are made from a seed, and the rows in one."""

    name: str
    make: Callable[[int], list[bytes]]
    rows: int = 1
    is_yardstick: bool = False


def _kinds(bearer: str, seconds: float) -> list[Kind]:
    single, many = int(ENOUGH * seconds), int(300 * seconds)
    said, done = calls.feedback, calls.events

    def to(path: str, bodies: list[Any]) -> list[bytes]:
        return [calls.post(path, one, Authorization=bearer) for one in bodies]

    def plain(seed: int) -> list[bytes]:
        secret = servers.PLAIN_SECRET
        return [calls.signed("/take", one, secret) for one in said(single, seed=seed)]

    return [
        Kind("plain view, one row", plain, is_yardstick=True),
        Kind("one feedback", lambda s: to("/api/v1/feedback/", said(single, seed=s))),
        Kind("one event", lambda s: to("/v1/track", done(single, seed=s))),
        Kind("100 feedback", lambda s: to("/api/v1/feedback/", said(many, seed=s, rows=100)), 100),
        Kind("100 events", lambda s: to("/v1/batch", done(many, seed=s, rows=100)), 100),
    ]


def _run(
    kind: Kind, at: tuple[int, int], messages: list[bytes], connections: int, seconds: float
) -> tuple[float, float]:
    # Rows a second, and milliseconds of processor time of the web process for one call.
    port, pid = at
    before = servers.processor_time(pid)
    out = load.closed_loop(port, messages, connections=connections, seconds=seconds)
    used = servers.processor_time(pid) - before
    good = out.statuses[200] + out.statuses[201]
    # As many callers as threads may be more than a busy machine can take.
    if good + out.statuses[429] != len(out.answers) or out.broken or not good:
        raise SystemExit(f"{kind.name}: {out.statuses}, {out.broken} broken: {out.samples}")
    return out.rate(200, 201) * kind.rows, 1000 * used / max(good, 1)


if __name__ == "__main__":
    main()
