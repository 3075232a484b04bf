"""Measures the pages that show metrics, over 1 and then 10 million samples and a million feedback.

`make bench-pages` runs it on a PostgreSQL of its own; `--samples 1000000` alone is what SQLite is
for. Pages are asked for as a browser asks, through the whole of Django, without a network between.
Each number of samples has a database of its own with the same feedback, and these take turns page
by page, so that what else the machine does weighs on all of them alike. Prints a table in Markdown:
the median, the 95th percentile, the number of queries, and by how much the median grew from the
smallest to the largest number of samples.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("SECRET_KEY", "bench")
os.environ.setdefault("ALLOWED_HOSTS", "testserver")

# Sets Django up, and knows how to fill a database with feedback, ships and who said what of which.
from bench import inbox  # noqa: E402 isort:skip

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.pages_fill import METRICS, fill, measure_history  # noqa: E402
from deployments.models import Deployment  # noqa: E402

PAGES = (
    "a deployment",
    "a deployment of months ago",
    "a metric by the hour",
    "a metric by five minutes",
    "the list of metrics",
    "home",
    "the inbox",
)


def pages() -> dict[str, str]:
    """Return the address of each of PAGES."""
    ships = Deployment.objects.filter(project__slug="shop").order_by("-shipped_at")
    lately, long_ago = ships[3], ships[20]
    addresses = (
        f"ships/{lately.pk}/",
        f"ships/{long_ago.pk}/",
        "metrics/m0/",
        "metrics/m1/",
        "metrics/",
        "",
        "feedback/",
    )
    return {name: f"/p/shop/{rest}" for name, rest in zip(PAGES, addresses, strict=True)}


@dataclass
class Timed:
    """How long a page took each time, in milliseconds, and how many queries it makes."""

    took: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.took)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.took, n=20)[18]


class Asked:
    """A process that asks for pages on a database of its own: sent a line, it answers one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, __file__, "--answer"],
            env={**os.environ, "DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **what: Any) -> dict[str, Any]:
        """Send it what to do, and return what it answers."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps(what), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"Asking for {what} failed.")
        answer: dict[str, Any] = json.loads(line)
        return answer


def answer_lines() -> None:
    """Fill, or ask for a page and say how long it took, as each line of standard input says."""
    told, sys.stdout = sys.stdout, sys.stderr
    client = Client()
    addresses: dict[str, str] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        said: dict[str, Any] = {}
        if "samples" in asked:
            measure_history(asked["samples"])
        else:
            if not addresses:
                client.force_login(User.objects.get(email="ada@bench.example"))
                addresses = pages()
            said = one_page(client, addresses[asked["page"]], slowest=asked["slowest"])
        print(json.dumps(said), file=told, flush=True)


def one_page(client: Client, address: str, *, slowest: bool) -> dict[str, Any]:
    """Ask for a page once; return its milliseconds and how many queries it made."""
    with inbox.timed() as clock:
        start = time.perf_counter()
        answer = client.get(address)
        took = 1000 * (time.perf_counter() - start)
    assert answer.status_code == 200, (address, answer.status_code)
    if slowest:
        for milliseconds, sql, _ in sorted(clock.queries, key=lambda one: -one[0])[:3]:
            print(f"{address}: {milliseconds:.1f} ms {sql[:300]}", file=sys.stderr)
    return {"took": took, "queries": len(clock.queries)}


def copied(name: str) -> str:
    """Copy the database that is filled with feedback, and return the address of the copy."""
    settings = connection.settings_dict
    connection.close()
    if connection.vendor == "sqlite":
        path = Path(settings["NAME"]).with_name(f"{name}.sqlite3")
        shutil.copyfile(settings["NAME"], path)
        return f"sqlite:///{path}"
    there = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    other = psycopg2.connect(dbname="template1", password=settings["PASSWORD"] or None, **there)
    other.autocommit = True
    other.cursor().execute(f'CREATE DATABASE {name} TEMPLATE "{settings["NAME"]}"')
    other.close()
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def times(asked: list[Asked], rounds: int, *, slowest: bool) -> list[dict[str, Timed]]:
    """Return {page: its times} of each database, which take turns: what disturbs, disturbs all."""
    found: list[dict[str, Timed]] = [{name: Timed() for name in PAGES} for _ in asked]
    for turn in range(rounds + 2):
        for name in PAGES:
            order = list(enumerate(asked))
            for place, one in order if turn % 2 else reversed(order):
                said = one.ask(page=name, slowest=slowest and turn == 1)
                found[place][name].queries = said["queries"]
                if turn > 1:
                    found[place][name].took.append(said["took"])
    return found


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--feedback", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument(
        "--filled", nargs="+", help="databases of an earlier run, fewest samples first"
    )
    parser.add_argument("--slowest", action="store_true", help="print the slowest queries")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    inbox.NOW = timezone.now().replace(minute=0, second=0, microsecond=0)
    if asked.answer:
        answer_lines()
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    sizes = sorted(asked.samples)
    if asked.filled:
        databases = [Asked(url) for url in asked.filled]
    else:
        call_command("migrate", verbosity=0)
        fill(asked.feedback)
        databases = [Asked(copied(f"bench_{size}")) for size in sizes]
        for one, size in zip(databases, sizes, strict=True):
            one.ask(samples=size)
            print(f"{size:,} samples are measured.", flush=True)
    show(sizes, asked.feedback, times(databases, asked.rounds, slowest=asked.slowest))


def show(sizes: list[int], feedback: int, results: list[dict[str, Timed]]) -> None:
    """Print the table."""
    print(f"\n{connection.vendor}: {METRICS} metrics, {feedback:,} feedback\n")
    heads = [f"{size / 1e6:g} M samples: median, p95" for size in sizes]
    print("| page | queries | " + " | ".join(heads) + " | growth |")
    print("|---|--:|" + "--:|" * (len(sizes) + 1))
    for name, last in results[-1].items():
        cells = [f"{one[name].median:.0f} ms, {one[name].p95:.0f} ms" for one in results]
        growth = last.median / results[0][name].median
        print(f"| {name} | {last.queries} | " + " | ".join(cells) + f" | {growth:.2f}x |")


if __name__ == "__main__":
    main()
