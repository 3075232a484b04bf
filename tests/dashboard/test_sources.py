"""The settings pages on where metrics come from."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common.places import ConnectionFault
from engagement.models import Feed, Metric, Source
from engagement.sources.registry import SOURCES
from tests.engagement.gauges import KIND, Gauges, make_feed, make_source
from tests.engagement.happenings import make_event_metric
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SECRET = "t0p-secret-token"
GETTING_IN = {"name": "The cellar", "set_url": "https://gauges.example", "set_token": SECRET}
ASKING = {
    "set_query": "sum(orders)", "name": "Orders", "kind": "count", "good_direction": "up",
    "minutes": "60", "environment": "production", "days_back": "30",
}  # fmt: skip


@pytest.fixture
def gauges(monkeypatch) -> Gauges:
    gauges = Gauges()
    monkeypatch.setitem(SOURCES, KIND, gauges.kind())
    return gauges


@pytest.fixture
def source(shop, gauges) -> Source:
    return make_source(shop)


def new_url(shop) -> str:
    return reverse("settings_source_new", args=[shop.slug]) + f"?kind={KIND}"


def add_url(source) -> str:
    return reverse("settings_feed_new", args=[source.project.slug, source.pk])


def page_of(source) -> str:
    return reverse("settings_source", args=[source.project.slug, source.pk])


class TestConnecting:
    def test_is_offered_for_every_kind_there_is(self, as_ada, shop):
        page = as_ada.get(reverse("settings_sources", args=[shop.slug])).content.decode()

        assert all(f">{kind.label}</a>" in page for kind in SOURCES.values())

    def test_says_whether_one_gets_in_and_stores_nothing(self, as_ada, shop, gauges):
        page = as_ada.post(new_url(shop), {**GETTING_IN, "test": "1"}).content.decode()

        assert "It works. It is there." in page
        assert SECRET not in page
        assert Source.objects.count() == 0

    def test_says_why_one_does_not_get_in(self, as_ada, shop, gauges):
        gauges.fault = ConnectionFault(f"It refused {SECRET}.", "Enter another.")

        page = as_ada.post(new_url(shop), {**GETTING_IN, "test": "1"}).content.decode()

        assert "Enter another." in page
        assert SECRET not in page

    def test_stores_secrets_encrypted_and_never_shows_them(self, as_ada, shop, gauges):
        as_ada.post(new_url(shop), {**GETTING_IN, "save": "1"})

        source = Source.objects.get()
        assert source.secrets == {"token": SECRET}
        change = reverse("settings_source_change", args=[shop.slug, source.pk])
        assert SECRET not in as_ada.get(change).content.decode()
        assert SECRET not in as_ada.get(page_of(source)).content.decode()

    def test_asks_for_secrets_again_when_the_address_is_another(self, as_ada, shop, source):
        change = reverse("settings_source_change", args=[shop.slug, source.pk])
        moved = {"name": "The cellar", "set_url": "https://evil.example", "set_token": ""}

        page = as_ada.post(change, {**moved, "test": "1"}).content.decode()

        assert "the address is another" in page
        source.refresh_from_db()
        assert source.options["url"] == "https://gauges.example"


class TestAddingAMetric:
    def test_draws_the_last_24_hours_before_anything_is_stored(self, as_ada, source, gauges):
        answer = as_ada.post(add_url(source), {**ASKING, "test": "1"})

        page = answer.content.decode()
        assert "The last 24 hours of Orders" in page
        assert len(answer.context["chart"].data["times"]) == 24
        assert gauges.asked[0].window.length == timedelta(days=1)
        assert (Feed.objects.count(), Metric.objects.count()) == (0, 0)

    def test_draws_gaps_as_gaps(self, as_ada, source, gauges):
        gauges.value = lambda at: None if at.hour == 3 else 1.0

        answer = as_ada.post(add_url(source), {**ASKING, "test": "1"})

        assert answer.context["chart"].data["observed"].count(None) == 1

    def test_says_that_there_is_nothing(self, as_ada, source, gauges):
        gauges.value = lambda _at: None

        page = as_ada.post(add_url(source), {**ASKING, "test": "1"}).content.decode()

        assert "there is nothing in the last 24 hours" in page

    def test_says_what_is_wrong_with_the_query(self, as_ada, source, gauges):
        gauges.fault = ConnectionFault("Parse error at 5.", "Correct the query.")

        page = as_ada.post(add_url(source), {**ASKING, "test": "1"}).content.decode()

        assert "Parse error at 5. Correct the query." in page

    def test_refuses_the_key_of_a_metric_that_is_made_of_events(self, as_ada, shop, source):
        make_event_metric(shop, key="orders")

        page = as_ada.post(add_url(source), {**ASKING, "save": "1"}).content.decode()

        assert "This metric is made of events; choose another key." in page
        assert not Feed.objects.exists()

    def test_refuses_a_word_that_means_nothing(self, as_ada, source):
        sent = {**ASKING, "set_query": "{{ colour }}", "save": "1"}

        assert "means nothing here" in as_ada.post(add_url(source), sent).content.decode()
        assert Feed.objects.count() == 0

    def test_saves_the_metric_and_makes_it_due(self, as_ada, source):
        as_ada.post(add_url(source), {**ASKING, "save": "1"})

        feed = Feed.objects.get()
        assert (feed.metric.key, feed.metric.kind, feed.days_back) == ("orders", "count", 30)
        assert feed.next_due_at is not None

    def test_refuses_a_metric_that_another_query_feeds(self, as_ada, source):
        make_feed(source)

        page = as_ada.post(add_url(source), {**ASKING, "save": "1"}).content.decode()

        assert "gathered already" in page

    def test_takes_a_metric_of_the_same_key_in_another_project(self, as_ada, source, cleo):
        make_feed(make_source(cleo.projects.get()))

        as_ada.post(add_url(source), {**ASKING, "save": "1"})

        assert source.feeds.count() == 1


class TestChangingAMetric:
    @pytest.fixture
    def feed(self, source) -> Feed:
        feed = make_feed(source, cursor={"until": NOW.isoformat()})
        feed.metric.samples.create(taken_at=NOW, value=1, received_at=NOW)
        return feed

    def change(self, client, feed, **other) -> None:
        url = reverse("settings_feed_change", args=[feed.source.project.slug, feed.pk])
        client.post(url, {**ASKING, "save": "1", **other})
        feed.refresh_from_db()

    def test_gathers_the_history_again_when_the_question_is_another(self, as_ada, feed):
        self.change(as_ada, feed, days_back="3650")  # no such choice
        assert feed.cursor != {}

        self.change(as_ada, feed, days_back="365")

        assert (feed.cursor, feed.options["query"]) == ({}, "sum(orders)")

    def test_keeps_the_history_when_only_the_name_is_another(self, as_ada, feed):
        as_it_was = {"set_query": "q", "days_back": "7"}

        self.change(as_ada, feed, name="Orders a day", **as_it_was)

        assert feed.cursor != {}
        assert feed.metric.samples.count() == 1

    def test_pauses_goes_on_and_ends(self, as_ada, shop, feed):
        def post(name, data=None):
            return as_ada.post(reverse(f"settings_feed_{name}", args=[shop.slug, feed.pk]), data)

        post("switch", {"off": "1"})
        assert not Feed.objects.get().is_active
        post("switch", {"on": "1"})
        assert Feed.objects.get().is_active
        post("remove")
        assert (Feed.objects.count(), feed.metric.samples.count()) == (0, 1)


class TestThePages:
    def test_take_the_same_number_of_queries_however_many_metrics(
        self, as_ada, shop, source, django_assert_max_num_queries
    ):
        url = reverse("settings_sources", args=[shop.slug])
        for number in range(20):
            make_feed(source, f"metric_{number}", worked_at=NOW, heard_at=NOW)

        with django_assert_max_num_queries(12):
            page = as_ada.get(url).content.decode()

        assert page.count("from The cellar") == 20

    def test_show_a_viewer_that_it_fails_and_not_the_problem(self, as_vic, source):
        make_feed(source, failing_since=NOW, failures=2, problem="At 10.0.0.7: refused.")

        page = as_vic.get(page_of(source)).content.decode()

        assert "Failing" in page
        assert "10.0.0.7" not in page

    def test_escape_what_a_place_said(self, as_ada, source):
        make_feed(source, note="<b>bold</b>", worked_at=NOW, heard_at=NOW)

        assert "&lt;b&gt;bold" in as_ada.get(page_of(source)).content.decode()

    def test_remove_a_source_and_keep_its_metrics(self, as_ada, shop, source):
        make_feed(source)

        as_ada.post(reverse("settings_source_remove", args=[shop.slug, source.pk]))

        assert (Source.objects.count(), Metric.objects.count()) == (0, 1)
