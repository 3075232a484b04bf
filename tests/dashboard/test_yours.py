from datetime import timedelta

import pytest

from dashboard.reads.yours import waiting_for
from feedback.handling import assign
from learning.findings_people import claim, close, hand_over, note_seen
from learning.linking import link_feedback
from learning.models import Finding, FindingNotice
from tests.factories import NOW, make_deployment, make_feedback

HOUR = timedelta(hours=1)


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.0", shipped_at=NOW - 48 * HOUR, by="ada@example.com")


def find(ship, *users, key="a", **facts):
    finding = Finding.objects.create(
        project=ship.project, deployment=ship, kind="rating_fell", key=key, headline=f"Found {key}",
        found_at=NOW, **{"score": 1.0, **facts},
    )  # fmt: skip
    FindingNotice.objects.bulk_create(FindingNotice(finding=finding, user=user) for user in users)
    return finding


class TestWhatWaits:
    def test_is_nothing_at_first(self, shop, ada):
        assert not waiting_for(ada, shop, now=NOW)

    def test_names_new_findings_those_nobody_looked_at_first(self, shop, ship, ada):
        find(ship, ada, key="small", score=1.0)
        find(ship, ada, key="large", score=3.0)
        find(ship, ada, key="late", score=1.0, escalated_at=NOW)

        waiting = waiting_for(ada, shop, now=NOW)

        assert [one.key for one in waiting.findings] == ["late", "large", "small"]
        assert waiting.finding_count == 3

    def test_leaves_out_what_was_seen_closed_or_is_somebody_elses(self, shop, ship, ada, ben):
        note_seen(find(ship, ada, key="seen"), ada, now=NOW)
        close(find(ship, ada, key="closed"), by=ben, reason="", now=NOW)
        claim(find(ship, ada, key="taken"), by=ben, now=NOW)
        find(ship, ben, key="bens")

        assert waiting_for(ada, shop, now=NOW).finding_count == 0

    def test_names_what_was_handed_over_with_who_and_why(self, shop, ship, ada, ben):
        hand_over(find(ship, ada), to=ben, by=ada, reason="You know it", now=NOW)
        item = make_feedback(shop, "Broken")
        assign(item, ben, by=ada, now=NOW, because="Yours too")

        waiting = waiting_for(ben, shop, now=NOW)

        assert [(one.by, one.reason) for one in waiting.my_findings] == [(ada, "You know it")]
        assert [(one.by, one.reason) for one in waiting.my_feedback] == [(ada, "Yours too")]
        assert waiting.handed_count == 2

    def test_names_bad_words_that_nobody_opened(self, shop, ship, ben):
        item = make_feedback(shop, "Broken", rating=1)
        shop.feedback.update(escalated_at=NOW)

        assert waiting_for(ben, shop, now=NOW).unopened == [item]

    def test_counts_no_further_than_anybody_reads(self, shop, ship, ada, monkeypatch):
        monkeypatch.setattr("dashboard.reads.yours.MOST_COUNTED", 6)
        for number in range(9):
            make_feedback(shop, f"No {number}", version="2.0", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        waiting = waiting_for(ada, shop, now=NOW)

        assert (len(waiting.unread), waiting.unread_count) == (4, 6)

    def test_of_another_team_is_not_mine(self, shop, ship, ada, cleo):
        find(ship, ada)

        assert not waiting_for(cleo, cleo.projects.get(), now=NOW)

    @pytest.mark.parametrize("count", [1, 9])
    def test_asks_few_questions_however_much_waits(
        self, shop, ship, ada, ben, count, django_assert_max_num_queries
    ):
        for number in range(count):
            find(ship, ada, key=f"n{number}")
            hand_over(find(ship, key=f"h{number}"), to=ada, by=ben, reason="x", now=NOW)
            assign(make_feedback(shop, "x"), ada, by=ben, now=NOW, because="x")

        with django_assert_max_num_queries(13):
            waiting_for(ada, shop, now=NOW)
