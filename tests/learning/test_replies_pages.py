"""The pages and doors by which a person tells those who asked."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from dashboard.reads.replies import replies_of_ship
from feedback.models import FeedbackItem
from learning.models import Reply
from learning.replies import draft_replies
from tests.factories import NOW, make_deployment, make_feedback

pytestmark = pytest.mark.django_db


@pytest.fixture
def ship(shop):
    for number, name in enumerate(("Dana", "Emil")):
        make_feedback(
            shop, "<script>alert(1)</script> The export stops", id=f"f{number}x",
            created_at=NOW - timedelta(days=9),
            customer={"name": name, "email": f"{name.lower()}@customer.example"},
        )  # fmt: skip
    ship = make_deployment(shop, "2.4.0", shipped_at=NOW - timedelta(days=1), fixes=("f0x", "f1x"))
    draft_replies(ship, now=NOW)
    return ship


def page(client, ship) -> str:
    return client.get(reverse("deployment", args=["shop", ship.pk])).content.decode()


def press(client, reply: Reply, action: str, **fields: str):
    return client.post(reverse("reply", args=["shop", reply.pk]), {"action": action, **fields})


class TestThePageOfAShip:
    def test_lists_whom_to_tell_and_how(self, as_ben, ship):
        shown = page(as_ben, ship)

        assert "Tell those who asked" in shown
        assert "It goes out by mail to dana@customer.example." in shown
        assert "0 of 2 sent" in shown

    def test_shows_what_a_customer_wrote_as_text(self, as_ben, ship):
        assert "<script>alert(1)" not in page(as_ben, ship)

    def test_lets_a_viewer_read_only(self, as_vic, ship):
        shown = page(as_vic, ship)

        assert "Dana" in shown
        assert "<textarea" not in shown.partition('id="replies"')[2]

    def test_says_how_to_begin_when_there_is_nobody_to_tell(self, as_ben, shop):
        shown = page(as_ben, make_deployment(shop))

        assert "Fixes-Feedback: 123" in shown

    def test_asks_the_database_as_often_for_many_replies(
        self, as_ben, ship, shop, django_assert_max_num_queries
    ):
        page(as_ben, ship)
        for number in range(20):
            make_feedback(
                shop, id=f"more{number}", created_at=NOW - timedelta(days=9),
                customer={"email": f"c{number}@customer.example"},
            )  # fmt: skip
        ship.fixes = [f"more{number}" for number in range(20)]
        ship.save()
        draft_replies(ship, now=NOW)

        with django_assert_max_num_queries(5):
            assert len(replies_of_ship(ship).rows) == 22


class TestTheButtons:
    def test_save_what_was_written(self, as_ben, ship):
        reply = Reply.objects.first()

        press(as_ben, reply, "save", text="It works now.")

        reply.refresh_from_db()
        assert (reply.state, reply.text) == ("draft", "It works now.")

    def test_send_what_was_written(self, as_ben, ship):
        reply = Reply.objects.first()

        press(as_ben, reply, "send", text="It works now.")

        reply.refresh_from_db()
        assert (reply.state, reply.text) == ("sending", "It works now.")
        assert reply.sent_by.name == "Ben"
        assert mail.outbox == []  # a worker does it

    def test_drop_and_take_up_again(self, as_ben, ship):
        reply = Reply.objects.first()

        press(as_ben, reply, "drop")
        assert "Make it a draft again" in page(as_ben, ship)
        press(as_ben, reply, "again")

        reply.refresh_from_db()
        assert reply.state == "draft"

    def test_send_all_only_when_somebody_is_sure(self, as_ben, ship):
        url = reverse("ship_replies_send", args=["shop", ship.pk])

        as_ben.post(url)
        assert Reply.objects.filter(state="sending").count() == 0
        as_ben.post(url, {"sure": "yes"})

        assert Reply.objects.filter(state="sending").count() == 2

    def test_do_not_work_for_a_viewer(self, as_vic, ship):
        assert press(as_vic, Reply.objects.first(), "send", text="x").status_code == 403

    def test_do_not_reach_replies_of_another_project(self, as_cleo, ship):
        reply = Reply.objects.first()

        answer = as_cleo.post(reverse("reply", args=["bakery", reply.pk]), {"action": "drop"})

        assert answer.status_code == 404

    def test_are_no_others(self, as_ben, ship):
        assert press(as_ben, Reply.objects.first(), "publish").status_code == 404


class TestSayingThatAShipFixesIt:
    def test_drafts_from_the_page_of_the_feedback(self, as_ben, shop):
        item = make_feedback(
            shop, created_at=NOW - timedelta(days=3), customer={"email": "d@customer.example"}
        )
        ship = make_deployment(shop, "2.5.0", shipped_at=NOW - timedelta(days=1))
        url = reverse("feedback_item", args=["shop", item.pk])
        assert "This ship fixes it" in as_ben.get(url).content.decode()

        as_ben.post(reverse("feedback_fixed", args=["shop", item.pk]), {"ship": ship.pk})

        assert Reply.objects.get().feedback == item
        assert "What they will read" in as_ben.get(url).content.decode()

    def test_drafts_from_the_page_of_the_ship(self, as_ben, shop):
        item = make_feedback(shop, customer={"email": "d@customer.example"})
        ship = make_deployment(shop)

        as_ben.post(reverse("ship_fixes", args=["shop", ship.pk]), {"feedback": f"#{item.pk}"})

        assert Reply.objects.get().deployment == ship

    @pytest.mark.parametrize("number", ["", "x", "0", "9" * 30, "²"])
    def test_wants_the_number_of_a_feedback(self, as_ben, shop, number):
        ship = make_deployment(shop)

        answer = as_ben.post(
            reverse("ship_fixes", args=["shop", ship.pk]), {"feedback": number}, follow=True
        )

        assert "There is no feedback with that number here." in answer.content.decode()

    def test_does_not_reach_feedback_of_another_project(self, as_ben, shop, cleo):
        theirs = make_feedback(cleo.projects.get())
        ship = make_deployment(shop)

        as_ben.post(reverse("ship_fixes", args=["shop", ship.pk]), {"feedback": theirs.pk})

        ship.refresh_from_db()
        assert ship.fixes == []
        assert FeedbackItem.objects.get().pk == theirs.pk
