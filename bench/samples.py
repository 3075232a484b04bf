"""Measures taking in samples, 1,000 a call, against PostgreSQL's own COPY of the same rows.

`make bench-samples` runs it on a PostgreSQL of its own, with fsync: every way is committed to the
disk before it ends. COPY goes through the same driver into the same table. The ways take turns,
each with rows of its own, and the medians of their rounds are compared.
"""

import argparse
import http.client
import io
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import servers  # noqa: E402

START = datetime(2025, 1, 1, tzinfo=UTC)
CALL = 1_000  # rows
Row = tuple[int, datetime, float]  # which metric, when, what


def live(call: int) -> list[Row]:
    """Return 50 values of each of 20 metrics, every five minutes: a few hours of a team's."""
    start = START + call * timedelta(hours=5)
    return _rows(
        (metric, start + n * timedelta(minutes=5)) for metric in range(20) for n in range(50)
    )


def history(call: int) -> list[Row]:
    """Return 1,000 hours of one metric."""
    return _rows((20 + call, START + n * timedelta(hours=1)) for n in range(CALL))


def moment(call: int) -> list[Row]:
    """Return one value of each of 1,000 metrics: the most that there is to note for a call."""
    return _rows((metric, START - (1 + call) * timedelta(hours=1)) for metric in range(CALL))


def _rows(places: Any) -> list[Row]:
    return [(metric, at, random.random()) for metric, at in places]


SHAPES: dict[str, Callable[[int], list[Row]]] = {
    "20 metrics, 50 values each": live,
    "1 metric, 1,000 hours": history,
    "1,000 metrics, 1 value each": moment,
}


class Ways:
    """The ways to store rows, each durable when it ends; every one returns its seconds."""

    def __init__(self, port: int) -> None:
        from accounts.keys import make_api_key
        from accounts.models import Project, Scope, User
        from engagement.models import Metric

        ada = User.objects.create_user("ada@bench.example")
        self.shop = Project.objects.create(name="Shop", slug="shop")
        _, self.key = make_api_key(self.shop, name="bench", scopes=list(Scope), by=ada)
        five, hour = timedelta(minutes=5), timedelta(hours=1)
        self.metrics = Metric.objects.bulk_create(
            Metric(
                project=self.shop, key=f"m{n}", name=f"M{n}", resolution=five if n < 20 else hour
            )
            for n in range(CALL)
        )
        self.door = http.client.HTTPConnection("127.0.0.1", port)

    def by_copy(self, rows: list[Row]) -> float:
        """COPY the rows, whose text is written beforehand."""
        from django.db import connection, transaction

        text = "".join(
            f"{self.metrics[metric].pk}\t{at.isoformat()}\t{value!r}\t\\N\t{at.isoformat()}\n"
            for metric, at, value in rows
        )
        start = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert(
                "COPY engagement_metricsample (metric_id, taken_at, value, exposure, received_at)"
                " FROM STDIN",
                io.StringIO(text),
            )
        return time.perf_counter() - start

    def by_function(self, rows: list[Row]) -> float:
        """Call record_samples with the rows as JSON gives them."""
        from django.utils import timezone

        from engagement.intake import record_samples

        sent = self._sent(rows)
        start = time.perf_counter()
        report = record_samples(project=self.shop, rows=sent, now=timezone.now())
        took = time.perf_counter() - start
        assert report.created == len(rows), report
        return took

    def by_door(self, rows: list[Row]) -> float:
        """POST the rows to a running Wake, over a connection that is kept."""
        body = json.dumps({"samples": self._sent(rows)}).encode()
        head = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        start = time.perf_counter()
        self.door.request("POST", "/api/v1/metrics/samples/", body, head)
        answer = self.door.getresponse()
        said = json.loads(answer.read())
        took = time.perf_counter() - start
        assert answer.status == 200 and said["created"] == len(rows), said
        return took

    def _sent(self, rows: list[Row]) -> list[dict[str, Any]]:
        return [
            {"metric": f"m{metric}", "at": at.isoformat(), "value": value}
            for metric, at, value in rows
        ]


def measure(rounds: int) -> None:
    """Fill, serve, measure, and print a table in Markdown."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with servers.wake() as (port, _pid):
        ways = Ways(port)
        takes: dict[str, Callable[[list[Row]], float]] = {"COPY": ways.by_copy}
        if connection.vendor != "postgresql":
            takes = {}
        takes |= {"record_samples": ways.by_function, "HTTP": ways.by_door}
        print(f"\n{connection.vendor}, {CALL:,} rows a call, median of {rounds} rounds\n")
        print("| rows | " + " | ".join(takes) + " |")
        print("|---|" + "--:|" * len(takes))
        for name, shape in SHAPES.items():
            took: dict[str, list[float]] = {way: [] for way in takes}
            call = 0
            for turn in range(rounds + 2):
                for way, take in takes.items():
                    seconds = take(shape(call))
                    call += 1
                    if turn > 1:  # the first two warm up
                        took[way].append(seconds)
            _print(name, {way: statistics.median(times) for way, times in took.items()})
            # What other work on the machine disturbs least.
            _print(f"{name}: fastest", {way: min(times) for way, times in took.items()})


def _print(name: str, medians: dict[str, float]) -> None:
    base = medians.get("COPY")
    cells = [
        f"{1000 * seconds:.1f} ms" + (f" ({seconds / base:.2f}x)" if base else "")
        for seconds in medians.values()
    ]
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Read what is asked, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    with servers.django_ready():
        measure(asked.rounds)


if __name__ == "__main__":
    main()
