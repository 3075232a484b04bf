"""Measures the memory of Wake's processes: at rest, while much comes in, and afterwards.

`make bench-memory` runs it on a PostgreSQL of its own, with fsync, and on SQLite. RSS counts what
processes share once for each of them; PSS shares it out, so PSS may be added up.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import calls, load, servers  # noqa: E402
from bench.intake import prepare  # noqa: E402

SETTLES = 10.0  # seconds until a process that has just started is at rest


def main() -> None:
    """Start all processes, load them, and print their memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with servers.django_ready():
        measure(asked.seconds)


def measure(seconds: float) -> None:
    """Print RSS and PSS of web, worker and beat."""
    from django.db import connection

    key = prepare()
    found: dict[str, list[tuple[float, float]]] = {"web": [], "worker": [], "beat": []}
    with ExitStack() as stack:
        port, web = stack.enter_context(servers.wake())
        pids = {"web": web}
        for name in ("worker", "beat"):
            pids[name] = stack.enter_context(servers.running(servers.command(name, port)))

        def look() -> None:
            for name, pid in pids.items():
                found[name].append(servers.memory_of(pid))

        time.sleep(SETTLES)
        look()
        _load(port, key, seconds)
        look()
        time.sleep(2 * SETTLES)  # the worker sorts what came
        look()
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    print(f"\n| {name}: RSS / PSS, MB | at rest | after {seconds:.0f} s of load | later |")
    print("|---|--:|--:|--:|")
    for process, seen in found.items():
        cells = " | ".join(f"{rss:.0f} / {pss:.0f}" for rss, pss in seen)
        print(f"| {process} | {cells} |", flush=True)


def _load(port: int, key: str, seconds: float) -> None:
    bearer = f"Bearer {key}"
    single = calls.feedback(int(2000 * seconds), seed=1)
    many = calls.feedback(int(20 * seconds), seed=2, rows=100)
    for bodies in (single, many):
        messages = [calls.post("/api/v1/feedback/", one, Authorization=bearer) for one in bodies]
        load.closed_loop(port, messages, connections=16, seconds=seconds / 2)


if __name__ == "__main__":
    main()
