"""What each measure makes of a handful of events that can be counted by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from common.windows import Window
from engagement.event_values import values_of
from engagement.models import Measure, SameUser
from tests.engagement.happenings import DAY, HOUR, asking, did
from tests.factories import make_project

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 16, tzinfo=UTC)
WEEK = Window(MONDAY, MONDAY + 7 * DAY)
ONE_DAY = Window(MONDAY, MONDAY + DAY)


def told(asked, window=WEEK) -> list[tuple[datetime, float, int | None]]:
    return [(one.at, one.value, one.of) for one in values_of(asked, window)]


def value(asked, window=ONE_DAY) -> tuple[float, int | None]:
    [one] = values_of(asked, window)
    return one.value, one.of


class TestHowOftenItHappened:
    def test_counts_events_by_day(self, shop):
        did(shop, "Ordered", MONDAY + 1 * HOUR, "ada")
        did(shop, "Ordered", MONDAY + 2 * HOUR, "ada")
        did(shop, "Ordered", MONDAY + 25 * HOUR, "ben")

        assert told(asking(shop, Measure.COUNT, "Ordered")) == [
            (MONDAY, 2.0, None),
            (MONDAY + DAY, 1.0, None),
        ]

    def test_puts_an_event_at_midnight_into_the_day_that_begins(self, shop):
        did(shop, "Ordered", MONDAY + DAY - timedelta(microseconds=1), "ada")
        did(shop, "Ordered", MONDAY + DAY, "ada")

        counts = [one.value for one in values_of(asking(shop, Measure.COUNT, "Ordered"), WEEK)]
        assert counts == [1.0, 1.0]

    def test_counts_what_names_no_user(self, shop):
        did(shop, "Ordered", MONDAY)

        assert value(asking(shop, Measure.COUNT, "Ordered")) == (1.0, None)

    def test_is_0_in_an_hour_of_a_day_in_which_other_things_happened(self, shop):
        did(shop, "Viewed", MONDAY, "ada")
        asked = asking(shop, Measure.COUNT, "Ordered", resolution=HOUR)

        hours = values_of(asked, Window(MONDAY - 2 * HOUR, MONDAY + 30 * HOUR))

        assert [one.value for one in hours] == [0.0] * 24
        assert (hours[0].at, hours[-1].at) == (MONDAY, MONDAY + 23 * HOUR)

    def test_says_nothing_of_a_day_of_which_nothing_is_known(self, shop):
        assert told(asking(shop, Measure.COUNT, "Ordered")) == []

    def test_counts_any_event_where_none_is_named(self, shop):
        did(shop, "Viewed", MONDAY, "ada")
        did(shop, "Ordered", MONDAY, "ada")

        assert value(asking(shop, Measure.COUNT)) == (2.0, None)

    def test_sees_nothing_of_another_project(self, shop):
        did(make_project("Bakery"), "Ordered", MONDAY, "ada")

        assert told(asking(shop, Measure.COUNT, "Ordered")) == []

    @pytest.mark.parametrize("field", ["environment", "service", "version"])
    def test_keeps_to_where_the_event_says_it_was(self, shop, field):
        did(shop, "Ordered", MONDAY, "ada", **{field: "one"})
        did(shop, "Ordered", MONDAY, "ada", **{field: "two"})
        did(shop, "Ordered", MONDAY, "ada")

        assert value(asking(shop, Measure.COUNT, "Ordered", **{field: "one"})) == (1.0, None)

    @pytest.mark.parametrize(
        ("sent", "wanted"),
        [("pro", "pro"), (3, "3"), (3.0, "3"), ("3", "3"), (True, "true"), (False, "false"),
         (2.5, "2.5"), ("it's", "it's"), ("100%", "100%"), ("ü", "ü")],
    )  # fmt: skip
    def test_compares_properties_as_text(self, shop, sent, wanted):
        did(shop, "Ordered", MONDAY, "ada", properties={"the plan": sent})
        did(shop, "Ordered", MONDAY, "ada", properties={"the plan": "another"})
        did(shop, "Ordered", MONDAY, "ada")

        asked = asking(shop, Measure.COUNT, "Ordered", where={"the plan": wanted})
        assert value(asked) == (1.0, None)

    def test_wants_all_properties_at_once(self, shop):
        did(shop, "Ordered", MONDAY, "ada", properties={"plan": "pro", "seats": 3})
        did(shop, "Ordered", MONDAY, "ada", properties={"plan": "pro"})

        asked = asking(shop, Measure.COUNT, "Ordered", where={"plan": "pro", "seats": "3"})
        assert value(asked) == (1.0, None)


class TestHowManyUsersDidIt:
    def test_counts_a_user_once_a_bucket(self, shop):
        for hours, user in ((1, "ada"), (2, "ada"), (3, "ben"), (26, "ada")):
            did(shop, "Ordered", MONDAY + hours * HOUR, user)

        assert [one.value for one in values_of(asking(shop, Measure.USERS, "Ordered"), WEEK)] == [
            2.0,
            1.0,
        ]

    def test_leaves_out_what_names_nobody(self, shop):
        did(shop, "Ordered", MONDAY, "ada")
        did(shop, "Ordered", MONDAY)

        assert value(asking(shop, Measure.USERS, "Ordered")) == (1.0, None)

    def test_knows_a_user_again_who_was_anonymous_before(self, shop):
        did(shop, "Ordered", MONDAY, anonymous="a-1")
        did(shop, "Ordered", MONDAY + HOUR, "ada", anonymous="a-1")
        assert value(asking(shop, Measure.USERS, "Ordered")) == (2.0, None)

        SameUser.objects.create(
            project=shop, anonymous_id="a-1", user_id="ada", learned_at=MONDAY + HOUR
        )
        assert value(asking(shop, Measure.USERS, "Ordered")) == (1.0, None)

    def test_takes_no_word_of_another_project_for_who_is_who(self, shop):
        did(shop, "Ordered", MONDAY, anonymous="a-1")
        did(shop, "Ordered", MONDAY, "ada")
        SameUser.objects.create(
            project=make_project(), anonymous_id="a-1", user_id="ada", learned_at=MONDAY
        )

        assert value(asking(shop, Measure.USERS, "Ordered")) == (2.0, None)


class TestTheShareWhoThenDidSomethingElse:
    def asked(self, shop, **facts):
        facts = {"then_event": "Paid", "within": HOUR, **facts}
        return asking(shop, Measure.CONVERSION, "Viewed", **facts)

    def test_is_of_users_who_did_the_first(self, shop):
        for user in ("ada", "ben", "eve"):
            did(shop, "Viewed", MONDAY + HOUR, user)
        did(shop, "Paid", MONDAY + 1.5 * HOUR, "ada")
        did(shop, "Paid", MONDAY + 1.5 * HOUR, "dan")

        assert value(self.asked(shop)) == (1 / 3, 3)

    @pytest.mark.parametrize(
        ("minutes", "share"), [(-1, 0.0), (0, 1.0), (59, 1.0), (60, 0.0), (61, 0.0)]
    )
    def test_counts_what_follows_in_time(self, shop, minutes, share):
        did(shop, "Viewed", MONDAY + 2 * HOUR, "ada")
        did(shop, "Paid", MONDAY + 2 * HOUR + timedelta(minutes=minutes), "ada")

        assert value(self.asked(shop)) == (share, 1)

    def test_belongs_to_the_bucket_of_the_first(self, shop):
        did(shop, "Viewed", MONDAY + 23.5 * HOUR, "ada")
        did(shop, "Paid", MONDAY + 24.2 * HOUR, "ada")

        assert told(self.asked(shop)) == [(MONDAY, 1.0, 1)]

    def test_may_follow_any_of_the_firsts(self, shop):
        did(shop, "Viewed", MONDAY + 1 * HOUR, "ada")
        did(shop, "Viewed", MONDAY + 9 * HOUR, "ada")
        did(shop, "Paid", MONDAY + 9.5 * HOUR, "ada")

        assert value(self.asked(shop)) == (1.0, 1)

    def test_counts_each_user_once(self, shop):
        for hours in (1, 2, 3):
            did(shop, "Viewed", MONDAY + hours * HOUR, "ada")
            did(shop, "Paid", MONDAY + (hours + 0.1) * HOUR, "ada")
        did(shop, "Viewed", MONDAY + HOUR, "ben")

        assert value(self.asked(shop)) == (0.5, 2)

    @pytest.mark.parametrize(("minutes", "share"), [(0, 0.0), (10, 1.0)])
    def test_of_one_event_asks_for_a_later_one(self, shop, minutes, share):
        did(shop, "Viewed", MONDAY, "ada")
        did(shop, "Viewed", MONDAY + timedelta(minutes=minutes), "ada")

        assert value(self.asked(shop, then_event="Viewed")) == (share, 1)

    def test_follows_a_user_through_signing_in(self, shop):
        did(shop, "Viewed", MONDAY, anonymous="a-1")
        did(shop, "Paid", MONDAY + 0.5 * HOUR, "ada")
        assert value(self.asked(shop)) == (0.0, 1)

        SameUser.objects.create(project=shop, anonymous_id="a-1", user_id="ada", learned_at=MONDAY)
        assert value(self.asked(shop)) == (1.0, 1)

    def test_asks_the_first_event_alone_for_its_properties(self, shop):
        did(shop, "Viewed", MONDAY, "ada", properties={"page": "sale"})
        did(shop, "Viewed", MONDAY, "ben", properties={"page": "home"})
        did(shop, "Paid", MONDAY + 0.5 * HOUR, "ada")

        assert value(self.asked(shop, where={"page": "sale"})) == (1.0, 1)

    def test_is_of_nobody_where_nobody_did_the_first(self, shop):
        did(shop, "Paid", MONDAY, "ada")

        assert told(self.asked(shop)) == []


class TestTheShareOfActiveUsersWhoDidIt:
    def test_is_of_all_who_did_anything(self, shop):
        did(shop, "Gift note", MONDAY, "ada")
        for user in ("ada", "ben", "eve", "dan"):
            did(shop, "Viewed", MONDAY + HOUR, user)

        assert value(asking(shop, Measure.ADOPTION, "Gift note")) == (0.25, 4)

    def test_is_of_those_in_the_same_environment(self, shop):
        did(shop, "Gift note", MONDAY, "ada", environment="production")
        did(shop, "Viewed", MONDAY, "ben", environment="production")
        did(shop, "Viewed", MONDAY, "eve", environment="staging")

        asked = asking(shop, Measure.ADOPTION, "Gift note", environment="production")
        assert value(asked) == (0.5, 2)


class TestTheFirstUse:
    def asked(self, shop):
        return asking(shop, Measure.FIRST_USE, "Gift note")

    def test_is_counted_once_a_user(self, shop):
        for hours in (1, 2, 26):
            did(shop, "Gift note", MONDAY + hours * HOUR, "ada")
        did(shop, "Gift note", MONDAY + 27 * HOUR, "ben")

        assert [one.value for one in values_of(self.asked(shop), WEEK)] == [1.0, 1.0]

    @pytest.mark.parametrize(("days", "first"), [(27, 0.0), (28, 0.0), (29, 1.0)])
    def test_is_the_first_in_28_days(self, shop, days, first):
        did(shop, "Gift note", MONDAY - days * DAY, "ada")
        did(shop, "Gift note", MONDAY, "ada")

        assert value(self.asked(shop)) == (first, None)


class TestTheTimeToTheFirstUse:
    def asked(self, shop):
        return asking(shop, Measure.TIME_TO_FIRST_USE, "Gift note", within=7 * DAY)

    def test_is_the_median_of_new_users(self, shop):
        for user, hours in (("ada", 1), ("ben", 5), ("eve", 30)):
            did(shop, "Viewed", MONDAY + HOUR, user)
            did(shop, "Gift note", MONDAY + (1 + hours) * HOUR, user)

        assert told(self.asked(shop)) == [(MONDAY, 5.0, None)]

    def test_is_the_middle_of_two(self, shop):
        for user, hours in (("ada", 1), ("ben", 5)):
            did(shop, "Viewed", MONDAY, user)
            did(shop, "Gift note", MONDAY + hours * HOUR, user)

        assert value(self.asked(shop)) == (3.0, None)

    def test_leaves_out_who_took_too_long_or_was_not_new(self, shop):
        did(shop, "Viewed", MONDAY, "ada")
        did(shop, "Gift note", MONDAY + 2 * HOUR, "ada")
        did(shop, "Viewed", MONDAY, "ben")
        did(shop, "Gift note", MONDAY + 7 * DAY, "ben")
        did(shop, "Viewed", MONDAY - DAY, "eve")
        did(shop, "Gift note", MONDAY + 20 * HOUR, "eve")

        assert value(self.asked(shop)) == (2.0, None)


class TestTheShareWhoCameBack:
    def asked(self, shop, days=1, **facts):
        return asking(shop, Measure.RETENTION, within=days * DAY, **facts)

    @pytest.mark.parametrize(
        ("hours", "share"), [(23.9, 0.0), (24, 1.0), (47.9, 1.0), (48, 0.0), (72, 0.0)]
    )
    def test_is_of_those_who_came_on_the_day_itself(self, shop, hours, share):
        start = MONDAY + 10 * HOUR
        did(shop, "Viewed", start, "ada")
        did(shop, "Viewed", start + hours * HOUR, "ada")

        assert told(self.asked(shop)) == [(MONDAY, share, 1)]

    def test_counts_day_7(self, shop):
        did(shop, "Viewed", MONDAY, "ada")
        did(shop, "Viewed", MONDAY, "ben")
        did(shop, "Viewed", MONDAY + 7.5 * DAY, "ada")
        did(shop, "Viewed", MONDAY + 1.5 * DAY, "ben")

        assert value(self.asked(shop, days=7)) == (0.5, 2)

    def test_is_of_new_users_alone(self, shop):
        did(shop, "Viewed", MONDAY - 3 * DAY, "ada")
        did(shop, "Viewed", MONDAY, "ada")
        did(shop, "Viewed", MONDAY, "ben")
        did(shop, "Viewed", MONDAY + 30 * HOUR, "ada")

        assert told(self.asked(shop), ONE_DAY) == [(MONDAY, 0.0, 1)]

    def test_may_ask_for_one_event_to_come_back_for(self, shop):
        for user in ("ada", "ben"):
            did(shop, "Viewed", MONDAY, user)
            did(shop, "Viewed", MONDAY + 30 * HOUR, user)
        did(shop, "Ordered", MONDAY + 31 * HOUR, "ben")

        assert value(self.asked(shop, event="Ordered")) == (0.5, 2)


class TestDays:
    """They are those of UTC, whoever looks and wherever the product's users are."""

    def test_are_24_hours_long_when_clocks_change(self, shop):
        berlin = ZoneInfo("Europe/Berlin")
        sunday = datetime(2026, 3, 29, tzinfo=UTC)  # 2 o'clock becomes 3 o'clock in Berlin
        for hour in (1, 3, 23):
            did(shop, "Ordered", datetime(2026, 3, 29, hour, 30, tzinfo=berlin), "ada")

        asked = asking(shop, Measure.COUNT, "Ordered", resolution=HOUR)
        hours = values_of(asked, Window(sunday, sunday + DAY))

        assert [one.at.hour for one in hours if one.value] == [0, 1, 21]
        assert len(hours) == 24

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
    def test_are_the_same_whoever_looks(self, shop, zone):
        did(shop, "Ordered", MONDAY + 23.5 * HOUR, "ada")

        with timezone.override(zone):
            assert told(asking(shop, Measure.COUNT, "Ordered"))[0][0] == MONDAY
