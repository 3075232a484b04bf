"""What Wake says of the demo, held against what truly happened.

The bars are a little below what is reached today, so that a change for the worse is noticed.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from learning.corrections import METHOD
from learning.models import Attribution, ImpactEstimate, Learning

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# An effect that nobody should miss, for each metric, given how noisy it is.
BIG = {
    "checkout_conversion": 0.07,
    "signups": 0.25,
    "active_users": 0.12,
    "page_load_seconds": 0.15,
    "support_contact_rate": 0.40,
}


@dataclass(frozen=True)
class Judged:
    """The estimate that counts for a ship and a metric, and what truly happened."""

    version: str
    metric: str
    truth: float
    estimate: ImpactEstimate

    @property
    def holds_the_truth(self):
        return self.estimate.low <= self.truth <= self.estimate.high


@pytest.fixture
def judged(filled):
    """Each ship and metric that could be judged, at the longest look that gave a number."""
    rows = ImpactEstimate.objects.filter(
        deployment__project=filled.project,
        word="estimated",
        checkup__horizon__gte=timedelta(days=1),
        checkup__horizon__lte=timedelta(days=7),
    ).select_related("deployment", "metric")
    found = {}
    for row in rows.order_by("checkup__horizon"):
        version, metric = row.deployment.version, row.metric.key
        truth = filled.world.truth.effect(version, metric, row.window_start_at, row.window_end_at)
        found[version, metric] = Judged(version, metric, truth, row)
    return list(found.values())


class TestEffects:
    def test_that_are_big_are_nearly_all_found_with_the_right_sign(self, judged):
        big = [one for one in judged if abs(one.truth) >= BIG[one.metric]]
        found = [one for one in big if one.estimate.is_real and one.estimate.effect * one.truth > 0]

        assert len(big) >= 9
        assert len(found) / len(big) >= 0.7

    def test_lie_within_their_intervals(self, judged):
        known = [one for one in judged if abs(one.truth) >= BIG[one.metric] / 2]

        assert sum(one.holds_the_truth for one in known) / len(known) >= 0.9

    def test_are_hardly_ever_claimed_where_there_are_none(self, judged):
        untouched = [one for one in judged if one.truth == 0]
        claimed = [one for one in untouched if one.estimate.is_real]

        assert len(untouched) >= 120
        assert len(claimed) / len(untouched) <= 0.08

    def test_of_ships_that_came_together_are_not_told_apart(self, filled):
        learning = Learning.objects.get(
            project=filled.project, deployment__version="3.12.0", successor=None
        )

        assert learning.verdict == "confounded"


class TestVerdicts:
    @pytest.mark.parametrize(
        ("version", "allowed"),
        [
            ("3.1.0", {"supported"}),
            ("3.2.0", {"supported"}),
            ("3.4.0", {"supported"}),
            ("3.11.0", {"supported"}),
            ("3.6.0", {"refuted", "no_effect"}),
            ("3.3.0", {"no_effect", "inconclusive"}),
            ("3.7.0", {"no_effect", "inconclusive"}),
            ("3.13.0", {"no_effect", "inconclusive"}),
            ("3.14.0", {"no_effect", "inconclusive"}),
        ],
    )
    def test_say_what_is_true(self, filled, version, allowed):
        learning = Learning.objects.get(
            project=filled.project, deployment__version=version, successor=None
        )

        assert learning.verdict in allowed

    def test_wait_while_it_is_too_early(self, filled):
        learnings = Learning.objects.filter(project=filled.project, deployment__version="3.16.0")

        assert not learnings.exists()


@pytest.fixture
def best(filled):
    """The version that Wake thinks each thing is most likely about, and how sure it is.

    What the team corrected is not asked of.
    """
    rows = Attribution.objects.filter(feedback__project=filled.project, is_best=True).exclude(
        method=METHOD
    )
    return {
        said: (version, probability)
        for said, version, probability in rows.values_list(
            "feedback__external_id", "deployment__version", "probability"
        )
    }


class TestAttribution:
    def test_finds_the_ship_that_customers_speak_of(self, filled, best):
        about = {
            said: version
            for said, version in filled.world.truth.about.items()
            if version and said in best  # what was merged into its twin is weighed there
        }
        right = [said for said, version in about.items() if best[said][0] == version]

        assert len(right) / len(about) >= 0.85

    def test_calls_what_is_about_no_ship_nobodys(self, filled, best):
        nobodys = [
            said
            for said, version in filled.world.truth.about.items()
            if version is None and said in best
        ]
        right = [said for said in nobodys if best[said][0] is None]

        assert len(right) / len(nobodys) >= 0.2

    def test_beats_naming_the_newest_ship(self, filled, best):
        live = [ship for ship in filled.world.ships if ship.is_live]
        rows = {row["id"]: row for row in filled.world.feedback}
        about = {
            said: version
            for said, version in filled.world.truth.about.items()
            if version and said in best  # what was merged into its twin is weighed there
        }

        def newest(said):
            at = rows[said]["created_at"]
            return [ship.version for ship in live if ship.shipped_at.isoformat() <= at][-1]

        by_time = sum(newest(said) == version for said, version in about.items())
        by_wake = sum(best[said][0] == version for said, version in about.items())

        assert by_wake > by_time
