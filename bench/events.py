"""Fills a database with a million events, counts them, makes metrics of them, reads the
pages, and times it.

Run by `make bench-events`, on a database of its own: DATABASE_URL names it. Prints a table in
Markdown: how long a day takes to be counted, and how long the pages take, by queries and medians.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import Membership, Project, Role, User  # noqa: E402
from bench.event_metrics import measure_metrics  # noqa: E402
from engagement.counting import count_now  # noqa: E402
from engagement.event_keeping import make_room  # noqa: E402
from engagement.models import EventCount, VersionUse  # noqa: E402

DAYS = 60
NAMES, VERSIONS = 40, 12
# So many users are active at a time; in DAYS so many come, and as many go.
USERS, COMING = 10_000, 20_000
NOW = datetime.now(UTC)
_NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(0, CAST(%s AS bigint) - 1) AS n",
    "sqlite": "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n + 1 < %s) "
    "SELECT n FROM r",
}
_WHEN = {
    "postgresql": "CAST(%s AS timestamptz) - (n * CAST(%s AS float8)) * interval '1 second'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%S', %s, '-' || (n * %s) || ' seconds')",
}


def fill(rows: int) -> Project:
    """Return a project with so many events of the last DAYS days, evenly spread."""
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    if known := Project.objects.filter(slug="shop").first():
        return known  # filled by a run before
    make_room(NOW)
    ada = User.objects.create_user("ada@bench.example", "bench-events-2026", name="Ada")
    shop = Project.objects.create(name="Shop", slug="shop")
    Membership.objects.create(project=shop, user=ada, role=Role.OWNER)
    step = DAYS * 86_400 / rows
    when = _WHEN[connection.vendor]
    at = connection.ops.adapt_datetimefield_value(NOW)
    sql = (
        "INSERT INTO engagement_event (project_id, kind, name, user_id, anonymous_id, environment,"  # noqa: S608
        " service, version, properties, occurred_at, received_at) "
        f"SELECT %s, 'track', 'Event ' || (n * 7919 %% {NAMES}), "
        "CASE WHEN n %% 5 = 0 THEN '' ELSE "
        f"'u-' || (n * 104729 %% {USERS} + (%s - n) * {COMING} / %s) END, "
        f"'a-' || (n * 15485863 %% {4 * USERS}), 'production', '', "
        f'\'2.\' || ({VERSIONS} - n * {VERSIONS} / %s), \'{{"plan": "pro", "total": 31.5}}\', '
        f"{when}, {when} FROM ({_NUMBERS[connection.vendor]}) AS numbers"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [shop.pk, rows, rows, rows, at, step, at, step, rows])
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return shop


def timed(what: Callable[[], Any], times: int = 1) -> tuple[float, int]:
    """Return the median milliseconds that something takes, and its number of queries."""
    took = []
    with CaptureQueriesContext(connection) as queries:
        for _ in range(times):
            start = time.perf_counter()
            what()
            took.append(1_000 * (time.perf_counter() - start))
    return statistics.median(took), len(queries) // times


def main() -> None:
    """Fill, count, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    start = time.perf_counter()
    shop = fill(rows)
    took = time.perf_counter() - start
    print(f"\n{connection.vendor}, {rows:,} events of {DAYS} days, filled in {took:.0f} s\n")
    print("| what | median | queries |\n|---|---|---|")
    client = Client(headers={"Host": "localhost"})
    client.force_login(User.objects.get())
    page = "/p/shop/settings/metric-sources/events/"

    def look(address: str) -> None:
        assert client.get(address).status_code == 200

    def again() -> None:
        count_now(shop, now=NOW + timedelta(minutes=1))

    report("everything counted for the first time", timed(lambda: count_now(shop, now=NOW)))
    report("today counted again", timed(again, 3))
    report("the page Events", timed(lambda: look(page), 7))
    report("the latest events", timed(lambda: look(f"{page}latest/"), 7))
    report("the latest of one name", timed(lambda: look(f"{page}latest/?name=Event+3"), 7))
    measure_metrics(shop, client, timed, report)
    days = EventCount.objects.filter(span="day", name="")
    assert sum(days.values_list("events", flat=True)) == rows
    print(f"\n{EventCount.objects.count():,} counts and {VersionUse.objects.count():,} uses kept.")


def report(what: str, found: tuple[float, int]) -> None:
    """Print a line of the table."""
    print(f"| {what} | {found[0]:,.0f} ms | {found[1]} |", flush=True)


if __name__ == "__main__":
    main()
