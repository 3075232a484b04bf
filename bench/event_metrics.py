"""Times metrics made of events: the look before saving, working them out, changing one, its page.

A part of `make bench-events`; the database is filled and Django set up by bench/events.py.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Project
from engagement.event_work import work_part
from engagement.models import EventMetric
from engagement.rolling import roll_up

Timed = Callable[[Callable[[], Any], int], tuple[float, int]]
DAY, WEEK = 86_400, 7 * 86_400
# What is asked of the form, for each measure.
MEASURES: dict[str, dict[str, object]] = {
    "count": {"event": "Event 3"},
    "users": {"event": "Event 3"},
    "users of anything": {"measure": "users"},
    "conversion": {"event": "Event 3", "then_event": "Event 4", "within": DAY},
    "first_use": {"event": "Event 3"},
    "adoption": {"event": "Event 3"},
    "time_to_first_use": {"event": "Event 3", "within": WEEK},
    "retention": {"day": 7},
}
_REST = {
    "measure": "count", "event": "", "then_event": "", "within": DAY, "day": 1, "where": "",
    "environment": "", "service": "", "version": "", "hours": 24, "key": "", "unit": "",
    "role": "signal", "good_direction": "",
}  # fmt: skip


def measure_metrics(
    shop: Project, client: Client, timed: Timed, report: Callable[[str, tuple[float, int]], None]
) -> None:
    """Print a line of the table for each thing that somebody waits for."""
    new = f"/p/{shop.slug}/metrics/from-events/"
    for name, asked in MEASURES.items():
        facts = {**_REST, "measure": name, "name": name, **asked}
        looked = {**facts, "look": "1"}
        report(f"the look before saving: {name}", timed(partial(_post, client, new, looked), 3))
        saved = client.post(new, {**facts, "save": "1"})
        assert saved.status_code == 302, saved.content.decode()[-2_000:]
        _work_out(shop, name, timed, report)
    _analyze()
    page = f"/p/{shop.slug}/metrics/conversion/"
    report("the page of such a metric", timed(lambda: _get(client, page), 7))
    changed = {**_REST, "measure": "conversion", "name": "conversion", "event": "Event 5"}
    changed |= {"then_event": "Event 6", "save": "1"}
    report(
        "saving another definition", timed(lambda: _post(client, f"{page}definition/", changed), 1)
    )
    _work_out(shop, "conversion", timed, report, what="conversion, changed")


def _work_out(
    shop: Project,
    name: str,
    timed: Timed,
    report: Callable[[str, tuple[float, int]], None],
    what: str = "",
) -> None:
    row = EventMetric.objects.select_related("metric__project").get(
        metric__project=shop, metric__name=name
    )
    assert row.claim(timezone.now())
    report(f"its newest 28 days: {what or name}", timed(lambda: _part(row), 1))

    def rest() -> None:
        while _part(row):
            continue

    report(f"its history: {what or name}", timed(rest, 1))
    days = row.metric.samples.count()
    assert row.problem == "" and days, (name, row.problem, days)
    while roll_up():
        continue


def _part(row: EventMetric) -> bool:
    return work_part(row, now=timezone.now())


def _post(client: Client, url: str, facts: dict[str, object]) -> None:
    answer = client.post(url, facts, headers={"HX-Request": "true"})
    assert answer.status_code in (200, 302), answer.status_code


def _get(client: Client, url: str) -> None:
    assert client.get(url).status_code == 200


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
