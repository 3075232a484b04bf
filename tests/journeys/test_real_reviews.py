"""Sixteen months of one app: releases and reviews that nobody here wrote.

docs/walkthrough.md tells the same walk over all six years, with the numbers it gave.
"""

from collections import Counter
from datetime import timedelta

import pytest

from deployments.models import Checkup, Deployment
from engagement.models import Metric, MetricSample
from feedback.models import FeedbackItem
from learning.models import Attribution, ImpactEstimate, Learning

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SHIPS, REVIEWS, SAMPLES = 35, 1330, 1341
WEEK = timedelta(days=7)


@pytest.fixture
def links(walk):
    """How many reviews, with and without a version, were given to which kind of ship."""
    best = Attribution.objects.filter(feedback__project=walk.project, is_best=True)
    counted = Counter()
    for said, ship in best.values_list("feedback__version", "deployment__version"):
        kind = "none" if ship is None else "same version" if ship == said else "another"
        counted["with version" if said else "without", kind] += 1
    return counted


def sizes(walk):
    return {
        "ships": Deployment.objects.filter(project=walk.project).count(),
        "reviews": FeedbackItem.objects.filter(project=walk.project).count(),
        "samples": MetricSample.objects.filter(metric__project=walk.project).count(),
        "links": Attribution.objects.filter(feedback__project=walk.project).count(),
        "estimates": ImpactEstimate.objects.filter(deployment__project=walk.project).count(),
        "learnings": Learning.objects.filter(project=walk.project).count(),
    }


class TestLoading:
    def test_takes_every_release_and_every_review(self, walk):
        assert walk.said["ships"] == {"ships": SHIPS, "created": SHIPS}
        assert FeedbackItem.objects.filter(project=walk.project).count() == REVIEWS

    def test_makes_a_sample_of_every_day(self, walk):
        assert walk.said["days"]["created"] == walk.said["days"]["samples"] == SAMPLES
        assert Metric.objects.filter(project=walk.project).count() == 3

    def test_keeps_the_answers_that_the_team_gave(self, walk):
        answered = FeedbackItem.objects.filter(project=walk.project).exclude(reply_text="")

        assert answered.count() > 0.9 * REVIEWS

    def test_changes_nothing_when_all_of_it_is_sent_again(self, walk):
        before = sizes(walk)

        ships, days = walk.load("ships", walk.releases), walk.load("days", walk.reviews)
        walk.import_reviews()
        again = walk.run_checkups()

        assert (ships["created"], days["created"], days["updated"], again) == (0, 0, 0, 0)
        assert sizes(walk) == before


class TestLinks:
    def test_follow_the_version_that_a_customer_runs(self, walk, links):
        with_version = sum(count for (said, _), count in links.items() if said == "with version")

        assert links["with version", "same version"] / with_version > 0.85

    def test_to_an_inferred_ship_are_few_and_the_rest_says_none(self, walk, links):
        """Little speaks for a ship when neither a version nor the words do."""
        without = sum(count for (said, _), count in links.items() if said == "without")

        assert links["without", "none"] / without > 0.8

    def test_are_made_for_every_review(self, walk, links):
        assert links.total() == REVIEWS


class TestCheckups:
    def test_are_all_done(self, walk):
        checkups = Checkup.objects.filter(deployment__project=walk.project)

        assert walk.checkups == checkups.count() == SHIPS * 6
        assert not checkups.filter(finished_at=None).exists()
        assert not checkups.exclude(problem="").exists()

    def test_say_why_where_they_cannot_tell(self, walk):
        words = Counter(
            ImpactEstimate.objects.filter(deployment__project=walk.project).values_list(
                "word", flat=True
            )
        )

        assert words["estimated"] > 50
        assert words["confounded"] > 0  # a release every two weeks

    def test_draft_a_learning_for_each_ship_after_which_a_metric_moved_and_no_other(self, walk):
        moved = ImpactEstimate.objects.filter(
            deployment__project=walk.project, is_real=True, checkup__horizon__gte=WEEK
        )
        drafted = Learning.objects.filter(project=walk.project)

        assert set(drafted.values_list("deployment", flat=True)) == set(
            moved.values_list("deployment", flat=True)
        )
        assert drafted.exists()
