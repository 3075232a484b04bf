"""A customer's page: seen by all of the team, handed out and erased by owners."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from feedback.models import Customer, Erasure, FeedbackItem
from tests.factories import make_feedback, make_project


@pytest.fixture
def kim(shop):
    make_feedback(
        shop, "<b>It fails</b>", customer={"id": "k-1", "name": "Kim", "email": "kim@x.example"}
    )
    make_feedback(shop, "By mail too", customer="KIM@x.example", source="mail")
    return Customer.objects.get(external_id="k-1")


def to(name, customer):
    return reverse(name, kwargs={"slug": "shop", "pk": customer.pk})


class TestThePage:
    def test_shows_all_they_said_in_any_source(self, as_vic, kim):
        page = as_vic.get(to("customer", kim)).content.decode()

        assert "2 things they said" in page
        assert "&lt;b&gt;It fails&lt;/b&gt;" in page
        assert "By mail too" in page

    def test_offers_erasing_to_owners_only(self, as_vic, as_ada, kim):
        assert "Erase this customer" not in as_vic.get(to("customer", kim)).content.decode()
        assert "Erase this customer" in as_ada.get(to("customer", kim)).content.decode()

    def test_is_linked_from_what_they_said(self, as_vic, kim):
        item = kim.feedback.get()
        page = as_vic.get(reverse("feedback_item", args=["shop", item.pk])).content.decode()

        assert to("customer", kim) in page

    def test_of_another_project_is_not_there(self, as_ada, shop):
        other = make_feedback(make_project("Elsewhere"), customer="sam").customer

        assert as_ada.get(to("customer", other)).status_code == 404
        assert as_ada.post(to("customer_erase", other), {"confirm": "erase"}).status_code == 404


class TestExporting:
    def test_hands_out_all_that_is_stored(self, as_ada, kim):
        answer = as_ada.get(to("customer_export", kim))

        found = json.loads(answer.content)
        assert {one["id"] for one in found["customers"]} == {"k-1", "KIM@x.example"}
        assert {one["text"] for one in found["feedback"]} == {"<b>It fails</b>", "By mail too"}
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"


class TestErasing:
    def test_needs_the_word(self, as_ada, kim):
        as_ada.post(to("customer_erase", kim), {"confirm": "yes"})

        assert Customer.objects.count() == 2

    def test_leaves_the_proof(self, as_ada, ada, kim):
        answer = as_ada.post(to("customer_erase", kim), {"confirm": " Erase "}, follow=True)

        proof = Erasure.objects.get()
        assert not Customer.objects.exists()
        assert not FeedbackItem.objects.exists()
        assert (proof.by, proof.counts) == (ada, {"Customer": 2, "FeedbackItem": 2})
        assert str(proof.reference) in answer.content.decode()


def run(name, *words):
    out = StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue()


class TestTheCommands:
    @pytest.mark.parametrize("known_by", ["k-1", "kim@x.example", "Kim"])
    def test_export_whoever_is_named(self, kim, known_by):
        assert len(json.loads(run("export_customer", "shop", known_by))["feedback"]) == 2

    @pytest.mark.parametrize(
        ("project", "known_by", "said"),
        [("shop", "sam", "No customer"), ("nowhere", "k-1", "no project")],
    )
    def test_say_what_they_cannot_find(self, kim, project, known_by, said):
        with pytest.raises(CommandError, match=said):
            run("export_customer", project, known_by)

    def test_do_not_guess_between_two_of_one_name(self, shop, kim):
        make_feedback(shop, customer={"id": "k-2", "name": "Kim"})

        with pytest.raises(CommandError, match="Several"):
            run("erase_customer", "shop", "Kim", "--yes")
