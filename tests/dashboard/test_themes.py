from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from dashboard.reads.themes import themes_over
from feedback.models import FeedbackItem
from tests.factories import make_deployment, make_project

WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)


def said(project, said_at, theme="bug", mood="bad", **facts):
    return FeedbackItem.objects.create(
        project=project,
        external_id=f"{said_at}-{theme}-{FeedbackItem.objects.count()}",
        text="It broke",
        theme=theme,
        mood=mood,
        said_at=said_at,
        received_at=said_at,
        **facts,
    )


def weeks(project, count=12):
    return themes_over(project, weeks=count, now=WEDNESDAY).weeks


class TestThemesOverTime:
    def test_counts_each_theme_by_week(self, shop):
        said(shop, MONDAY)
        said(shop, MONDAY + timedelta(days=1), theme="money", mood="good")
        said(shop, MONDAY - timedelta(minutes=1))
        newest, before, *_ = weeks(shop)
        assert (newest.count, newest.unhappy, newest.themes) == (2, 1, {"bug": 1, "money": 1})
        assert (before.count, before.themes) == (1, {"bug": 1})

    def test_has_a_week_in_which_nothing_was_said(self, shop):
        assert [row.count for row in weeks(shop)] == [0] * 12

    @pytest.mark.parametrize("facts", [{"held_at": MONDAY}, {"merged_into_id": 1}])
    def test_leaves_out_what_is_not_heard(self, shop, facts):
        first = said(shop, MONDAY)
        if "merged_into_id" in facts:
            facts = {"merged_into": first}
        said(shop, MONDAY, **facts)
        assert weeks(shop)[0].count == 1

    def test_leaves_out_other_projects(self, shop):
        said(make_project("Bakery"), MONDAY)
        assert weeks(shop)[0].count == 0

    def test_names_the_ships_of_each_week(self, shop):
        make_deployment(shop, version="1.4.0", shipped_at=MONDAY + timedelta(hours=5))
        assert weeks(shop)[0].ships == ("1.4.0",)

    def test_draws_shares_of_all_that_was_said(self, shop):
        said(shop, MONDAY - timedelta(days=7))
        said(shop, MONDAY - timedelta(days=7), theme="money", mood="good")
        said(shop, MONDAY)  # this week is not over
        charts = {one.key: one for one in themes_over(shop, weeks=12, now=WEDNESDAY).charts}
        assert charts["theme-bug"].data["observed"][-1] == 50.0
        assert charts["theme-bug"].data["observed"][0] is None
        assert charts["theme-all"].data["observed"][-1] == 2

    def test_asks_two_questions(self, shop, django_assert_num_queries):
        said(shop, MONDAY)
        with django_assert_num_queries(2):
            themes_over(shop, weeks=52, now=WEDNESDAY)


class TestThePage:
    def test_shows_a_chart_and_a_table(self, as_ada, shop):
        said(shop, datetime.now(UTC) - timedelta(days=8))
        text = as_ada.get(reverse("themes", args=["shop"])).content.decode()
        assert 'data-chart="theme-bug"' in text
        assert "The same as a table" in text

    @pytest.mark.parametrize("asked", ["26", "52", "13", "", "x", "99999999999"])
    def test_takes_any_span(self, as_ada, shop, asked):
        assert as_ada.get(reverse("themes", args=["shop"]), {"weeks": asked}).status_code == 200

    def test_teaches_where_it_is_empty(self, as_ada, shop):
        text = as_ada.get(reverse("themes", args=["shop"])).content.decode()
        assert "import_feedback reviews.csv --project shop" in text
