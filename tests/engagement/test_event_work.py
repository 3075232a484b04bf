"""Working out metrics of events: forward, corrected, backwards, and under concurrency."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from engagement.event_work import hurry, work_part
from engagement.models import EventCount, EventMetric, Measure, MetricSample, SameUser
from tests.engagement.happenings import DAY, HOUR, did, make_event_metric
from tests.factories import NOW, make_project

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 3, 18, tzinfo=UTC)  # the day of NOW, which is noon


def work_out(row: EventMetric, *, now: datetime = NOW) -> EventMetric:
    """Run turns until nothing is left to do now."""
    EventMetric.objects.filter(pk=row.pk).update(next_due_at=now)
    row = EventMetric.objects.select_related("metric__project").get(pk=row.pk)
    assert row.claim(now)
    for number in range(50):
        if not work_part(row, now=now + timedelta(seconds=number)):
            break
    row.refresh_from_db()
    assert (row.claimed_at, row.problem) == (None, "")
    return row


def values(row: EventMetric) -> dict[datetime, float]:
    return {at: value for at, value, _of in row.metric.samples.all().series()}


def every_day(shop, name: str, days: int, *, user: str = "ada", since: datetime = TODAY) -> None:
    for number in range(1, days + 1):
        did(shop, name, since - number * DAY, user)


class TestANewMetric:
    def test_is_filled_as_far_back_as_there_are_events(self, shop):
        every_day(shop, "Ordered", 40)

        row = work_out(make_event_metric(shop))

        found = values(row)
        assert len(found) == 40
        assert (min(found), max(found)) == (TODAY - 40 * DAY, TODAY - DAY)
        assert set(found.values()) == {1.0}

    def test_leaves_out_the_bucket_that_is_not_over(self, shop):
        did(shop, "Ordered", TODAY - DAY, "ada")
        did(shop, "Ordered", TODAY + HOUR, "ada")

        assert max(values(work_out(make_event_metric(shop)))) == TODAY - DAY

    def test_leaves_out_the_bucket_in_which_events_began_to_come(self, shop):
        did(shop, "Ordered", TODAY - 3 * DAY + 15 * HOUR, "ada")
        every_day(shop, "Ordered", 2)

        assert min(values(work_out(make_event_metric(shop)))) == TODAY - 2 * DAY

    def test_begins_with_the_newest(self, shop):
        every_day(shop, "Ordered", 80)
        row = make_event_metric(shop)
        row.claim(NOW)

        work_part(row, now=NOW)

        found = values(row)
        assert max(found) == TODAY - DAY
        assert len(found) == 28

    def test_waits_for_the_first_event(self, shop):
        row = work_out(make_event_metric(shop))

        assert values(row) == {}
        assert NOW < row.next_due_at < NOW + 10 * timedelta(minutes=1)

    def test_counts_only_what_is_its_projects(self, shop):
        bakery = make_project("Bakery")
        every_day(bakery, "Ordered", 3)

        assert values(work_out(make_event_metric(shop))) == {}

    def test_of_a_share_keeps_its_denominator(self, shop):
        every_day(shop, "Gift note", 2)
        every_day(shop, "Viewed", 2, user="ben")

        row = work_out(make_event_metric(shop, Measure.ADOPTION, "Gift note"))

        assert set(row.metric.samples.values_list("value", "exposure")) == {(0.5, 2.0)}

    def test_that_looks_back_begins_28_days_after_the_first_event(self, shop):
        every_day(shop, "Viewed", 40)
        did(shop, "Gift note", TODAY - 5 * DAY, "ada")

        found = values(work_out(make_event_metric(shop, Measure.FIRST_USE, "Gift note")))

        assert min(found) == TODAY - 12 * DAY
        assert {at for at, value in found.items() if value} == {TODAY - 5 * DAY}

    def test_is_told_by_counts_where_events_are_dropped(self, shop, settings):
        settings.EVENT_RETENTION_DAYS = 30
        for number in range(1, 61):
            EventCount.objects.bulk_create(
                EventCount(
                    project=shop, span=span, starts_at=TODAY - number * DAY, name=name,
                    environment="production", events=7, users=3,
                )
                for span in ("day", "hour") for name in ("", "Ordered")
            )  # fmt: skip
        every_day(shop, "Ordered", 60)

        found = values(work_out(make_event_metric(shop)))

        assert min(found) == TODAY - 60 * DAY
        assert found[TODAY - 31 * DAY] == 7.0
        assert found[TODAY - 30 * DAY] == 1.0


class TestABucket:
    def test_is_added_when_it_is_over(self, shop):
        every_day(shop, "Ordered", 2)
        row = work_out(make_event_metric(shop))
        did(shop, "Ordered", TODAY + HOUR, "ada")

        work_out(row, now=NOW + DAY)

        assert max(values(row)) == TODAY

    def test_of_an_hour_is_added_minutes_after_it(self, shop):
        every_day(shop, "Ordered", 2)
        did(shop, "Ordered", NOW - 0.5 * HOUR, "ada")
        row = make_event_metric(shop, resolution=HOUR)

        row = work_out(row, now=NOW + timedelta(minutes=5))

        assert values(row)[NOW - HOUR] == 1.0
        assert NOW + HOUR <= row.next_due_at <= NOW + 1.2 * HOUR

    @pytest.mark.parametrize(("days", "written"), [(0.9, False), (1.1, True)])
    def test_of_a_conversion_is_written_when_its_time_has_passed(self, shop, days, written):
        """The last users have not had their time before: it would look like a fall."""
        every_day(shop, "Viewed", 5)
        row = make_event_metric(
            shop, Measure.CONVERSION, "Viewed", then_event="Ordered", within=DAY
        )

        row = work_out(row, now=TODAY + days * DAY)

        assert ((TODAY - DAY) in values(row)) == written

    def test_of_retention_is_written_a_day_after_day_n(self, shop):
        every_day(shop, "Viewed", 60)
        for number in range(1, 20):
            did(shop, "Viewed", TODAY - number * DAY, f"new {number}")
        row = make_event_metric(shop, Measure.RETENTION, "", within=7 * DAY)

        found = values(work_out(row))

        assert max(found) == TODAY - 9 * DAY

    def test_is_corrected_by_an_event_that_comes_late(self, shop):
        every_day(shop, "Ordered", 10)
        row = work_out(make_event_metric(shop))
        did(shop, "Ordered", TODAY - 6 * DAY, "ben", received_at=NOW + HOUR)

        work_out(row, now=NOW + 2 * HOUR)

        assert {at for at, value in values(row).items() if value == 2.0} == {TODAY - 6 * DAY}

    def test_is_corrected_by_one_stored_while_the_last_turn_ran(self, shop):
        every_day(shop, "Ordered", 10)
        row = work_out(make_event_metric(shop))
        did(shop, "Ordered", TODAY - 6 * DAY, "ben", received_at=NOW - timedelta(seconds=30))

        work_out(row, now=NOW + 2 * HOUR)

        assert values(row)[TODAY - 6 * DAY] == 2.0

    def test_of_a_conversion_is_corrected_by_a_second_event_that_comes_late(self, shop):
        every_day(shop, "Viewed", 10)
        row = work_out(
            make_event_metric(
                shop, Measure.CONVERSION, "Viewed", then_event="Ordered", within=2 * DAY
            )
        )
        did(shop, "Ordered", TODAY - 4.5 * DAY, "ada", received_at=NOW + HOUR)

        work_out(row, now=NOW + 2 * HOUR)

        converted = {at for at, value in values(row).items() if value}
        assert converted == {TODAY - 6 * DAY, TODAY - 5 * DAY}

    def test_is_corrected_when_an_anonymous_user_turns_out_to_be_known(self, shop):
        every_day(shop, "Ordered", 10)
        did(shop, "Ordered", TODAY - 3 * DAY, anonymous="a-1")
        row = work_out(make_event_metric(shop, Measure.USERS))
        assert values(row)[TODAY - 3 * DAY] == 2.0
        SameUser.objects.create(
            project=shop, anonymous_id="a-1", user_id="ada", learned_at=NOW + HOUR
        )

        work_out(row, now=NOW + 2 * HOUR)

        assert values(row)[TODAY - 3 * DAY] == 1.0

    def test_goes_if_nothing_is_known_of_it_any_more(self, shop):
        every_day(shop, "Viewed", 3)
        row = work_out(make_event_metric(shop, Measure.ADOPTION, "Gift note"))
        assert len(values(row)) == 3
        shop.events.filter(occurred_at=TODAY - 2 * DAY).update(environment="staging")
        EventMetric.objects.filter(pk=row.pk).update(
            environment="", again=[[(TODAY - 2 * DAY).isoformat(), (TODAY - DAY).isoformat()]]
        )
        shop.events.filter(occurred_at=TODAY - 2 * DAY).delete()

        work_out(row, now=NOW + 2 * HOUR)

        assert sorted(values(row)) == [TODAY - 3 * DAY, TODAY - DAY]

    def test_keeps_its_value_once_its_events_are_dropped(self, shop, settings):
        every_day(shop, "Ordered", 40)
        row = work_out(make_event_metric(shop))
        settings.EVENT_RETENTION_DAYS = 30
        shop.events.filter(occurred_at__lt=TODAY - 35 * DAY).delete()
        EventMetric.objects.filter(pk=row.pk).update(
            again=[[(TODAY - 40 * DAY).isoformat(), TODAY.isoformat()]]
        )

        work_out(row, now=NOW + 2 * HOUR)

        assert len(values(row)) == 40

    def test_is_filled_from_history_that_is_sent_later(self, shop):
        every_day(shop, "Ordered", 3)
        row = work_out(make_event_metric(shop))
        for number in range(4, 40):
            did(shop, "Ordered", TODAY - number * DAY, "ada", received_at=NOW + HOUR)

        work_out(row, now=NOW + 2 * HOUR)

        assert len(values(row)) == 39


class TestBeforeAShipIsLookedAt:
    def test_it_is_made_due(self, shop):
        row = make_event_metric(shop, now=NOW + HOUR)

        assert hurry(shop, now=NOW) == 1
        assert EventMetric.objects.due(NOW).get() == row

    def test_one_that_fails_and_those_of_others_keep_their_time(self, shop):
        make_event_metric(shop, now=NOW + HOUR, problem="It failed.")
        make_event_metric(make_project("Bakery"), now=NOW + HOUR)

        assert hurry(shop, now=NOW) == 0


class TestATurn:
    def test_stores_nothing_once_the_definition_has_changed(self, shop):
        every_day(shop, "Ordered", 3)
        row = make_event_metric(shop)
        assert row.claim(NOW)
        EventMetric.objects.update(revision=2, claimed_at=None)

        assert work_part(row, now=NOW) is False
        assert values(row) == {}

    def test_stores_nothing_once_another_worker_has_taken_over(self, shop):
        every_day(shop, "Ordered", 3)
        row = make_event_metric(shop)
        assert row.claim(NOW)
        EventMetric.objects.update(claimed_at=NOW + HOUR)

        assert work_part(row, now=NOW) is False
        assert values(row) == {}

    def test_changes_nothing_when_it_is_run_again(self, shop):
        every_day(shop, "Ordered", 5)
        row = work_out(make_event_metric(shop))
        before = list(MetricSample.objects.order_by("pk").values())
        EventMetric.objects.update(worked_out_from=None, worked_out_until=None, seen_until=None)

        work_out(row, now=NOW + HOUR)

        assert list(MetricSample.objects.order_by("pk").values()) == before

    def test_notes_a_failure_and_tries_again_later(self, shop):
        row = make_event_metric(shop, measure=Measure.COUNT)
        every_day(shop, "Ordered", 3)
        EventMetric.objects.update(measure="no such measure")
        assert row.claim(NOW)

        assert work_part(row, now=NOW) is False

        row.refresh_from_db()
        assert "could not be worked out" in row.problem
        assert row.claimed_at is None
        assert NOW + timedelta(minutes=10) < row.next_due_at < NOW + timedelta(minutes=20)


@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_claim_a_metric_one_at_a_time(self, shop, database_on_disk):
        row = make_event_metric(shop)
        won: list[bool] = []
        start = threading.Barrier(12)

        def claim() -> None:
            start.wait()
            won.append(EventMetric.objects.get(pk=row.pk).claim(NOW))
            connection.close()

        together([claim] * 12)
        assert sorted(won) == [False] * 11 + [True]

    def test_that_all_believe_to_hold_it_store_one_sample_a_bucket(self, shop, database_on_disk):
        every_day(shop, "Ordered", 70)
        row = make_event_metric(shop)
        assert row.claim(NOW)
        start = threading.Barrier(8)

        def work() -> None:
            mine = EventMetric.objects.select_related("metric__project").get(pk=row.pk)
            start.wait()
            for number in range(20):
                if not work_part(mine, now=NOW + timedelta(seconds=number)):
                    break
            connection.close()

        together([work] * 8)
        EventMetric.objects.update(claimed_at=None)
        assert set(values(work_out(row, now=NOW + HOUR)).values()) == {1.0}
        assert len(values(row)) == 70


def together(jobs) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
