from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.windows import DAY, Window
from dashboard.week import week_in_review
from digest.parts import Reader
from digest.sections_work import waiting_section
from learning.models import Learning
from learning.verdict import Verdict
from tests.factories import make_deployment

MONDAY = datetime(2026, 3, 16, 6, tzinfo=UTC)


@pytest.fixture
def overdue(shop):
    return Learning.objects.create(
        project=shop, deployment=make_deployment(shop), headline="It moved", method="test",
        verdict=Verdict.SUPPORTED, drafted_at=MONDAY - 20 * DAY, due_at=MONDAY - 13 * DAY,
    )  # fmt: skip


def asked(shop, *, ends, length):
    review = week_in_review(shop, week=Window(ends - length, ends), now=ends)
    return bool(waiting_section(shop, review, Reader(), ZoneInfo("UTC")).items)


class TestAnOverdueDraft:
    @pytest.mark.parametrize("weekday", range(7))
    def test_is_asked_for_in_each_weekly_digest(self, shop, overdue, weekday):
        assert asked(shop, ends=MONDAY + weekday * DAY, length=7 * DAY)

    def test_is_asked_for_once_a_week_in_a_daily_digest(self, shop, overdue):
        days = [asked(shop, ends=MONDAY + n * DAY, length=DAY) for n in range(7)]

        assert days == [True, False, False, False, False, False, False]

    def test_is_asked_for_once_in_a_week_whose_days_are_longer_or_shorter(self, shop, overdue):
        assert not asked(shop, ends=MONDAY + DAY, length=DAY + timedelta(hours=1))
