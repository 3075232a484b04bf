"""How often Wake was right: the arithmetic, the exam, what corrections teach, and the page."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from learning import exam_corrections
from learning.attribution_adoption import NOTHING_SEEN
from learning.attribution_evidence import Candidate
from learning.attribution_trust import Case, fit_trust, log_loss_of_trust
from learning.attribution_v3 import KINDS, Weighed
from learning.calibration import Told, calibration_error, interval, reliability
from learning.corrections import correct_attribution
from learning.exams import due_for_an_exam, sit_exam
from learning.knowledge import known_from
from learning.linking import link_feedback
from learning.models import AttributionFit
from tests.factories import NOW, make_deployment, make_feedback, make_project

DAY = timedelta(days=1)


class TestReliability:
    def test_counts_each_guess_once(self):
        told = [Told(number / 20, True) for number in range(21)]

        assert sum(one.count for one in reliability(told)) == 21

    def test_says_what_share_of_a_bin_was_right(self):
        told = [Told(0.82, True)] * 8 + [Told(0.84, False)] * 2

        (only,) = reliability(told)

        assert (only.low, only.right, only.count) == (0.8, 0.8, 10)
        assert only.given == pytest.approx(0.824)

    def test_finds_no_error_where_80_percent_means_80_percent(self):
        assert calibration_error([Told(0.8, True)] * 8 + [Told(0.8, False)] * 2) < 1e-9

    def test_finds_how_much_too_sure(self):
        assert calibration_error([Told(0.9, True)] * 5 + [Told(0.9, False)] * 5) == pytest.approx(
            0.4
        )

    def test_gives_a_share_the_interval_of_wilson(self):
        assert interval(1 / 20, 20) == pytest.approx((0.0089, 0.2361), abs=0.001)
        assert interval(50 / 1000, 1000) == pytest.approx((0.0381, 0.0653), abs=0.001)
        assert interval(0, 0) == (0.0, 1.0)

    def test_gives_a_wide_range_to_few(self):
        few, many = interval(0.8, 5), interval(0.8, 500)

        assert few[1] - few[0] > 4 * (many[1] - many[0])


def case(words: float, *, words_are_right: bool) -> Case:
    """A feedback whose words point to the second of two ships."""
    ships = [Candidate(key, "", "", NOW, "", "") for key in (1, 2)]
    by_kind = np.zeros((2, len(KINDS)))
    by_kind[1, KINDS.index("words")] = words
    weighed = Weighed(ships, np.log([0.6, 0.4]), by_kind, [[], []], -3.0)
    return Case(weighed, 1 if words_are_right else 0)


class TestFitTrust:
    WORDS = KINDS.index("words")

    def test_trusts_words_less_where_they_mislead(self):
        trust = fit_trust([case(2.0, words_are_right=False)] * 60)

        assert trust.of_kind[self.WORDS] < 0.3

    def test_moves_little_for_three_corrections(self):
        trust = fit_trust([case(2.0, words_are_right=False)] * 3)

        assert trust.of_kind[self.WORDS] > 0.6

    def test_leaves_what_no_case_speaks_of(self):
        trust = fit_trust([case(2.0, words_are_right=False)] * 60)

        assert trust.of_kind[KINDS.index("name")] == 1

    def test_gives_none_its_share_where_most_was_let_stand(self):
        """One ship alone, whose version was named: right seven times of ten."""
        ship = Candidate(1, "", "", NOW, "", "")
        by_kind = np.zeros((1, len(KINDS)))
        by_kind[0, KINDS.index("version")] = 9.9
        weighed = Weighed([ship], np.log([0.98]), by_kind, [[]], np.log(0.02))
        corrected = [Case(weighed, None)] * 300

        fair = fit_trust([*corrected, Case(weighed, 0, counts=700)])
        unfair = fit_trust(corrected)

        assert 0.2 < self.given_to_none(weighed, fair) < 0.32  # the default holds it back
        assert self.given_to_none(weighed, unfair) > 0.5

    def given_to_none(self, weighed, trust) -> float:
        ship = np.exp(weighed.prior[0] + weighed.by_kind[0] @ np.array(trust.of_kind))
        none = np.exp(weighed.none + trust.none)
        return none / (none + ship)

    def test_counts_a_case_for_as_many(self):
        one = case(2.0, words_are_right=False)

        assert fit_trust([replace(one, counts=20)]).of_kind == pytest.approx(
            fit_trust([one] * 20).of_kind
        )

    def test_moves_the_others_where_one_cannot_go_on(self):
        """Words cannot count less than nothing; that it is none can."""
        weighed = replace(case(6.0, words_are_right=False).weighed, none=-6.0)

        trust = fit_trust([Case(weighed, None)] * 100)

        assert trust.of_kind[self.WORDS] == 0
        assert trust.none > 2

    def test_tells_such_cases_better(self):
        cases = [case(2.0, words_are_right=False)] * 20

        assert log_loss_of_trust(cases, fit_trust(cases)) < log_loss_of_trust(cases, fit_trust([]))


@pytest.fixture
def slow(shop):
    """A project whose customers wait for a week before they update."""
    for week in range(10):
        make_deployment(shop, f"1.{week}", shipped_at=NOW - 7 * DAY * (10 - week))
    for number in range(120):
        said_at = NOW - DAY * 0.45 * number - timedelta(hours=1)
        week = 10 - int((NOW - said_at) / (7 * DAY)) - 2
        make_feedback(shop, id=f"s{number}", version=f"1.{week}", created_at=said_at)
    return shop


class TestSitExam:
    def test_is_right_where_customers_update_late_and_the_newest_is_wrong(self, slow):
        exam = sit_exam(slow, now=NOW).scores["exam"]

        assert exam["asked"] == 60
        assert exam["newest"] < 0.1
        assert exam["right"] > 0.7

    def test_keeps_weights_that_tell_the_later_half_better(self, slow):
        fit = sit_exam(slow, now=NOW)

        assert fit.scores["adoption"]["after"] < fit.scores["adoption"]["before"]
        assert (
            known_from(fit.weights, known_from({}, NOTHING_SEEN).seen).adoption
            != known_from({}, None).adoption
        )

    def test_fits_nothing_to_a_few(self, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - DAY)
        make_feedback(shop, version="1.0", created_at=NOW - timedelta(hours=2))

        assert sit_exam(shop, now=NOW).weights == {}

    def test_may_be_sat_twice(self, slow):
        first, second = sit_exam(slow, now=NOW), sit_exam(slow, now=NOW)

        assert (first.pk, first.scores) == (second.pk, second.scores)

    def test_stands_without_any_feedback(self, shop):
        assert sit_exam(shop, now=NOW).scores["exam"]["asked"] == 0

    def test_is_due_once_a_day_where_there_is_something_to_ask(self, slow):
        empty = make_project("Bakery")

        assert due_for_an_exam(NOW) == [slow]
        sit_exam(slow, now=NOW)
        assert due_for_an_exam(NOW) == []
        assert due_for_an_exam(NOW + DAY) == [slow]
        assert empty not in due_for_an_exam(NOW + DAY)

    def test_is_due_sooner_where_many_named_their_version_since(self, slow):
        sit_exam(slow, now=NOW)
        hours = timedelta(hours=3)
        for number in range(19):
            make_feedback(slow, id=f"n{number}", version="1.9", created_at=NOW + hours / 2)

        assert due_for_an_exam(NOW + hours) == []
        make_feedback(slow, id="n19", version="1.9", created_at=NOW + hours / 2)
        assert due_for_an_exam(NOW + hours) == [slow]
        sit_exam(slow, now=NOW + hours)
        assert due_for_an_exam(NOW + 2 * hours) == []

    def test_is_due_at_once_after_a_change_of_the_method(self, slow):
        AttributionFit.objects.filter(pk=sit_exam(slow, now=NOW).pk).update(method="evidence-v3")

        assert due_for_an_exam(NOW) == [slow]

    def test_keeps_what_became_of_about_80_percent(self, slow):
        eighty = sit_exam(slow, now=NOW).scores["exam"]["eighty"]

        assert 0.75 <= eighty["given"] < 0.85
        assert eighty["range"][0] <= eighty["right"] <= eighty["range"][1]

    def test_learns_how_sure_it_may_be(self, slow):
        weights = sit_exam(slow, now=NOW).weights

        assert known_from(weights, NOTHING_SEEN).sureness != (0.0, 1.0)

    def test_counts_corrections(self, shop, ben):
        ship = make_deployment(shop, "1.0", shipped_at=NOW - 5 * DAY)
        for number in range(12):
            item = make_feedback(shop, f"Never mind {number}", created_at=NOW - DAY)
            link_feedback(shop, now=NOW)
            correct_attribution(item, deployment=ship if number == 5 else None, by=ben, now=NOW)

        fit = sit_exam(shop, now=NOW)

        assert fit.corrections == 12
        assert fit.scores["corrections"]["kept"]
        assert fit.weights["none"] > 0


class TestWhatPeopleLetStand:
    """People correct what is wrong, and say nothing of what is right."""

    def project(self, shop, ben, *, opened):
        """Twelve of forty that name their version are corrected, and `opened` were let stand."""
        make_deployment(shop, "1.0", shipped_at=NOW - 50 * DAY)
        items = [
            make_feedback(
                shop, f"It hangs {number}", version="1.0", created_at=NOW - (40 - number) * DAY
            )
            for number in range(40)
        ]
        link_feedback(shop, now=NOW)
        for number, item in enumerate(items):
            at = NOW - (40 - number) * DAY
            if number % 10 < 3:
                correct_attribution(item, deployment=None, by=ben, now=at)
            elif opened:
                item.mark_seen(by=ben, now=at)
        return shop

    def test_is_weighed_against_corrections(self, shop, ben):
        weighed = sit_exam(self.project(shop, ben, opened=True), now=NOW)
        shop.feedback.update(seen_at=None)
        alone = sit_exam(shop, now=NOW)

        assert (weighed.corrections, weighed.scores["corrections"]["let_stand"]) == (12, 28)
        assert (alone.corrections, alone.scores["corrections"]["let_stand"]) == (12, 0)
        assert weighed.weights["none"] < 0.8 * alone.weights["none"]

    def test_may_be_a_part_that_counts_for_all(self, shop, ben, monkeypatch):
        whole = sit_exam(self.project(shop, ben, opened=True), now=NOW)
        monkeypatch.setattr(exam_corrections, "MOST_LET_STAND", 7)
        part = sit_exam(shop, now=NOW)

        assert part.scores["corrections"]["let_stand"] == 28
        assert part.weights["none"] == pytest.approx(whole.weights["none"], rel=0.05)

    def test_is_told_on_the_page(self, client, shop, ada, ben):
        sit_exam(self.project(shop, ben, opened=True), now=NOW)
        client.force_login(ada)

        page = client.get(reverse("how_often_right", args=[shop.slug])).content.decode()

        assert "Wake weighs them against the 28 that people opened and let stand" in page


class TestTheExam:
    def test_asks_which_ship_a_customer_ran_whatever_corrections_say_of_none(self, slow, ben):
        before = sit_exam(slow, now=NOW).scores["exam"]
        link_feedback(slow, now=NOW)
        for item in slow.feedback.order_by("pk")[:40]:
            correct_attribution(item, deployment=None, by=ben, now=NOW)

        fit = sit_exam(slow, now=NOW)

        assert fit.weights["none"] > 0
        assert fit.scores["exam"] == before


class TestThePage:
    def address(self, project):
        return reverse("how_often_right", args=[project.slug])

    def test_teaches_while_it_is_empty(self, client, shop, ada):
        client.force_login(ada)

        page = client.get(self.address(shop)).content.decode()

        assert "No exam yet" in page
        assert "import_feedback" in page

    def test_shows_how_it_went(self, client, slow, ada):
        sit_exam(slow, now=NOW)
        client.force_login(ada)

        page = client.get(self.address(slow)).content.decode()

        assert "reliability__point" in page
        assert "Always naming the newest ship" in page
        assert "of about 80%" in page

    @pytest.mark.parametrize(
        ("right", "reach", "words"),
        [
            (0.79, (0.74, 0.84), "So its 80% means 80%, as far as that can be told."),
            (0.92, (0.88, 0.95), "So it is too careful there."),
            (0.61, (0.55, 0.66), "So it is too sure there."),
            (0.79, (0.5, 0.95), "That is too few ships to tell whether its 80% means 80%."),
        ],
    )
    def test_says_whether_80_percent_means_80_percent(self, client, slow, ada, right, reach, words):
        fit = sit_exam(slow, now=NOW)
        fit.scores["exam"]["eighty"] = {
            "count": 300, "ships": 40, "given": 0.8, "right": right, "range": reach,
        }  # fmt: skip
        fit.save()
        client.force_login(ada)

        page = client.get(self.address(slow)).content.decode()

        assert words in page
        assert ("with other ships it might well have been" in page) == ("too few" not in words)

    def test_bears_an_exam_of_an_older_method(self, client, slow, ada):
        fit = sit_exam(slow, now=NOW)
        del fit.scores["exam"]["eighty"]
        fit.save()
        client.force_login(ada)

        assert client.get(self.address(slow)).status_code == 200

    def test_shows_a_stranger_nothing(self, client, slow, cleo):
        client.force_login(cleo)

        assert client.get(self.address(slow)).status_code == 404

    def test_asks_the_database_little(self, client, slow, ada, django_assert_max_num_queries):
        sit_exam(slow, now=NOW)
        assert AttributionFit.objects.count() == 1
        client.force_login(ada)

        with django_assert_max_num_queries(12):
            client.get(self.address(slow))
