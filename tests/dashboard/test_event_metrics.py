"""The pages that say what a metric is made of, and show it before it is saved."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from engagement.event_preview import MOST_EVENTS
from engagement.models import EventMetric, Metric
from tests.engagement.happenings import DAY, HOUR, did, make_event_metric
from tests.factories import make_project, make_samples

pytestmark = pytest.mark.django_db
ORDERS = {
    "measure": "count", "event": "Ordered", "hours": "24", "within": "3600", "day": "1",
    "role": "signal",
}  # fmt: skip
LONG = "Ein sehr langer Name mit Umlauten: äöü " * 5


@pytest.fixture
def events(shop) -> None:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(1, 41):
        did(shop, "Ordered", midnight - number * DAY, "ada")
        did(shop, "Viewed", midnight - number * DAY, "ben")


def new(shop) -> str:
    return reverse("metric_from_events", args=[shop.slug])


def change(row) -> str:
    return reverse("metric_definition", args=[row.metric.project.slug, row.metric.key])


def look(client, url: str, **said: str) -> str:
    headers = {"HX-Request": "true", "HX-Target": "preview"}
    return client.post(url, {**ORDERS, **said}, headers=headers).content.decode()


class TestAnEmptyProject:
    def test_is_told_how_to_send_events(self, as_ada, shop):
        page = as_ada.get(new(shop)).content.decode()

        assert "/v1/track" in page
        assert "No event has come" in page

    def test_has_nothing_to_show(self, as_ada, shop):
        assert "No event has come yet" in look(as_ada, new(shop))


class TestTheForm:
    def test_names_the_events_that_were_seen_with_their_counts(self, as_ada, shop, events):
        page = as_ada.get(new(shop)).content.decode()

        assert '<option value="Ordered">27 in 28 days</option>' in page

    def test_names_no_event_of_another_project(self, as_ada, shop):
        did(make_project("Bakery"), "Baked", timezone.now(), "ada")

        assert "Baked" not in as_ada.get(new(shop)).content.decode()

    def test_is_reached_from_the_metrics(self, as_ada, as_vic, shop):
        page = reverse("metrics", args=[shop.slug])

        assert new(shop) in as_ada.get(page).content.decode()
        assert new(shop) not in as_vic.get(page).content.decode()

    def test_bears_a_long_name(self, as_ada, shop, events):
        did(shop, LONG[:200], timezone.now() - DAY, "ada")

        page = look(as_ada, new(shop), event=LONG[:200])
        assert LONG[:100] in page

    def test_escapes_what_events_are_called(self, as_ada, shop):
        did(shop, "<script>alert(1)</script>", timezone.now() - DAY, "ada")

        assert "<script>alert" not in as_ada.get(new(shop)).content.decode()


class TestThePreview:
    def test_draws_the_last_28_days_and_stores_nothing(self, as_ada, shop, events):
        answer = as_ada.post(new(shop), ORDERS)

        looked = answer.context["looked"]
        assert len(looked.chart.data["times"]) == 28
        assert set(looked.chart.data["observed"]) == {1.0}
        assert not Metric.objects.exists()

    def test_is_a_part_of_the_page_for_htmx(self, as_ada, shop, events):
        page = look(as_ada, new(shop))

        assert page.lstrip().startswith('<div class="stack stick" id="preview"')

    def test_says_that_no_such_event_came_and_what_was_meant(self, as_ada, shop, events):
        page = look(as_ada, new(shop), event="ordred")

        assert "No event “ordred” in the last 28 days. Did you mean “Ordered”?" in page

    def test_says_that_few_users_make_wide_intervals(self, as_ada, shop, events):
        page = look(as_ada, new(shop), measure="adoption")

        assert "fewer than 30 users a day" in page

    def test_says_that_a_property_is_masked(self, as_ada, shop, events):
        page = look(as_ada, new(shop), where="email = ada@example.com")

        assert "Wake masks what is called “email”" in page

    def test_says_when_the_first_value_comes(self, as_ada, shop):
        did(shop, "Ordered", timezone.now() - 3 * DAY, "ada")

        page = look(as_ada, new(shop), measure="first_use")
        assert "28 days of events to know who is new. The first value comes on" in page

    def test_shows_fewer_days_of_very_many_events(self, as_ada, shop, events, monkeypatch):
        monkeypatch.setitem(MOST_EVENTS, connection.vendor, 20)

        answer = as_ada.post(new(shop), ORDERS)

        looked = answer.context["looked"]
        assert len(looked.found.buckets) == 14
        assert "Only the last 14 days are shown" in looked.found.notes[0]

    def test_gives_up_in_time(self, as_ada, shop, monkeypatch):
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(2000):
            at = midnight - 2 * DAY + number * timedelta(minutes=1)
            did(shop, "Ordered", at, str(number % 9))
        monkeypatch.setattr("engagement.event_preview.MOST_SECONDS", 0.001)
        monkeypatch.setattr("common.slow_queries.STEPS", 10)

        assert "too many events to show it at once" in look(as_ada, new(shop), measure="users")

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"measure": "adoption", "event": ""}, "Event: Is missing or empty."),
            ({"measure": "conversion"}, "And then: Is missing or empty."),
            ({"where": "plan"}, "has no =."),
            ({"measure": "best"}, "Select a valid choice"),
        ],
    )
    def test_says_what_is_missing(self, as_ada, shop, events, said, told):
        assert told in look(as_ada, new(shop), **said)


class TestSaving:
    def test_makes_the_metric_with_a_name_that_tells(self, as_ada, shop, events):
        answer = as_ada.post(new(shop), {**ORDERS, "measure": "users", "save": "1"})

        row = EventMetric.objects.select_related("metric").get()
        assert answer["Location"] == reverse("metric", args=[shop.slug, row.metric.key])
        assert (row.metric.name, row.metric.key, row.metric.unit) == (
            "Users: Ordered", "users_ordered", "users",
        )  # fmt: skip
        assert row.metric.resolution == DAY

    def test_takes_less_time_for_better(self, as_ada, shop, events):
        said = {"measure": "time_to_first_use", "within": "604800", "save": "1"}
        as_ada.post(new(shop), {**ORDERS, **said})

        assert Metric.objects.get().good_direction == "down"

    def test_is_refused_where_a_key_has_samples_of_its_own(self, as_ada, shop, events):
        make_samples(Metric.objects.create(project=shop, key="ordered"), timezone.now(), [1.0])

        page = as_ada.post(new(shop), {**ORDERS, "save": "1"}).content.decode()

        assert "Has samples that came another way." in page

    def test_is_for_members(self, as_vic, as_cleo, shop):
        assert as_vic.post(new(shop), {**ORDERS, "save": "1"}).status_code == 403
        assert as_cleo.post(new(shop), {**ORDERS, "save": "1"}).status_code == 404
        assert not EventMetric.objects.exists()


class TestChanging:
    def test_begins_with_what_is_there(self, as_ada, shop, events):
        row = make_event_metric(shop, within=1.5 * HOUR, where={"plan": "pro"})

        form = as_ada.get(change(row)).context["form"]

        assert form["event"].value() == "Ordered"
        assert form["where"].value() == "plan = pro"
        assert (5400, "90 minutes") in form.fields["within"].choices

    def test_says_what_it_does_before_it_is_done(self, as_ada, shop, events):
        row = make_event_metric(shop)
        make_samples(row.metric, timezone.now() - 60 * DAY, [1.0, 2.0])

        page = " ".join(look(as_ada, change(row), event="Viewed").split())

        assert "Its 2 values are deleted, and the history is worked out anew from" in page
        assert "those of before cannot be worked out again" in page

    def test_says_that_nothing_else_changes(self, as_ada, shop, events):
        row = make_event_metric(shop)

        assert "Its values stay as they are." in look(as_ada, change(row), name="Orders")

    def test_keeps_its_key(self, as_ada, shop, events):
        row = make_event_metric(shop)

        as_ada.post(change(row), {**ORDERS, "event": "Viewed", "key": "other", "save": "1"})

        row.refresh_from_db()
        assert (row.event, row.revision, row.metric.key) == ("Viewed", 2, "orders")

    def test_can_be_to_stop(self, as_ada, shop):
        row = make_event_metric(shop)

        as_ada.post(reverse("metric_definition_remove", args=[shop.slug, "orders"]))

        assert not EventMetric.objects.exists()
        assert Metric.objects.filter(pk=row.metric_id).exists()


class TestTheMetricsPage:
    def test_says_what_it_is_made_of(self, as_vic, shop):
        row = make_event_metric(shop)

        page = as_vic.get(reverse("metric", args=[shop.slug, "orders"])).content.decode()

        assert "How often “Ordered” happened." in page
        assert change(row) not in page

    def test_leads_members_to_its_definition(self, as_ben, shop):
        row = make_event_metric(shop)

        page = as_ben.get(reverse("metric", args=[shop.slug, "orders"])).content.decode()

        assert change(row) in page

    def test_leaves_its_kind_to_its_measure(self, as_ada, shop):
        row = make_event_metric(shop)
        said = {
            "name": "Orders",
            "kind": "ratio",
            "good_direction": "up",
            "role": "goal",
            "no_data": "unknown",
        }

        as_ada.post(reverse("metric", args=[shop.slug, "orders"]), said)

        row.metric.refresh_from_db()
        assert (row.metric.kind, row.metric.role) == ("count", "goal")

    def test_does_not_call_it_silent_while_values_wait(self, as_ada, shop):
        row = make_event_metric(shop, "conversion", then_event="Paid", within=7 * DAY)
        make_samples(row.metric, timezone.now() - 9 * DAY, [0.5])

        for page in (
            reverse("metrics", args=[shop.slug]),
            reverse("metric", args=[shop.slug, row.metric.key]),
        ):
            shown = as_ada.get(page).content.decode()
            assert "silent" not in shown
            assert ">late<" not in shown
