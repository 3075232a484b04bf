from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Project
from dashboard.reads.phrases import turned_after
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Phrase
from tests.factories import NOW, make_deployment, make_feedback

WEEK = timedelta(days=7)
SHIPPED = NOW - timedelta(days=8)


def make_phrase(ship, **facts):
    usual = {
        "phrase": "blank screen",
        "turn": "started",
        "score": 5.0,
        "before_count": 1,
        "before_total": 412,
        "after_count": 14,
        "after_total": 230,
        "window": WEEK,
        "method": "log-odds-v1",
        "found_at": NOW,
    }
    return Phrase.objects.create(deployment=ship, **{**usual, **facts})


@pytest.fixture
def ship(shop):
    make_deployment(shop, version="1.4.0", shipped_at=SHIPPED)
    return Deployment.objects.select_related("environment", "project").get()


def looked(ship):
    ship.checkups.filter(due_at__lte=NOW).update(finished_at=NOW)


def page(client, ship):
    return client.get(reverse("deployment", args=["shop", ship.pk])).content.decode()


class TestTheShipsPage:
    def test_says_how_many_said_it_before_and_after(self, as_ada, ship):
        looked(ship)
        make_phrase(ship)
        text = " ".join(page(as_ada, ship).split())
        assert "“blank screen”" in text
        assert "1 of 412 before, 14 of 230 in the first week" in text

    def test_quotes_them_and_links_to_all_who_said_it(self, as_ada, shop, ship):
        looked(ship)
        make_feedback(shop, text="Only a <b>blank screen</b>")
        make_phrase(ship, quotes=[FeedbackItem.objects.get().pk])
        text = page(as_ada, ship)
        assert "Only a &lt;b&gt;blank screen&lt;/b&gt;" in text
        assert "?q=%22blank+screen%22&amp;since=" in text

    def test_quotes_nobody_who_is_held_back(self, shop, ship):
        make_feedback(shop, text="Only a blank screen")
        make_phrase(ship, quotes=[FeedbackItem.objects.get().pk])
        FeedbackItem.objects.update(held_at=NOW)
        [one] = turned_after(ship, [], now=NOW).started
        assert one.quotes == []

    def test_says_what_stopped(self, as_ada, ship):
        looked(ship)
        make_phrase(ship, turn="stopped", score=-5.0, after_count=0)
        text = " ".join(page(as_ada, ship).split())
        assert "What they stopped saying" in text
        assert "nobody of 230 in the first week" in text

    def test_names_another_ship_after_which_the_same_was_said(self, as_ada, shop, ship):
        looked(ship)
        make_phrase(ship)
        make_deployment(shop, version="1.4.1", shipped_at=SHIPPED + timedelta(hours=3))
        make_phrase(Deployment.objects.get(version="1.4.1"), phrase="a blank screen")
        text = " ".join(page(as_ada, ship).split())
        assert "1.4.1</a>, shipped 3 h later." in text

    def test_says_when_it_looks_first(self, as_ada, ship):
        assert "First look:" in page(as_ada, ship)

    def test_says_when_there_is_too_little(self, as_ada, ship):
        looked(ship)
        assert "too few to tell" in page(as_ada, ship)

    def test_says_what_would_have_been_noticed(self, shop, as_ada, ship):
        looked(ship)
        FeedbackItem.objects.bulk_create(
            FeedbackItem(
                project=shop,
                external_id=f"f-{hour}",
                text="Fine",
                said_at=SHIPPED + timedelta(hours=hour),
                received_at=NOW,
            )
            for hour in range(-300, 190)
        )
        text = " ".join(page(as_ada, ship).split())
        assert "Nothing new stands out: 300 texts in the four weeks before" in text

    def test_says_nothing_of_a_ship_that_no_customer_saw(self, as_ada, shop, ship):
        ship.environment.reaches_customers = False
        ship.environment.save()
        assert "What customers started saying" not in page(as_ada, ship)

    def test_asks_as_many_questions_for_ten_phrases_as_for_one(
        self, shop, ship, django_assert_num_queries
    ):
        make_feedback(shop)
        looked(ship)
        for number in range(10):
            make_phrase(ship, phrase=f"phrase {number}", quotes=[FeedbackItem.objects.get().pk])
        with django_assert_num_queries(3):
            turned_after(ship, [], now=NOW)

    def test_shows_nothing_of_another_project(self, as_cleo, ship):
        assert Project.objects.count() == 2
        assert as_cleo.get(reverse("deployment", args=["shop", ship.pk])).status_code == 404


class TestTheApi:
    def test_tells_what_customers_started_and_stopped_saying(self, api, ship):
        make_phrase(ship, about_count=9)
        make_phrase(ship, phrase="late parcel", turn="stopped", score=-4.0)
        answer = api.get(f"/api/v1/deployments/{ship.pk}/").json()
        [started], [stopped] = answer["started_saying"], answer["stopped_saying"]
        assert (started["phrase"], started["after"], started["about_this"]) == (
            "blank screen",
            14,
            9,
        )
        assert stopped["phrase"] == "late parcel"
