from datetime import timedelta

import pytest

from learning.drafting import Draft
from learning.intake import confirm_learning, draft_learning
from learning.models import Learning
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment


@pytest.fixture
def checkup(shop):
    return make_deployment(shop).checkups.get(horizon=timedelta(days=7))


def told(verdict: Verdict) -> Draft:
    return Draft(verdict, f"Headline: {verdict.label}", "Evidence.")


class TestDraftLearning:
    def test_a_draft_is_brought_up_to_date(self, checkup):
        draft_learning(checkup, told(Verdict.INSUFFICIENT_DATA), now=NOW)
        draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)

        assert Learning.objects.get().verdict == Verdict.SUPPORTED

    def test_a_look_that_can_no_longer_tell_does_not_wipe_out_one_that_could(self, checkup):
        draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)
        draft_learning(checkup, told(Verdict.CONFOUNDED), now=NOW)

        assert Learning.objects.get().verdict == Verdict.SUPPORTED

    def test_a_confirmed_learning_is_not_reopened_by_a_look_that_agrees(self, checkup, ada):
        learning = draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)
        confirm_learning(learning, by=ada, headline="", takeaway="", now=NOW)

        assert draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW) is None
        assert draft_learning(checkup, told(Verdict.INCONCLUSIVE), now=NOW) is None

    def test_becomes_overdue_after_a_week(self, checkup):
        learning = draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)

        assert learning.due_at == NOW + timedelta(days=7)


class TestConfirmLearning:
    def test_keeps_who_confirmed_it_first_and_when(self, checkup, ada, ben):
        learning = draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)
        confirm_learning(learning, by=ada, headline="A", takeaway="B", now=NOW)
        confirm_learning(learning, by=ben, headline="C", takeaway="D", now=NOW + timedelta(days=1))

        learning.refresh_from_db()
        assert (learning.confirmed_by, learning.confirmed_at) == (ada, NOW)
        assert (learning.headline, learning.takeaway) == ("C", "D")

    def test_keeps_the_drafted_headline_if_a_person_leaves_it_empty(self, checkup, ada):
        learning = draft_learning(checkup, told(Verdict.SUPPORTED), now=NOW)
        confirm_learning(learning, by=ada, headline=" ", takeaway="B", now=NOW)

        assert learning.headline == "Headline: Supported"
