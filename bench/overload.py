"""Measures what happens when half as much again comes as the machine can take.

`make bench-overload` runs it on a PostgreSQL of its own, with fsync, and on SQLite. First as many
callers as there are threads, twice over, tell how much can be taken. Then 1.5 times as many calls
come at a fixed pace, whatever is answered; and then a few, to see how soon all is as before.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import calls, load, servers  # noqa: E402
from bench.intake import prepare  # noqa: E402

PROBES, PROBING = 20, 4.0  # calls a second, seconds


def main() -> None:
    """Serve, overload, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--share", type=float, default=1.5, help="of what can be taken")
    asked = parser.parse_args()
    with servers.django_ready():
        measure(asked.seconds, asked.share)


def measure(seconds: float, share: float) -> None:
    """Print what came of it."""
    from django.db import connection

    from feedback.models import Arrival, FeedbackItem

    key = prepare()
    seed = 0

    def messages(count: int) -> list[bytes]:
        nonlocal seed
        seed += 1
        bodies = calls.feedback(count, seed=seed)
        return [calls.post("/api/v1/feedback/", one, Authorization=f"Bearer {key}")
                for one in bodies]  # fmt: skip

    with servers.wake() as (port, _):
        load.closed_loop(port, messages(4000), connections=8, seconds=2)
        full = load.closed_loop(port, messages(20_000), connections=16, seconds=5)
        capacity = full.rate(201)
        before = load.open_loop(port, messages(int(PROBES * PROBING)), rate=PROBES, seconds=PROBING)
        rate = capacity * share
        over = load.open_loop(port, messages(int(rate * seconds)), rate=rate, seconds=seconds)
        marked = seed
        after = load.open_loop(port, messages(int(PROBES * PROBING)), rate=PROBES, seconds=PROBING)
    stored = {
        external_id
        for table in (Arrival, FeedbackItem)  # what waits in the journal is stored too
        for external_id in table.objects.filter(
            external_id__startswith=f"bench-{marked}-"
        ).values_list("external_id", flat=True)
    }
    accepted = {f"bench-{marked}-{one.call}" for one in over.answers if one.status in (200, 201)}
    taken = over.took(200, 201)
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    print(f"\n**{name}**: {capacity:,.0f} single feedback a second can be taken; "
          f"{rate:,.0f} came for {seconds:.0f} s.\n")  # fmt: skip
    print("| | |\n|---|--:|")
    print(f"| taken | {over.rate(200, 201):,.0f} a second |")
    print(f"| 429 | {over.rate(429):,.0f} a second |")
    others = {s: n for s, n in over.statuses.items() if s not in (200, 201, 429)}
    print(f"| any other answer, or none | {sum(others.values()) + over.broken:,} {others or ''} |")
    print(f"| 429 without Retry-After | {over.retry_after.get('', 0):,} |")
    for share_, label in ((0.5, "p50"), (0.99, "p99"), (1.0, "longest")):
        print(f"| {label} of what was taken | {load.quantile(taken, share_):.0f} ms |")
    print(f"| p99 of 429 | {load.quantile(over.took(429), 0.99):.0f} ms |")
    print(f"| taken but not stored | {len(accepted - stored):,} of {len(accepted):,} |")
    normal = load.quantile(before.took(200, 201), 0.95)
    print(
        f"| as before again (each call under {2 * normal:.0f} ms) "
        f"| after {_recovery(after, 2 * normal):.1f} s |"
    )
    print(f"| the generator was late by at most | {1000 * over.late:.0f} ms |", flush=True)


def _recovery(after: load.Outcome, good: float) -> float:
    """Return when the last call that was refused or slow was due, in seconds."""
    bad = [one.due for one in after.answers
           if one.status not in (200, 201) or 1000 * one.took > good]  # fmt: skip
    return max(bad, default=0.0)


if __name__ == "__main__":
    main()
