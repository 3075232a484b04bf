"""Fills a database with a million feedback, reads the inbox as a browser would, and times it.

Run by `make bench-inbox`, on a database of its own: DATABASE_URL names it, and it is filled once.
Prints a table of medians in Markdown, and with --plans the plan of the query that reads the list.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Membership, Project, Role, User  # noqa: E402
from common.paging import cursor_at  # noqa: E402
from deployments.models import Deployment  # noqa: E402
from feedback.models import Customer, FeedbackItem, Status  # noqa: E402

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
DAYS = 700
SHIPS = 200
CUSTOMERS = 50_000
WORDS = 30_000
COPIES = 10
SOURCES = ("app_store", "play_store", "widget", "email")
LANGUAGES = ("en", "de", "fr", "es", "ja", "fi")
SPREAD = (900, 40, 25, 20, 14, 1)


def fill(rows: int) -> None:
    """Fill the database with `rows` feedback of two years, nine tenths of one project."""
    call_command("migrate", verbosity=0)
    ada = User.objects.create_user("ada@bench.example", "bench-inbox-2026", name="Ada")
    shop, bakery = (Project.objects.create(name=n, slug=n.lower()) for n in ("Shop", "Bakery"))
    Membership.objects.create(project=shop, user=ada, role=Role.OWNER)
    _ship(shop, ada)
    for project in (shop, bakery):
        Customer.objects.bulk_create(
            (Customer(project=project, external_id=f"c{n}") for n in range(CUSTOMERS)),
            batch_size=5_000,
        )
    chance = random.Random(4)
    customers = list(Customer.objects.filter(project=shop).values_list("pk", flat=True))
    with without_indexes():
        made = _feedback(shop, bakery, rows // COPIES, customers, ada, chance)
        while batch := list(islice(made, 5_000)):
            FeedbackItem.objects.bulk_create(batch)
        _copy()
    _attribute(shop)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _ship(shop: Project, ada: User) -> None:
    environment, _ = shop.environments.get_or_create(name="production")
    Deployment.objects.bulk_create(
        Deployment(
            project=shop,
            environment=environment,
            external_id=f"s{n}",
            version=f"2.{n}",
            shipped_at=NOW - timedelta(days=DAYS * (1 - n / SHIPS)),
            received_at=NOW,
        )
        for n in range(SHIPS)
    )


def _feedback(
    shop: Project,
    bakery: Project,
    rows: int,
    customers: list[int],
    ada: User,
    chance: random.Random,
) -> Iterator[FeedbackItem]:
    # Words as rare as in speech: the n-th most common is used about 1/n as often as the first.
    words = [f"word{n}" for n in range(WORDS)]
    shares = [1 / (n + 3) for n in range(WORDS)]
    spoken = iter(chance.choices(words, shares, k=200_000))
    for n in range(rows):
        said = []
        for _ in range(chance.randint(4, 40)):
            word = next(spoken, None)
            if word is None:
                spoken = iter(chance.choices(words, shares, k=200_000))
                word = next(spoken)
            said.append(word)
        if chance.random() < 0.3:
            said.insert(0, "app")
        if chance.random() < 0.1:
            said[1:1] = ["keeps", "crashing"]
        if n % 50_000 == 7:
            said.append("zebrafish")
        age = timedelta(days=DAYS * n / rows)
        said_at = NOW - age
        is_new = chance.random() < (0.9 if age < timedelta(days=30) else 0.3)
        is_held = chance.random() < 0.01
        yield FeedbackItem(
            project=bakery if n % 10 == 9 else shop,
            source=chance.choices(SOURCES, (50, 30, 19, 1))[0],
            external_id=str(n),
            text=" ".join(said),
            rating=chance.choice((1, 1, 2, 3, 4, 5, 5, None)),
            version=f"2.{int(SHIPS * (1 - n / rows))}" if n % 3 else "",
            environment="production",
            customer_id=chance.choice(customers) if n % 10 != 9 else None,
            said_at=said_at,
            received_at=said_at,
            status=Status.NEW if is_new else chance.choice((Status.SEEN, Status.CLOSED)),
            seen_at=None if is_new else said_at,
            assignee=ada if n % 5_000 == 3 else None,
            held_at=said_at if is_held else None,
            language=chance.choices(LANGUAGES, SPREAD)[0],
            theme=chance.choice(("crash", "speed", "design", "payment", "other", "praise")),
            mood=chance.choice(("good", "bad", "mixed", "neutral")),
            linked_at=said_at,
        )


@contextmanager
def without_indexes() -> Iterator[None]:
    """Build the indexes after the rows: sorted at once, they take a fraction of the time."""
    on_postgres = connection.vendor == "postgresql"
    catalog = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'feedback_feedbackitem' "
        "AND indexdef NOT LIKE '%%UNIQUE%%'"
        if on_postgres
        else "SELECT name, sql FROM sqlite_master WHERE type = 'index' "
        "AND tbl_name = 'feedback_feedbackitem' AND sql NOT LIKE '%%UNIQUE%%'"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalog, [])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)


def _copy() -> None:
    """Say all of it again a little earlier, until there are COPIES of each."""
    columns = [
        f'"{field.column}"'
        for field in FeedbackItem._meta.concrete_fields
        if field.name not in ("id", "said_at", "external_id")
    ]
    earlier = (
        "said_at - %s * interval '97 seconds'"
        if connection.vendor == "postgresql"
        else "strftime('%%Y-%%m-%%d %%H:%%M:%%f', said_at, '-' || (%s * 97) || ' seconds')"
    )
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM feedback_feedbackitem")
        (last,) = cursor.fetchone()
        for n in range(1, COPIES):
            cursor.execute(
                f"INSERT INTO feedback_feedbackitem (external_id, said_at, {names}) "  # noqa: S608
                f"SELECT external_id || %s, {earlier}, {names} "
                "FROM feedback_feedbackitem WHERE id <= %s",
                [f"-{n}", n, last],
            )


def _attribute(shop: Project) -> None:
    """Give each feedback of the shop two candidates, of which one in eight is none of its ships."""
    first = Deployment.objects.order_by("pk").values_list("pk", flat=True)[0]
    best = (f"{first} + id %% {SHIPS}", "0.7", "TRUE", "id %% 8 <> 0")
    none = ("NULL", "0.3", "FALSE", "id %% 8 <> 0")
    only = ("NULL", "1.0", "TRUE", "id %% 8 = 0")
    with connection.cursor() as cursor:
        for ship, share, is_best, which in (best, none, only):
            cursor.execute(
                "INSERT INTO learning_attribution (feedback_id, deployment_id, probability, "  # noqa: S608
                "reasons, is_best, on_topic, method, said_at) "
                f"SELECT id, {ship}, {share}, '[\"It was live at that time\"]', {is_best}, "
                f"FALSE, 'bench', said_at FROM feedback_feedbackitem "
                f"WHERE project_id = %s AND {which}",
                [shop.pk],
            )


class Clock:
    """Times the queries that are made while it runs."""

    def __init__(self) -> None:
        self.queries: list[tuple[float, str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run one query and note how long it took, in milliseconds."""
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append(((time.perf_counter() - start) * 1000, sql, params))


@contextmanager
def timed() -> Iterator[Clock]:
    """Time the queries made within."""
    clock = Clock()
    with connection.execute_wrapper(clock):
        yield clock


def cases(shop: Project) -> dict[str, str]:
    """Return what is measured: its name and its address."""
    rows = FeedbackItem.objects.filter(project=shop).order_by("-said_at", "-pk")
    deep = rows[999 * 50 - 1]
    bottom = rows.order_by("said_at", "pk")[100]
    ship = Deployment.objects.get(project=shop, version="2.190")
    at_deep = cursor_at([deep.said_at, deep.pk], "next")
    at_bottom = cursor_at([bottom.said_at, bottom.pk], "next")
    return {
        "first page": "",
        "page 1,000": f"?cursor={at_deep}",
        "page 1,000, back to 999": f"?cursor={cursor_at([deep.said_at, deep.pk], 'previous')}",
        "the last page": f"?cursor={at_bottom}",
        "oldest first": "?sort=oldest",
        "lowest rating first": "?sort=lowest",
        "word in 30 %": "?q=app+",
        "word in 30 %, page 1,000": f"?q=app+&cursor={at_deep}",
        "word in 10 %": "?q=crashing+",
        "word in 1 %": "?q=word150+",
        "word in 0.1 %": "?q=word2000+",
        "word in 20 rows": "?q=zebrafish+",
        "word nobody said": "?q=unheard+",
        "beginning of a word": "?q=crash",
        "beginning of a rare word": "?q=zebra",
        "two words": "?q=app+word150+",
        "two rare words": "?q=word2000+word2100+",
        "phrase": "?q=%22keeps+crashing%22",
        "phrase that is not there": "?q=%22crashing+keeps%22",
        "word without another": "?q=app+-crashing",
        "letters of a script without spaces": "?q=%E9%97%AA%E9%80%80",
        "word in 1 %, bad, one version": "?q=word150+&mood=bad&version=2.100",
        "new": "?status=new",
        "closed": "?status=closed",
        "bad mood": "?mood=bad",
        "theme": "?theme=payment",
        "one star": "?rating=1",
        "source in 1 %": "?source=email",
        "version of long ago": "?version=2.20",
        "version nobody has": "?version=9.9",
        "language in 0.1 %": "?language=fi",
        "environment": "?environment=production",
        "environment nobody has": "?environment=staging",
        "one month of long ago": "?since=2024-06-01&until=2024-06-30",
        "not answered yet": "?unanswered=on",
        "assigned to me": "?assigned=me",
        "nobody looks after": "?assigned=nobody",
        "held back as spam": "?place=held",
        "merged away": "?place=merged",
        "about one ship": f"?ship={ship.pk}",
        "about my ships": "?yours=on",
        "about none of ours": "?none=on",
        "an item": f"{deep.pk}/",
        "an item within a search": f"{deep.pk}/?q=word150+",
    }


def measure(runs: int, plans: bool, only: str) -> None:
    """Print the medians of all cases."""
    shop = Project.objects.get(slug="shop")
    # Static files are named plainly, so that nothing must be collected first.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
    client.force_login(User.objects.get(email="ada@bench.example"))
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    print(f"\n| {name} | SQL, ms | list, ms | queries | whole page, ms |")
    print("|---|--:|--:|--:|--:|")
    shown = []
    for label, address in cases(shop).items():
        if only and only not in label:
            continue
        figures, slowest = [], None
        for _ in range(runs + 2):
            start = time.perf_counter()
            with timed() as clock:
                answer = client.get(f"/p/shop/feedback/{address}")
            assert answer.status_code == 200, (label, answer.status_code)
            whole = (time.perf_counter() - start) * 1000
            lists = [one for one in clock.queries if '"text"' in one[1]]
            slowest = max(lists, default=None)
            figures.append(
                (
                    sum(one[0] for one in clock.queries),
                    sum(one[0] for one in lists),
                    len(clock.queries),
                    whole,
                )
            )
        sql, listed, queries, whole = map(statistics.median, zip(*figures[2:], strict=True))
        print(f"| {label} | {sql:.1f} | {listed:.1f} | {queries:.0f} | {whole:.0f} |", flush=True)
        shown.append((label, slowest))
    if plans:
        for label, slowest in shown:
            if slowest:
                print_plan(label, slowest)


def print_plan(label: str, query: tuple[float, str, Any]) -> None:
    """Print how the database answers a query."""
    on_postgres = connection.vendor == "postgresql"
    explain = "EXPLAIN (ANALYZE, BUFFERS)" if on_postgres else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {query[1]}", query[2])
        lines = [row[-1] for row in cursor.fetchall()]
    print(f"\n**{label}**\n\n```text", *(str(line)[:160] for line in lines), "```", sep="\n")


def main() -> None:
    """Fill the database if it is empty, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--only", default="", help="measure only the cases that contain this")
    options = parser.parse_args()
    timezone.activate(UTC)
    if connection.introspection.table_names().count("feedback_feedbackitem") == 0:
        start = time.perf_counter()
        fill(options.rows)
        print(f"Filled {options.rows:,} in {time.perf_counter() - start:.0f} s")
    measure(options.runs, options.plans, options.only)


if __name__ == "__main__":
    main()
