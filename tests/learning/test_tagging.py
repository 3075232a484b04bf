import pytest

from common.errors import BadInput
from common.traces import Traces
from learning.drafting import Draft
from learning.forgetting import forget_in_learnings
from learning.intake import confirm_learning, draft_learning
from learning.models import Learning, Tag
from learning.tagging import add_tag, also_taught, remove_tag, suggested_for, tag_name, tags_in_use
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_project


def make_learning(project, headline="Shorter forms sell", **facts):
    ship = facts.pop("ship", None) or make_deployment(project)
    return Learning.objects.create(
        project=project, deployment=ship, headline=headline, verdict=Verdict.SUPPORTED,
        method="test", drafted_at=NOW, due_at=NOW, **facts,
    )  # fmt: skip


class TestTagName:
    @pytest.mark.parametrize(
        "text", ["checkout flow", " Checkout  FLOW ", "#checkout flow", "checkout flow,"]
    )
    def test_is_one_however_it_is_written(self, text):
        assert tag_name(text) == "checkout flow"

    def test_lowers_letters_that_sqlite_cannot(self):
        assert tag_name("ÜBERBLICK") == "überblick"

    @pytest.mark.parametrize("text", ["", "  ", "#", ",", "x" * 41])
    def test_refuses_what_is_no_tag(self, text):
        with pytest.raises(BadInput):
            tag_name(text)


class TestTags:
    def test_are_made_once_for_a_project(self, shop):
        for text in ("Pricing", "pricing"):
            add_tag(make_learning(shop), text)

        assert Tag.objects.count() == 1

    def test_are_each_projects_own(self, shop):
        add_tag(make_learning(shop), "pricing")
        add_tag(make_learning(make_project("Elsewhere")), "pricing")

        assert Tag.objects.count() == 2

    def test_stop_at_twenty(self, shop):
        learning = make_learning(shop)
        for number in range(20):
            add_tag(learning, f"tag {number}")

        with pytest.raises(BadInput):
            add_tag(learning, "one more")

    def test_are_forgotten_when_they_file_nothing_any_more(self, shop):
        first, second = make_learning(shop), make_learning(shop)
        for learning in (first, second):
            add_tag(learning, "pricing")

        remove_tag(first, "PRICING")
        assert Tag.objects.exists()
        remove_tag(second, "pricing")
        assert not Tag.objects.exists()

    def test_are_suggested_the_most_used_first_but_for_those_it_has(self, shop):
        learning = make_learning(shop)
        add_tag(make_learning(shop), "a rare one")
        for _ in range(2):
            add_tag(make_learning(shop), "b usual")
        add_tag(learning, "c its own")

        assert suggested_for(learning, tags_in_use(shop)) == ["b usual", "a rare one"]

    def test_hold_for_the_version_that_overturns(self, shop, ada):
        checkup = make_deployment(shop).checkups.last()
        learning = draft_learning(checkup, Draft(Verdict.SUPPORTED, "Up", "Rose."), now=NOW)
        confirm_learning(learning, by=ada, headline="Up", takeaway="More", now=NOW)
        add_tag(learning, "pricing")

        newer = draft_learning(checkup, Draft(Verdict.REFUTED, "Down", "Fell."), now=NOW)

        assert [tag.name for tag in newer.tags.all()] == ["pricing"]


class TestForgettingACustomer:
    def test_takes_off_a_tag_that_names_them(self, shop):
        learning = make_learning(shop)
        for tag in ("kim@example.com", "pricing"):
            add_tag(learning, tag)

        traces = Traces(frozenset({"kim@example.com"}), frozenset(), ())
        assert forget_in_learnings(shop, [], traces)["Tag"] == 1

        assert [tag.name for tag in learning.tags.all()] == ["pricing"]


class TestAlsoTaught:
    def test_links_another_ship_by_its_version(self, shop):
        learning, other = make_learning(shop), make_deployment(shop, "2.0")

        assert also_taught(learning, " 2.0 ") == other
        assert list(learning.also_taught_by.all()) == [other]

    def test_shows_on_the_page_of_that_ship(self, shop, as_vic):
        learning, other = make_learning(shop), make_deployment(shop, "2.0")
        also_taught(learning, "2.0")

        page = as_vic.get(f"/p/shop/ships/{other.pk}/").content.decode()

        assert "It also taught" in page
        assert f"/p/shop/learnings/{learning.pk}/" in page

    def test_refuses_a_ship_of_another_project(self, shop):
        make_deployment(make_project("Elsewhere"), "2.0")

        with pytest.raises(BadInput):
            also_taught(make_learning(shop), "2.0")

    def test_refuses_the_ship_that_it_is_from(self, shop):
        learning = make_learning(shop, ship=make_deployment(shop, "1.0"))

        with pytest.raises(BadInput):
            also_taught(learning, "1.0")


class TestTheDoor:
    def post(self, client, learning, **fields):
        return client.post(f"/p/shop/learnings/{learning.pk}/filed/", fields)

    def names(self, learning):
        return [tag.name for tag in learning.tags.order_by("name")]

    def test_adds_several_at_once(self, shop, as_ben):
        learning = make_learning(shop)

        self.post(as_ben, learning, add="Pricing, checkout")

        assert self.names(learning) == ["checkout", "pricing"]

    def test_removes_one(self, shop, as_ben):
        learning = make_learning(shop)
        add_tag(learning, "pricing")

        self.post(as_ben, learning, remove="pricing")

        assert self.names(learning) == []

    @pytest.mark.parametrize("fields", [{"add": ""}, {"add": "x" * 99}, {"ship": "none"}, {}])
    def test_answers_htmx_with_what_is_wrong(self, shop, as_ben, fields):
        learning = make_learning(shop)

        answer = as_ben.post(
            f"/p/shop/learnings/{learning.pk}/filed/", fields, headers={"HX-Request": "true"}
        )

        assert b'role="alert"' in answer.content
        assert b"<html" not in answer.content

    @pytest.mark.parametrize("number", ["x", "²", "9" * 40, "0"])
    def test_takes_no_harm_from_a_ship_that_cannot_be(self, shop, as_ben, number):
        assert self.post(as_ben, make_learning(shop), unship=number).status_code == 302

    def test_shows_a_tag_as_text(self, shop, as_vic):
        learning = make_learning(shop)
        add_tag(learning, "<b>x</b>")

        assert b"&lt;b&gt;x&lt;/b&gt;" in as_vic.get(f"/p/shop/learnings/{learning.pk}/").content

    def test_refuses_a_viewer(self, shop, as_vic):
        learning = make_learning(shop)

        assert self.post(as_vic, learning, add="x").status_code == 403
        assert self.names(learning) == []

    def test_is_hidden_from_strangers(self, shop, as_cleo):
        assert self.post(as_cleo, make_learning(shop), add="x").status_code == 404

    def test_never_touches_a_version_that_is_history(self, shop, as_ben):
        old = make_learning(shop)
        make_learning(shop, ship=old.deployment, version=2, supersedes=old)

        assert self.post(as_ben, old, add="x").status_code == 404
