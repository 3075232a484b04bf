"""Saying that two things are one, and taking it back."""

import threading

import pytest
from django.db import connection

from feedback.holding import hold, release
from feedback.merging import kept_apart, merge, separate, with_voices
from feedback.models import FeedbackEvent, FeedbackItem
from tests.factories import NOW, make_feedback, make_project

pytestmark = pytest.mark.django_db
KIND = FeedbackEvent.Kind


def fresh(item):
    return FeedbackItem.objects.get(pk=item.pk)


class TestMerge:
    def test_leaves_one_that_counts(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)

        merge(two, into=one, by=ada, now=NOW)

        assert list(FeedbackItem.objects.heard()) == [one]
        assert (fresh(two).merged_into, fresh(two).merged_at) == (one, NOW)

    def test_is_told_in_the_history_of_both(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)
        merge(two, into=one, by=ada, now=NOW)

        assert two.events.get(kind=KIND.MERGED, by=ada).details == {"into": one.pk}
        assert one.events.get(kind=KIND.MERGED, by=ada).details == {"took_in": two.pk}

    def test_says_how_often_it_was_said(self, shop, ada):
        one, two, three = (make_feedback(shop) for _ in range(3))
        merge(two, into=one, by=ada, now=NOW)
        merge(three, into=one, by=ada, now=NOW)

        said = with_voices(FeedbackItem.objects.heard())
        assert [item.voices for item in said] == [3]

    def test_makes_no_chains(self, shop, ada):
        one, two, three = (make_feedback(shop) for _ in range(3))
        merge(three, into=two, by=ada, now=NOW)
        merge(two, into=one, by=ada, now=NOW)

        assert {fresh(two).merged_into, fresh(three).merged_into} == {one}

    def test_into_what_is_merged_itself_goes_to_its_head(self, shop, ada):
        one, two, three = (make_feedback(shop) for _ in range(3))
        merge(two, into=one, by=ada, now=NOW)

        assert merge(three, into=two, by=ada, now=NOW) == one

    def test_the_other_way_round_changes_who_stands_for_both(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)
        merge(two, into=one, by=ada, now=NOW)
        merge(one, into=two, by=ada, now=NOW)

        assert (fresh(one).merged_into, fresh(two).merged_into) == (two, None)

    def test_into_itself_changes_nothing(self, shop, ada):
        one = make_feedback(shop)
        merge(one, into=one, by=ada, now=NOW)

        assert fresh(one).merged_into is None
        assert not one.events.exists()

    def test_again_changes_nothing(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)
        merge(two, into=one, by=ada, now=NOW)
        merge(two, into=one, by=ada, now=NOW)

        assert one.events.count() == 1

    def test_refuses_what_is_of_two_projects(self, shop, ada):
        with pytest.raises(ValueError, match="two projects"):
            merge(make_feedback(shop), into=make_feedback(make_project()), by=ada, now=NOW)


class TestSeparate:
    def test_lets_it_count_again_and_be_linked_anew(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)
        merge(two, into=one, by=ada, now=NOW)
        FeedbackItem.objects.update(linked_at=NOW)

        assert separate(two, by=ada, now=NOW)
        assert (fresh(two).merged_into, fresh(two).merged_because) == (None, "")
        assert (fresh(two).linked_at, fresh(one).linked_at) == (None, NOW)

    def test_is_remembered(self, shop, ada):
        one, two = make_feedback(shop), make_feedback(shop)
        merge(two, into=one, by=ada, now=NOW)
        separate(two, by=ada, now=NOW)

        assert kept_apart([one.pk]) == kept_apart([two.pk]) == {frozenset((one.pk, two.pk))}

    def test_of_what_is_not_merged_says_so(self, shop, ada):
        assert not separate(make_feedback(shop), by=ada, now=NOW)


@pytest.mark.django_db(transaction=True)
class TestTwoPeopleAtOnce:
    def test_who_merge_in_opposite_ways_make_no_circle(self, shop, ada, database_on_disk):
        one, two = make_feedback(shop), make_feedback(shop)

        def work(item, into):
            try:
                merge(item, into=into, by=ada, now=NOW)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=pair) for pair in ((one, two), (two, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert FeedbackItem.objects.filter(merged_into=None).count() == 1


class TestHolding:
    def test_takes_it_out_of_what_counts(self, shop, ada):
        item = make_feedback(shop)

        assert hold(item, because="Nothing but links", by=ada, now=NOW)
        assert not FeedbackItem.objects.heard().exists()
        assert item.events.get().text == "Nothing but links"

    def test_twice_is_noted_once(self, shop, ada):
        item = make_feedback(shop)
        hold(item, because="Spam", by=ada, now=NOW)

        assert not hold(item, because="Spam", by=ada, now=NOW)
        assert item.events.count() == 1

    def test_is_undone_by_a_release(self, shop, ada):
        item = make_feedback(shop)
        hold(item, because="Spam", by=None, now=NOW)
        FeedbackItem.objects.update(linked_at=NOW)

        assert release(item, by=ada, now=NOW)
        assert (item.held_at, item.held_because, item.linked_at) == (None, "", None)

    def test_cannot_release_what_is_not_held(self, shop, ada):
        assert not release(make_feedback(shop), by=ada, now=NOW)
