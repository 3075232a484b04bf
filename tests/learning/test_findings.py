from datetime import timedelta

import numpy as np
import pytest
from django.test import Client

from deployments.models import DeploymentStatus
from deployments.ship import Expectation
from engagement.models import Direction, Role
from learning.checkup import perform_checkup
from learning.findings import bars_of, find_at_checkup, find_in_feedback, verdicts
from learning.findings_people import judge
from learning.linking import link_feedback
from learning.models import Finding, FindingNotice, ImpactEstimate, Learning, Phrase
from tests.factories import (
    NOW,
    make_deployment,
    make_feedback,
    make_key,
    make_metric,
    make_project,
    make_samples,
    make_user,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Kind = Finding.Kind


def look(ship, *, after=DAY, estimates=()):
    checkup = ship.checkups.get(horizon=after)
    return find_at_checkup(checkup, estimates, now=checkup.due_at)


def turned(
    ship, phrase, *, turn=Phrase.Turn.STARTED, before=0, after=6, quotes=(), score=6.0, about=None
):
    return Phrase.objects.create(
        deployment=ship, phrase=phrase, turn=turn, before_count=before, before_total=90,
        after_count=after, after_total=40, window=DAY,
        about_count=after if about is None else about, quotes=list(quotes), method="test",
        score=score if turn == Phrase.Turn.STARTED else -score, found_at=NOW,
    )  # fmt: skip


def estimate(ship, metric, effect, low, high, *, is_real=True):
    checkup = ship.checkups.get(horizon=DAY)
    return ImpactEstimate(
        checkup=checkup, deployment=ship, metric=metric, word="estimated", effect=effect, low=low,
        high=high, is_real=is_real, window_start_at=ship.shipped_at, window_end_at=checkup.due_at,
        method="test", estimated_at=NOW,
    )  # fmt: skip


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.0", shipped_at=NOW - 2 * DAY, areas=("checkout",))


class TestSaidBySeveral:
    def test_a_phrase_that_several_started_to_use_is_a_finding(self, ship, ada):
        turned(ship, "spinner never stops", quotes=[4, 5])

        (found,) = look(ship)

        assert found.kind == Kind.SAID_BY_SEVERAL
        assert found.headline == (
            "Customers started saying “spinner never stops”: 6 of 40 since, nobody before"
        )
        assert found.evidence["feedback"] == [4, 5]
        assert found.score == 2
        assert [notice.user for notice in found.notices.all()] == [ada]

    def test_two_phrases_of_the_same_texts_are_one_finding(self, ship):
        turned(ship, "spinner never stops", quotes=[4, 5], score=7.0)
        turned(ship, "forever", quotes=[5, 6])

        (found,) = look(ship)

        assert found.evidence["phrases"] == ["spinner never stops", "forever"]

    def test_what_customers_say_of_another_ship_is_not_this_ones_finding(self, ship):
        turned(ship, "spinner", after=6, about=2)

        assert look(ship) == []

    def test_the_same_texts_are_told_after_one_ship_only(self, shop, ship):
        other = make_deployment(shop, "2.1", shipped_at=ship.shipped_at + HOUR)
        for one in (ship, other):
            turned(one, "spinner", quotes=[4, 5])

        assert (len(look(ship)), len(look(other))) == (1, 0)

    def test_a_second_look_brings_it_up_to_date_and_tells_nobody_anew(self, ship):
        turned(ship, "spinner", quotes=[4])
        look(ship)
        Phrase.objects.all().delete()
        turned(ship, "spinner never stops", after=9, quotes=[4, 5])

        assert look(ship) == []

        found = Finding.objects.get()
        assert "9 of 40" in found.headline
        assert found.notices.count() == 1

    def test_what_somebody_closed_stays_as_it_was(self, ship):
        turned(ship, "spinner")
        look(ship)
        Finding.objects.update(closed_at=NOW)
        Phrase.objects.update(after_count=20)
        look(ship)

        assert "6 of 40" in Finding.objects.get().headline

    def test_a_ship_of_long_ago_that_was_told_of_today_is_no_news(self, shop):
        ship = make_deployment(shop, shipped_at=NOW - 30 * DAY)
        turned(ship, "spinner")

        assert look(ship, after=28 * DAY) == []

    def test_a_look_that_comes_weeks_too_late_finds_nothing(self, ship):
        turned(ship, "spinner")
        checkup = ship.checkups.get(horizon=DAY)

        assert find_at_checkup(checkup, [], now=checkup.due_at + 8 * DAY) == []


def complain(shop, ship, count, *, after=HOUR, **facts):
    for number in range(count):
        make_feedback(
            shop, "The checkout is broken, payment fails", rating=1, version=ship.version,
            area="checkout", customer={"id": f"c{number}"},
            created_at=ship.shipped_at + after + number * timedelta(minutes=5), **facts,
        )  # fmt: skip
    link_feedback(shop, now=ship.shipped_at + after + HOUR)


class TestComplaintsAsTheyComeIn:
    def test_three_customers_with_the_same_new_complaint_are_found_at_once(self, shop, ship):
        complain(shop, ship, 3)

        (found,) = find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR)

        assert found.kind == Kind.SAID_BY_SEVERAL
        assert found.headline.startswith("3 customers complain about ")
        assert found.headline.endswith(": nobody in the four weeks before")
        assert len(found.evidence["feedback"]) == 3

    def test_two_are_not_several(self, shop, ship):
        complain(shop, ship, 2)

        assert find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR) == []

    def test_what_customers_always_complained_of_is_not_new(self, shop, ship):
        for number in range(60):
            make_feedback(
                shop, "The checkout is broken, payment fails", rating=1,
                created_at=ship.shipped_at - (number + 1) * 8 * HOUR,
            )  # fmt: skip
        complain(shop, ship, 3, after=2 * DAY - 2 * HOUR)

        assert find_in_feedback(shop, now=NOW) == []

    def test_no_customers_text_is_copied(self, shop, ship):
        complain(shop, ship, 3)
        find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR)

        found = Finding.objects.get()
        assert "payment fails" not in f"{found.headline}{found.key}{found.evidence}"

    def test_a_second_ring_finds_nothing_new(self, shop, ship):
        complain(shop, ship, 3)
        find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR)

        assert find_in_feedback(shop, now=ship.shipped_at + 3 * HOUR) == []

    def test_asks_no_more_questions_for_more_complaints(
        self, shop, ship, django_assert_max_num_queries
    ):
        complain(shop, ship, 12)
        find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR)

        with django_assert_max_num_queries(9):
            find_in_feedback(shop, now=ship.shipped_at + 3 * HOUR)

    def test_the_words_themselves_say_more_than_their_theme(self, shop, ship):
        complain(shop, ship, 3)
        (found,) = find_in_feedback(shop, now=ship.shipped_at + 2 * HOUR)
        turned(ship, "payment fails", quotes=found.evidence["feedback"])
        look(ship)
        find_in_feedback(shop, now=ship.shipped_at + 25 * HOUR)

        assert "“payment fails”" in Finding.objects.get().headline


class TestRatingFell:
    def rate(self, shop, ship, before, after):
        for side, ratings in ((-1, before), (1, after)):
            for number, rating in enumerate(ratings):
                at = ship.shipped_at + side * (number + 1) * HOUR
                make_feedback(shop, "", rating=rating, created_at=at)

    def test_a_clear_fall_is_a_finding(self, shop, ship):
        self.rate(shop, ship, [5, 4] * 15, [1, 2] * 6)

        (found,) = look(ship)

        assert found.kind == Kind.RATING_FELL
        assert found.headline == "The mean rating fell from 4.5 to 1.5 of 5"

    def test_a_quiet_ship_is_none(self, shop, ship):
        self.rate(shop, ship, [5, 4] * 15, [5, 4] * 6)

        assert look(ship) == []

    def test_it_is_laid_at_one_ships_door_only(self, shop, ship):
        self.rate(shop, ship, [5, 4] * 15, [1, 2] * 12)
        look(ship)
        later = make_deployment(shop, "2.1", shipped_at=ship.shipped_at + 14 * HOUR)

        assert look(later) == []

    def test_what_comes_after_the_next_ship_is_not_its_doing(self, shop, ship):
        make_deployment(shop, "2.1", shipped_at=ship.shipped_at + 30 * timedelta(minutes=1))
        self.rate(shop, ship, [5, 4] * 15, [1, 2] * 6)

        assert look(ship) == []

    def test_what_is_held_back_as_spam_does_not_count(self, shop, ship):
        self.rate(shop, ship, [5, 4] * 15, [1, 2] * 6)
        shop.feedback.filter(rating__lte=2).update(held_at=NOW)

        assert look(ship) == []


class TestComplaintStopped:
    def test_what_unhappy_customers_no_longer_say_is_good_news(self, shop, ship):
        sad = make_feedback(shop, "It crashes and is terrible", rating=1, created_at=NOW - 9 * DAY)
        turned(ship, "crashes", turn=Phrase.Turn.STOPPED, before=9, after=0, quotes=[sad.pk])

        (found,) = look(ship)

        assert found.kind == Kind.COMPLAINT_STOPPED
        assert found.headline == (
            "Customers stopped saying “crashes”: 9 of 90 before, nobody since"
        )

    def test_praise_that_stops_is_not(self, shop, ship):
        glad = make_feedback(shop, "I love the old menu", rating=5, created_at=NOW - 9 * DAY)
        turned(ship, "old menu", turn=Phrase.Turn.STOPPED, before=9, after=0, quotes=[glad.pk])

        assert look(ship) == []


class TestGuardrailWorse:
    def test_a_guardrail_that_moved_the_bad_way_is_a_finding(self, shop, ship):
        errors = make_metric(shop, "errors", role=Role.GUARDRAIL, good_direction=Direction.DOWN)

        (found,) = look(ship, estimates=[estimate(ship, errors, 0.12, 0.08, 0.16)])

        assert found.kind == Kind.GUARDRAIL_WORSE
        assert found.headline == "Errors rose by 12%, and that is worse"
        assert found.score == pytest.approx(3)

    @pytest.mark.parametrize(
        ("role", "effect", "is_real"),
        [
            (Role.GUARDRAIL, -0.12, True),
            (Role.GUARDRAIL, 0.12, False),
            (Role.SIGNAL, 0.12, True),
            (Role.GOAL, 0.12, True),
        ],
    )
    def test_better_uncertain_or_unguarded_is_none(self, shop, ship, role, effect, is_real):
        errors = make_metric(shop, "errors", role=role, good_direction=Direction.DOWN)
        row = estimate(ship, errors, effect, effect - 0.04, effect + 0.04, is_real=is_real)

        assert look(ship, estimates=[row]) == []


class TestVerdict:
    def test_a_checkup_that_decides_tells_those_who_shipped(self, shop, ada):
        metric = make_metric(shop, "signups", name="Signups")
        shipped_at = NOW - 8 * DAY
        noise = np.random.default_rng(7).normal(0, 2, 36 * 24)
        values = [100 + noise[n] + (20 if n >= 28 * 24 else 0) for n in range(36 * 24)]
        make_samples(metric, shipped_at - 28 * DAY, values)
        ship = make_deployment(
            shop, "3.0", shipped_at=shipped_at, now=shipped_at,
            expectation=Expectation("signups", "up", 0.05, timedelta(days=7)),
        )  # fmt: skip
        checkup = ship.checkups.get(horizon=7 * DAY)

        perform_checkup(checkup, now=checkup.due_at)
        perform_checkup(checkup, now=checkup.due_at)

        found = Finding.objects.get(kind=Kind.VERDICT)
        assert found.headline.startswith("Signups moved as hoped: +")
        assert found.evidence["verdict"] == "supported"
        assert [notice.user for notice in found.notices.all()] == [ada]

    def test_of_a_look_back_that_overturns_one_is_for_the_digest(self, shop, ada):
        ship = make_deployment(shop, expectation=Expectation("signups", "up", 0.05))
        facts = {"project": shop, "deployment": ship, "method": "test", "drafted_at": NOW}
        old = Learning.objects.create(verdict="supported", headline="Up", due_at=NOW, **facts)
        metric = shop.metrics.get(key="signups")
        row = ImpactEstimate(metric=metric, effect=-0.2, low=-0.3, high=-0.1, window_end_at=NOW)
        Learning.objects.filter(pk=old.pk).update(verdict="refuted")
        assert verdicts(ship, [row])

        Learning.objects.create(
            verdict="refuted", headline="Down", due_at=NOW, supersedes=old, version=2, **facts
        )

        assert verdicts(ship, [row]) == []


class TestTheBar:
    def vote(self, shop, ship, ada, worth, count):
        for number in range(count):
            one = Finding.objects.create(
                project=shop, deployment=ship, kind=Kind.SAID_BY_SEVERAL, key=f"{worth}{number}",
                headline="x", score=1, found_at=NOW,
            )  # fmt: skip
            judge(one, by=ada, worth=worth, now=ship.shipped_at)

    def test_rises_with_noise_so_that_the_same_is_no_longer_told(self, shop, ship, ada):
        self.vote(shop, ship, ada, "noise", 5)
        turned(ship, "spinner", after=6)

        assert look(ship) == []

    def test_does_not_rise_for_another_kind_or_project(self, shop, ship, ada):
        self.vote(shop, ship, ada, "noise", 5)
        other = make_project("Other", owner=make_user())
        bars = bars_of(shop, now=NOW)

        assert bars.of(Kind.SAID_BY_SEVERAL).height > 2
        assert bars.of(Kind.RATING_FELL).height == 1
        assert bars_of(other, now=NOW).of(Kind.SAID_BY_SEVERAL).height == 1

    def test_forgets_answers_of_long_ago(self, shop, ship, ada):
        self.vote(shop, ship, ada, "noise", 5)

        assert bars_of(shop, now=NOW + 200 * DAY).of(Kind.SAID_BY_SEVERAL).height == 1

    def test_counts_each_persons_last_answer(self, shop, ship, ada):
        self.vote(shop, ship, ada, "noise", 1)
        one = Finding.objects.get()
        judge(one, by=ada, worth="useful", now=NOW)

        bar = bars_of(shop, now=NOW).of(Kind.SAID_BY_SEVERAL)
        assert (bar.useful, bar.noise) == (1, 0)
        assert FindingNotice.objects.count() == 1


class TestWhatFailed:
    def test_a_ship_that_never_went_live_finds_nothing(self, ship):
        turned(ship, "spinner")
        ship.status = DeploymentStatus.FAILED
        ship.save()

        assert look(ship) == []


class TestTheApi:
    def test_lists_findings_newest_first_without_customers_words(self, shop, ship, api, cleo):
        turned(ship, "spinner", quotes=[4])
        look(ship)

        (row,) = api.get("/api/v1/findings/?kind=said_by_several").json()["results"]

        assert (row["deployment_version"], row["evidence"]["feedback"]) == ("2.0", [4])
        assert api.get("/api/v1/findings/?kind=verdict").json()["results"] == []
        bakery = Client(headers={"Authorization": f"Bearer {make_key(cleo.projects.get())}"})
        assert bakery.get("/api/v1/findings/").json()["results"] == []

    def test_says_which_kinds_there_are(self, api):
        assert api.get("/api/v1/findings/?kind=weather").status_code == 400
