"""Saying what a metric is made of, and changing it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from common.errors import BadInput
from engagement.event_defining import (
    MOST_DEFINED,
    define_from_events,
    read_definition,
    stop_working_out,
)
from engagement.event_words import in_words
from engagement.models import EventMetric, Feed, Kind, Measure, Metric
from tests.engagement.gauges import make_source
from tests.engagement.happenings import DAY, HOUR, make_event_metric
from tests.factories import NOW, make_metric, make_project, make_samples

pytestmark = pytest.mark.django_db

ORDERS = {"measure": "count", "event": "Ordered"}
PAID = {"measure": "conversion", "event": "Viewed", "then_event": "Paid", "within": "1h"}


def define(shop, definition=ORDERS, *, now=NOW, **facts) -> EventMetric:
    row = {"key": "orders", **facts}
    return define_from_events(shop, row, read_definition(definition), now=now)[0]


class TestReadingADefinition:
    @pytest.mark.parametrize(
        ("row", "field"),
        [
            ("count", "definition"),
            ({}, "measure"),
            ({"measure": "median"}, "measure"),
            ({"measure": "adoption"}, "event"),
            ({"measure": "count", "event": 3 * [1]}, "event"),
            ({"measure": "count", "event": "x" * 201}, "event"),
            ({"measure": "conversion", "event": "Viewed"}, "then_event"),
            ({**PAID, "within": "soon"}, "within"),
            ({**PAID, "within": "29d"}, "within"),
            ({"measure": "retention", "within": "36h"}, "within"),
            ({**ORDERS, "where": ["plan"]}, "where"),
            ({**ORDERS, "where": {"plan": None}}, "where"),
            ({**ORDERS, "where": {"plan": {"a": 1}}}, "where"),
            ({**ORDERS, "where": {"plan": ""}}, "where"),
            ({**ORDERS, "where": {"": "pro"}}, "where"),
            ({**ORDERS, "where": {'a"b': "pro"}}, "where"),
            ({**ORDERS, "where": {str(number): "pro" for number in range(6)}}, "where"),
            ({"measure": "count", "where": {"plan": "pro"}}, "where"),
            ({**ORDERS, "environment": "x" * 101}, "environment"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, row, field):
        with pytest.raises(BadInput) as caught:
            read_definition(row)

        assert caught.value.field == field

    def test_leaves_out_what_a_measure_does_not_ask_for(self):
        read = read_definition({**ORDERS, "then_event": "Paid", "within": "7d"})

        assert (read["then_event"], read["within"]) == ("", DAY)

    def test_takes_a_retention_of_any_event(self):
        assert read_definition({"measure": "retention", "within": "7d"})["within"] == 7 * DAY

    @pytest.mark.parametrize(
        ("sent", "kept"), [(True, "true"), (3, "3"), (3.0, "3"), (2.5, "2.5"), (" pro ", "pro")]
    )
    def test_keeps_properties_as_text(self, sent, kept):
        assert read_definition({**ORDERS, "where": {"plan": sent}})["where"] == {"plan": kept}


class TestDefining:
    def test_makes_the_metric_with_the_kind_of_its_measure(self, shop):
        row = define(shop, PAID, name="Paid orders", role="goal")

        metric = Metric.objects.get(project=shop)
        assert (metric.kind, metric.name, metric.role) == (Kind.RATIO, "Paid orders", "goal")
        assert (metric.resolution, row.next_due_at, row.within) == (DAY, NOW, HOUR)

    @pytest.mark.parametrize(
        ("facts", "field"), [({"kind": "ratio"}, "kind"), ({"resolution": "5m"}, "resolution")]
    )
    def test_refuses_what_does_not_fit(self, shop, facts, field):
        with pytest.raises(BadInput) as caught:
            define(shop, **facts)

        assert caught.value.field == field
        assert not Metric.objects.exists()

    def test_takes_over_a_metric_without_samples(self, shop):
        metric = make_metric(shop, "orders", kind=Kind.GAUGE)

        assert define(shop).metric == metric
        metric.refresh_from_db()
        assert metric.kind == Kind.COUNT

    def test_takes_over_no_samples_that_came_another_way(self, shop):
        make_samples(make_metric(shop, "orders"), NOW, [1.0])

        with pytest.raises(BadInput, match="came another way"):
            define(shop)

    def test_takes_over_no_metric_that_is_gathered(self, shop):
        metric = make_metric(shop, "orders")
        Feed.objects.create(source=make_source(shop), metric=metric, created_at=NOW)

        with pytest.raises(BadInput, match="gathered from a source"):
            define(shop)

    def test_has_an_end(self, shop):
        for number in range(MOST_DEFINED):
            make_event_metric(shop, key=f"m{number}")

        with pytest.raises(BadInput, match="one more than"):
            define(shop)

    def test_leaves_a_metric_of_that_key_in_another_project_alone(self, shop):
        bakery = make_project("Bakery")
        other = make_event_metric(bakery, event="Baked")

        define(shop)

        other.refresh_from_db()
        assert (other.event, other.revision) == ("Baked", 1)


class TestChanging:
    CHANGES = [
        ({"event": "Paid"}, {}),
        ({"measure": "users"}, {}),
        ({"environment": "production"}, {}),
        ({"service": "web"}, {}),
        ({"version": "2.0"}, {}),
        ({"where": {"plan": "pro"}}, {}),
        ({}, {"resolution": "1h"}),
    ]

    @pytest.mark.parametrize(("definition", "facts"), CHANGES)
    def test_of_what_makes_the_values_begins_anew(self, shop, definition, facts):
        row = define(shop)
        make_samples(row.metric, NOW - DAY, [1.0])
        EventMetric.objects.update(
            claimed_at=NOW, next_due_at=NOW + DAY, worked_out_from=NOW, worked_out_until=NOW
        )

        define(shop, {**ORDERS, **definition}, now=NOW + HOUR, **facts)

        row.refresh_from_db()
        assert (row.revision, row.next_due_at, row.claimed_at) == (2, NOW + HOUR, None)
        assert (row.worked_out_from, row.worked_out_until) == (None, None)
        assert not row.metric.samples.exists()

    def test_of_a_name_keeps_the_history(self, shop):
        row = define(shop)
        make_samples(row.metric, NOW - DAY, [1.0])

        define(shop, name="Orders placed", role="goal", good_direction="down", unit="orders")

        row.refresh_from_db()
        assert (row.revision, row.metric.name) == (1, "Orders placed")
        assert row.metric.samples.count() == 1

    def test_of_nothing_changes_nothing(self, shop):
        row = define(shop, PAID)
        define(shop, PAID)

        row.refresh_from_db()
        assert row.revision == 1

    def test_can_be_to_work_it_out_no_more(self, shop):
        row = define(shop)
        make_samples(row.metric, NOW - DAY, [1.0])

        stop_working_out(row)

        assert Metric.objects.get().samples.count() == 1
        assert not EventMetric.objects.exists()


class TestADefinitionInWords:
    @pytest.mark.parametrize(
        ("definition", "words"),
        [
            (ORDERS, "How often “Ordered” happened."),
            ({"measure": "users"}, "How many users did any event."),
            (PAID, "Of the users who did “Viewed”, the share who did “Paid” within an hour."),
            (
                {**ORDERS, "where": {"plan": "pro"}, "environment": "production", "version": "2"},
                "How often “Ordered” with plan = pro happened, in environment “production” and "
                "version “2”.",
            ),
            (
                {"measure": "retention", "within": "7d"},
                "Of the users who were new, the share who came back with any event on day 7.",
            ),
        ],
    )
    def test_is_a_sentence(self, definition, words):
        row = EventMetric(**read_definition(definition))

        assert in_words(row) == words

    @pytest.mark.parametrize("measure", Measure.values)
    def test_is_there_for_every_measure(self, measure):
        row = EventMetric(measure=measure, event="Ordered", then_event="Paid")

        assert in_words(row).endswith(".")

    def test_says_odd_lengths_of_time(self):
        row = EventMetric(**{**read_definition(PAID), "within": timedelta(minutes=90)})

        assert "within 90 minutes" in in_words(row)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_make_one_definition(self, shop, database_on_disk):
        start = threading.Barrier(6)
        failed: list[Exception] = []

        def work() -> None:
            start.wait()
            try:
                define(shop)
            except Exception as error:
                failed.append(error)
            connection.close()

        threads = [threading.Thread(target=work) for _number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert EventMetric.objects.get().revision == 1
