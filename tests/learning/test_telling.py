from datetime import timedelta

import pytest

from common.windows import Window
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.checkup import perform_checkup
from learning.models import Attribution, Learning, Phrase
from learning.telling import heard_within, phrases_of, said_in
from tests.factories import NOW, make_deployment, make_project
from tests.learning.test_phrases import BLANK, chatter

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SHIPPED = NOW - timedelta(days=30)


def said(project, words, *, start, over, **facts):
    """Feedback of different customers, evenly spread over a time."""
    step = over / max(1, len(words))
    FeedbackItem.objects.bulk_create(
        FeedbackItem(
            project=project,
            external_id=f"{start}-{number}-{facts}",
            text=text,
            said_at=start + number * step,
            received_at=NOW,
            linked_at=NOW,
            **facts,
        )
        for number, text in enumerate(words)
    )


@pytest.fixture
def ship(shop):
    """A ship after which a tenth of the customers speak of a blank screen."""
    ship = make_deployment(shop, shipped_at=SHIPPED)
    said(shop, chatter(300, seed=1), start=SHIPPED - 4 * WEEK, over=4 * WEEK)
    said(shop, chatter(190, seed=2), start=SHIPPED, over=WEEK)
    said(shop, BLANK * 3, start=SHIPPED + DAY, over=6 * DAY)
    return ship


def check_up(ship, horizon=WEEK, now=NOW):
    perform_checkup(ship.checkups.get(horizon=horizon), now=now)


class TestACheckup:
    def test_stores_what_customers_started_saying(self, ship):
        check_up(ship)

        row = Phrase.objects.get()
        assert (row.phrase, row.turn, row.window) == ("blank screen", "started", WEEK)
        assert (row.before_count, row.before_total) == (0, 300)
        assert (row.after_count, row.after_total) == (15, 205)

    def test_stores_what_they_stopped_saying(self, shop):
        ship = make_deployment(shop, shipped_at=SHIPPED)
        said(shop, chatter(270, seed=1) + BLANK * 8, start=SHIPPED - 4 * WEEK, over=4 * WEEK)
        said(shop, chatter(400, seed=2), start=SHIPPED, over=WEEK)

        check_up(ship)

        row = Phrase.objects.get()
        assert (row.phrase, row.turn) == ("blank screen", "stopped")
        assert row.score < 0

    def test_finds_the_same_when_it_runs_twice(self, ship):
        check_up(ship)
        first = list(Phrase.objects.values("phrase", "score", "quotes"))
        check_up(ship)
        assert list(Phrase.objects.values("phrase", "score", "quotes")) == first

    def test_looks_no_further_than_its_horizon(self, ship):
        check_up(ship, DAY)
        assert not Phrase.objects.exists()

    def test_still_tells_after_a_month_what_was_said_in_the_first_week(self, ship, shop):
        said(shop, chatter(600, seed=3), start=SHIPPED + WEEK, over=3 * WEEK)
        check_up(ship, 4 * WEEK)
        assert Phrase.objects.get().window == WEEK

    def test_leaves_what_is_stored_when_it_looks_after_half_a_year(self, ship):
        check_up(ship)
        assert phrases_of(ship, now=NOW, horizon=timedelta(days=180)) is None

    def test_counts_nothing_that_was_held_back_or_merged_away(self, ship):
        blank = FeedbackItem.objects.filter(text__icontains="blank")
        first = blank.order_by("pk")[0]
        blank.exclude(pk=first.pk).filter(pk__lt=first.pk + 8).update(merged_into=first)
        blank.filter(merged_into=None).exclude(pk=first.pk).update(held_at=NOW)
        check_up(ship)
        assert not Phrase.objects.exists()

    def test_hears_nothing_of_another_environment(self, ship):
        FeedbackItem.objects.filter(text__icontains="blank").update(environment="staging")
        check_up(ship)
        assert not Phrase.objects.exists()

    def test_hears_nothing_of_another_project(self, ship, shop):
        other = make_project("Bakery")
        FeedbackItem.objects.filter(text__icontains="blank").update(project=other)
        check_up(ship)
        assert not Phrase.objects.exists()

    def test_counts_how_many_are_most_likely_about_the_ship(self, ship):
        for item in FeedbackItem.objects.filter(text__icontains="blank")[:4]:
            Attribution.objects.create(
                feedback=item, deployment=ship, probability=0.9, is_best=True, method="test"
            )
        check_up(ship)
        assert Phrase.objects.get().about_count == 4

    def test_puts_the_phrase_into_the_learning(self, ship):
        for item in FeedbackItem.objects.filter(text__icontains="blank")[:4]:
            Attribution.objects.create(
                feedback=item,
                deployment=ship,
                probability=0.9,
                is_best=True,
                on_topic=True,
                method="test",
            )
        ship.received_at = SHIPPED
        ship.save()
        check_up(ship)
        assert (
            "They started saying “blank screen”: 15 of 205 since, 0 of 300 before."
            in Learning.objects.get().evidence
        )

    def test_asks_few_questions_however_much_was_said(self, ship, django_assert_num_queries):
        ship = Deployment.objects.select_related("environment", "project").get(pk=ship.pk)
        with django_assert_num_queries(6):
            phrases_of(ship, now=NOW, horizon=WEEK)

    def test_reads_a_bounded_sample_of_very_much(self, shop, ship, monkeypatch):
        monkeypatch.setattr("learning.telling.MOST", 100)
        rows = phrases_of(ship, now=NOW, horizon=WEEK)
        assert all(max(row.before_total, row.after_total) <= 100 for row in rows)
        counted = heard_within(
            said_in(shop), (Window.before(SHIPPED, 4 * WEEK), Window.after(SHIPPED, WEEK))
        )
        assert all(60 <= len(side.texts) <= 100 for side in counted)


class TestWhichShipItCameWith:
    def test_is_not_this_one_if_it_began_with_a_later_ship(self, ship, shop):
        make_deployment(shop, version="1.4.1", shipped_at=SHIPPED + DAY - timedelta(minutes=1))
        check_up(ship)
        assert not Phrase.objects.exists()

    def test_is_not_this_one_if_it_was_said_all_the_week_before(self, shop):
        ship = make_deployment(shop, shipped_at=SHIPPED)
        said(shop, chatter(300, seed=1), start=SHIPPED - 4 * WEEK, over=4 * WEEK)
        said(shop, BLANK, start=SHIPPED - 6 * DAY, over=4 * DAY)
        said(shop, chatter(190, seed=2), start=SHIPPED, over=WEEK)
        said(shop, BLANK * 3, start=SHIPPED + DAY, over=6 * DAY)
        check_up(ship)
        assert not Phrase.objects.filter(turn="started").exists()

    def test_is_not_this_one_if_it_had_stopped_before(self, shop):
        ship = make_deployment(shop, shipped_at=SHIPPED)
        said(shop, chatter(270, seed=1), start=SHIPPED - 4 * WEEK, over=4 * WEEK)
        said(shop, BLANK * 8, start=SHIPPED - 4 * WEEK + DAY, over=2 * WEEK)
        said(shop, chatter(400, seed=2), start=SHIPPED, over=WEEK)
        check_up(ship)
        assert not Phrase.objects.exists()
