from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from learning.intake import confirm_learning
from learning.models import Learning
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_project

DAY = timedelta(days=1)
EVIL = "<script>alert(1)</script>"


def make_learning(
    project, headline="Shorter forms sell", *, ship=None, by="ada@example.com", **facts
):
    ship = ship or make_deployment(project, by=by)
    facts = {
        "verdict": Verdict.SUPPORTED,
        "evidence": "Conversion rose by 5%.",
        "method": "test",
        "drafted_at": NOW,
        "due_at": NOW + 7 * DAY,
        **facts,
    }
    return Learning.objects.create(project=project, deployment=ship, headline=headline, **facts)


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def headlines(client, query=""):
    page = parse(client.get(f"/p/shop/learnings/{query}"))
    return [link.get_text(strip=True) for link in page.select(".timeline__title")]


class TestLearnings:
    def test_are_hidden_from_strangers(self, shop, as_cleo):
        assert as_cleo.get("/p/shop/learnings/").status_code == 404

    def test_teach_how_to_fill_the_library_when_it_is_empty(self, shop, as_vic):
        page = parse(as_vic.get("/p/shop/learnings/"))

        assert "Expect: checkout_conversion +2% within 7d" in page.get_text()

    def test_come_newest_first(self, shop, as_vic):
        make_learning(shop, "older", drafted_at=NOW - DAY)
        make_learning(shop, "newer")

        assert headlines(as_vic) == ["newer", "older"]

    def test_of_other_projects_are_not_shown(self, shop, as_vic):
        make_learning(make_project("Elsewhere"))

        assert headlines(as_vic) == []

    def test_show_only_the_newest_version(self, shop, as_vic):
        first = make_learning(shop, "it worked")
        make_learning(shop, "it wore off", ship=first.deployment, version=2, supersedes=first)

        assert headlines(as_vic) == ["it wore off"]

    def test_show_peoples_words_as_text(self, shop, as_vic):
        make_learning(shop, EVIL, takeaway=EVIL)

        page = parse(as_vic.get("/p/shop/learnings/"))

        assert not [tag for tag in page.select("script") if not tag.get("src")]
        assert page.get_text().count(EVIL) == 2

    @pytest.mark.parametrize(
        "query",
        [
            "?q=FORMS+sell",
            "?q=again",
            "?verdict=supported",
            "?state=confirmed",
            "?since=2026-03-18",
        ],
    )
    def test_can_be_narrowed(self, shop, as_vic, ada, query):
        make_learning(shop, "another", verdict=Verdict.REFUTED, drafted_at=NOW - 9 * DAY)
        wanted = make_learning(shop)
        confirm_learning(
            wanted, by=ada, headline="Shorter forms sell", takeaway="Cut again.", now=NOW
        )

        assert headlines(as_vic, query) == ["Shorter forms sell"]

    def test_can_be_narrowed_to_whoever_shipped(self, shop, as_vic, ada, ben):
        make_learning(shop, "by Ada", by="ada@example.com")
        make_learning(shop, "by Ben", by="ben@example.com")

        assert headlines(as_vic, f"?person={ben.pk}") == ["by Ben"]

    def test_can_be_narrowed_to_what_is_overdue(self, shop, as_vic):
        make_learning(shop, "overdue", due_at=NOW - DAY)
        make_learning(shop, "still time", due_at=timezone.now() + DAY)

        assert headlines(as_vic, "?state=overdue") == ["overdue"]

    @pytest.mark.parametrize("query", ["?verdict=great", "?person=x", "?since=soon", "?q=%00"])
    def test_ignore_a_filter_that_cannot_be_read(self, shop, as_vic, query):
        make_learning(shop)

        assert len(headlines(as_vic, query)) == 1

    def test_count_what_waits_for_me(self, shop, as_ada):
        make_learning(shop, by="ada@example.com")
        make_learning(shop, by="ben@example.com")

        text = parse(as_ada.get("/p/shop/learnings/")).get_text(" ", strip=True)

        assert "Waiting for me 1" in text
        assert "All drafts 2" in text

    def test_show_how_bets_fared_by_month(self, shop, as_vic):
        now = timezone.now()
        make_learning(shop, drafted_at=now)
        make_learning(shop, drafted_at=now, verdict=Verdict.REFUTED)
        make_learning(shop, drafted_at=now, verdict=Verdict.REFUTED)
        make_learning(shop, drafted_at=now, verdict=Verdict.TOO_EARLY)

        page = parse(as_vic.get("/p/shop/learnings/"))

        row = [cell.get_text(strip=True) for cell in page.select("tbody tr")[0].select("td")]
        assert row[1:] == ["1", "2", "–", "1"]

    def test_are_sent_as_a_list_to_htmx(self, shop, as_vic):
        response = as_vic.get("/p/shop/learnings/", headers={"HX-Target": "list"})

        assert b"<html" not in response.content

    def test_cost_as_many_queries_for_a_full_page_as_for_one(
        self, shop, as_vic, django_assert_max_num_queries
    ):
        for n in range(45):
            make_learning(shop, f"number {n}")

        with django_assert_max_num_queries(13):
            assert len(headlines(as_vic)) == 45


class TestLearning:
    def test_is_hidden_from_strangers(self, shop, as_cleo):
        learning = make_learning(shop)

        assert as_cleo.get(f"/p/shop/learnings/{learning.pk}/").status_code == 404

    def test_is_not_found_in_another_project(self, shop, as_ben):
        learning = make_learning(make_project("Elsewhere"))

        assert as_ben.get(f"/p/shop/learnings/{learning.pk}/").status_code == 404

    def test_shows_verdict_evidence_and_ship(self, shop, as_vic):
        learning = make_learning(shop)

        text = parse(as_vic.get(f"/p/shop/learnings/{learning.pk}/")).get_text(" ", strip=True)

        assert "Supported" in text
        assert "Conversion rose by 5%." in text
        assert learning.deployment.version in text

    def test_shows_peoples_words_as_text(self, shop, as_ben):
        learning = make_learning(shop, EVIL, takeaway=f"</textarea>{EVIL}", evidence=EVIL)

        page = parse(as_ben.get(f"/p/shop/learnings/{learning.pk}/"))

        assert not [tag for tag in page.select("script") if not tag.get("src")]
        assert page.select_one("textarea").get_text().strip() == f"</textarea>{EVIL}"

    def test_gives_viewers_no_editor(self, shop, as_vic):
        learning = make_learning(shop)

        assert not parse(as_vic.get(f"/p/shop/learnings/{learning.pk}/")).select("textarea")

    def test_leads_from_an_old_version_to_the_newest(self, shop, as_ben):
        first = make_learning(shop, "it worked")
        second = make_learning(
            shop, "it wore off", ship=first.deployment, version=2, supersedes=first
        )

        page = parse(as_ben.get(f"/p/shop/learnings/{first.pk}/"))

        assert page.select_one(".notice a")["href"] == f"/p/shop/learnings/{second.pk}/"
        assert not page.select("textarea")


class TestEditing:
    @pytest.fixture
    def learning(self, shop):
        return make_learning(shop)

    def post(self, client, learning, **fields):
        fields = {"headline": "Short forms sell", "takeaway": "Cut more fields.", **fields}
        return client.post(f"/p/shop/learnings/{learning.pk}/edit/", fields)

    def test_saves_a_draft(self, learning, as_ben):
        self.post(as_ben, learning, save="1")

        learning.refresh_from_db()
        assert (learning.headline, learning.takeaway) == ("Short forms sell", "Cut more fields.")
        assert learning.state == Learning.State.DRAFT

    def test_confirms(self, learning, as_ben, ben):
        response = self.post(as_ben, learning, confirm="1")

        learning.refresh_from_db()
        assert response.url == f"/p/shop/learnings/{learning.pk}/"
        assert (learning.state, learning.confirmed_by) == (Learning.State.CONFIRMED, ben)

    def test_confirms_nothing_without_a_takeaway(self, learning, as_ben):
        self.post(as_ben, learning, confirm="1", takeaway=" ")

        learning.refresh_from_db()
        assert learning.state == Learning.State.DRAFT

    def test_answers_htmx_with_the_editor_and_what_is_wrong(self, learning, as_ben):
        response = as_ben.post(
            f"/p/shop/learnings/{learning.pk}/edit/",
            {"headline": "Kept as typed", "takeaway": "", "confirm": "1"},
            headers={"HX-Request": "true"},
        )

        page = parse(response)
        assert page.select_one("[role=alert]")
        assert page.select_one("[name=headline]")["value"] == "Kept as typed"
        assert not page.select("html")

    def test_refuses_a_takeaway_that_is_a_book(self, learning, as_ben):
        self.post(as_ben, learning, save="1", takeaway="x" * 20_001)

        learning.refresh_from_db()
        assert learning.takeaway == ""

    def test_keeps_out_what_no_database_can_hold(self, learning, as_ben):
        self.post(as_ben, learning, save="1", takeaway="a\x00b")

        learning.refresh_from_db()
        assert learning.takeaway == "a\ufffdb"

    def test_is_refused_to_viewers_with_the_role_that_it_needs(self, learning, as_vic):
        response = self.post(as_vic, learning, save="1")

        assert response.status_code == 403

    def test_is_hidden_from_strangers(self, learning, as_cleo):
        assert self.post(as_cleo, learning, save="1").status_code == 404

    def test_never_touches_a_version_that_is_history(self, shop, learning, as_ben):
        make_learning(shop, ship=learning.deployment, version=2, supersedes=learning)

        assert self.post(as_ben, learning, save="1").status_code == 404

    def test_is_not_done_by_a_get(self, learning, as_ben):
        assert as_ben.get(f"/p/shop/learnings/{learning.pk}/edit/").status_code == 405

    def test_needs_the_token_of_a_form(self, learning, ben):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ben)

        assert self.post(client, learning, save="1").status_code == 403
