"""Counting what was said about ships, without reading it."""

import pytest

from feedback.models import FeedbackItem
from learning.models import Attribution
from tests.factories import NOW, make_deployment, make_feedback

pytestmark = pytest.mark.django_db


def about(ship, feedback, **facts):
    return Attribution.objects.create(
        feedback=feedback, deployment=ship, probability=0.9, is_best=True, method="test", **facts
    )


class TestCounted:
    def test_keeps_what_is_heard_and_nothing_else(self, shop):
        ship = make_deployment(shop, "2.0", shipped_at=NOW)
        first = make_feedback(shop, "It crashes")
        spam, again = make_feedback(shop, "Buy this"), make_feedback(shop, "Crashes all day")
        FeedbackItem.objects.filter(pk=spam.pk).update(held_at=NOW)
        FeedbackItem.objects.filter(pk=again.pk).update(merged_into=first)
        for feedback in (first, spam, again):
            about(ship, feedback)

        assert [row.feedback for row in Attribution.objects.counted()] == [first]
        assert list(Attribution.objects.counted()) == list(Attribution.objects.heard())
