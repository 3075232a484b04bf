"""The settings pages on what OpenTelemetry sends."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard.source_forms import FeedForm, blank_feed
from engagement.models import FollowedInstrument, Kind, Metric, SeenInstrument
from tests.engagement.gauges import Gauges, make_feed, make_source
from tests.engagement.telemetry import follow

pytestmark = pytest.mark.django_db
FILLED = {"name": "Checkout time", "take": "mean", "good_direction": "down", "minutes": "60"}


def see(project, name="checkout.seconds", **facts) -> SeenInstrument:
    facts.setdefault("shape", "histogram")
    facts.setdefault("places", {"service": ["web", "api"], "environment": [], "version": []})
    facts.setdefault("last_seen_at", timezone.now())
    return SeenInstrument.objects.create(
        project=project, name=name, points=12, first_seen_at=timezone.now(), **facts
    )


def page_url(shop) -> str:
    return reverse("settings_telemetry", args=[shop.slug])


def follow_url(shop, name="checkout.seconds") -> str:
    return reverse("settings_telemetry_follow", args=[shop.slug]) + f"?name={name}"


class TestThePage:
    def test_teaches_how_to_send_when_nothing_came(self, as_ada, shop):
        page = as_ada.get(page_url(shop)).content.decode()

        assert "http://testserver/v1/metrics" in page
        assert "Nothing was sent in the last two days" in page

    def test_names_what_was_seen_lately_and_is_not_followed(self, as_ada, shop):
        see(shop)
        see(shop, "old.one", last_seen_at=timezone.now() - timedelta(days=3))
        see(shop, "orders")
        follow(shop, "orders")

        page = as_ada.get(page_url(shop)).content.decode()
        listed = page.split("Seen lately")[1]

        assert "checkout.seconds" in listed
        assert "old.one" not in page
        assert "<code>orders</code>" not in listed

    def test_shows_nothing_of_another_project(self, as_cleo, shop, cleo):
        see(shop)

        page = as_cleo.get(page_url(cleo.memberships.get().project)).content.decode()

        assert "checkout.seconds" not in page

    def test_lets_only_owners_follow(self, as_ben, shop):
        see(shop)

        assert "?name=" not in as_ben.get(page_url(shop)).content.decode()
        assert as_ben.post(follow_url(shop), FILLED).status_code == 403

    def test_asks_no_more_for_many_instruments(self, as_ada, shop, django_assert_max_num_queries):
        for number in range(30):
            see(shop, f"one.{number}")
            follow(shop, f"other.{number}")

        with django_assert_max_num_queries(14):
            as_ada.get(page_url(shop))

    def test_escapes_what_strangers_send(self, as_ada, shop):
        see(shop, "<b>bold</b>", description="<i>so</i>")

        page = as_ada.get(page_url(shop)).content.decode()

        assert "<b>bold" not in page and "<i>so" not in page


class TestFollowing:
    def test_makes_a_metric_that_is_fed_from_the_next_call_on(self, as_ada, shop):
        see(shop, unit="s")

        as_ada.post(follow_url(shop), {**FILLED, "unit": "s", "service": "web"})

        row = FollowedInstrument.objects.get()
        assert (row.name, row.take, row.service) == ("checkout.seconds", "mean", "web")
        assert (row.metric.key, row.metric.kind, row.metric.unit) == (
            "checkout_time", Kind.GAUGE, "s",
        )  # fmt: skip

    def test_makes_a_count_of_what_is_counted(self, as_ada, shop):
        see(shop)

        as_ada.post(follow_url(shop), {**FILLED, "take": "count"})

        assert Metric.objects.get().kind == Kind.COUNT

    def test_begins_with_what_the_instrument_says_of_itself(self, as_ada, shop):
        see(shop, "orders.paid", shape="sum", unit="{orders}")

        form = as_ada.get(follow_url(shop, "orders.paid")).context["form"]

        assert (form.initial["name"], form.initial["unit"]) == ("Orders paid", "orders")
        assert [value for value, _label in form.fields["take"].choices] == ["increase"]

    @pytest.mark.parametrize("how", ["feed", "instrument"])
    def test_refuses_a_metric_that_something_feeds_already(self, as_ada, shop, how):
        see(shop)
        if how == "feed":
            make_feed(make_source(shop), "checkout_time")
        else:
            follow(shop, "checkout.time")

        page = as_ada.post(follow_url(shop), FILLED).content.decode()

        assert "Something feeds this metric already" in page

    def test_keeps_its_metric_from_a_source_that_is_asked(self, as_ada, shop):
        follow(shop)
        form = FeedForm(
            {"name": "Orders", "set_query": "q", "kind": "count", "good_direction": "up",
             "minutes": "60", "environment": "production", "days_back": "30"},
            feed=blank_feed(make_source(shop)), kind=Gauges().kind(),
        )  # fmt: skip

        assert form.errors == {"key": ["OpenTelemetry feeds this metric; choose another key."]}

    def test_is_offered_only_for_what_was_seen(self, as_ada, shop):
        assert as_ada.post(follow_url(shop, "nothing"), FILLED).status_code == 302
        assert not Metric.objects.exists()

    def test_can_be_ended_and_the_metric_stays(self, as_ada, shop):
        row = follow(shop)

        as_ada.post(reverse("settings_telemetry_unfollow", args=[shop.slug, row.pk]))

        assert not FollowedInstrument.objects.exists()
        assert Metric.objects.get().key == "orders"
