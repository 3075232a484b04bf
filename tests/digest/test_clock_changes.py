"""Digests that really leave, hour by hour, through both changes of the clock in three zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.models import Issue, Subscription
from digest.schedule import Rhythm
from digest.sending import send_digest_to
from digest.subscribe import Choice, change_subscription, subscribe
from tests.factories import NOW, make_deployment

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUNDAY = 6
CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Sydney", "2026-04-05"),
    ("Australia/Sydney", "2026-10-04"),
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize(
    ("rhythm", "weekday", "hour", "count"),
    [(Rhythm.WEEKLY, SUNDAY, 9, 2), (Rhythm.DAILY, 0, 17, 15)],
)
def test_a_digest_comes_on_its_weekday_at_its_hour(
    zone, day, rhythm, weekday, hour, count, shop, ada, mailbox
):
    here = ZoneInfo(zone)
    now = (datetime.fromisoformat(day).replace(tzinfo=UTC) - 9 * DAY).replace(hour=12)
    make_deployment(shop, shipped_at=now - DAY)
    reader = subscribe(shop, ada, now=NOW)
    choice = Choice(rhythm=rhythm, weekday=weekday, hour=hour, timezone=zone)
    change_subscription(reader, choice, now=now)

    came = []
    for _ in range(15 * 24):
        now += HOUR
        for due in Subscription.objects.due(now):
            assert send_digest_to(due, now=now)
            came.append(now.astimezone(here))

    assert [moment.hour for moment in came] == [hour] * count
    if rhythm == Rhythm.WEEKLY:
        assert {moment.weekday() for moment in came} == {weekday}
    else:
        assert len({moment.date() for moment in came}) == count
    # Both sides of the change were seen, and no period was told twice or left out.
    assert len({moment.utcoffset() for moment in came}) == 2
    assert Issue.objects.count() == len(mailbox.mails) == count
