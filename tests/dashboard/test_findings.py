from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.reads.findings import demands_of
from learning.findings_links import token_of
from learning.findings_rules import Bar
from learning.linking import link_feedback
from learning.models import Finding, FindingNotice, ShipLook
from tests.factories import NOW, make_deployment, make_feedback

HOUR = timedelta(hours=1)


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.0", shipped_at=NOW - 48 * HOUR, title="Shorter checkout")


@pytest.fixture
def found(shop, ship, ada):
    item = make_feedback(shop, "The spinner <b>never</b> stops", created_at=NOW - 24 * HOUR)
    link_feedback(shop, now=NOW)
    finding = Finding.objects.create(
        project=shop, deployment=ship, kind="said_by_several", key="said:1", score=2, found_at=NOW,
        headline="Customers started saying “spinner”: 6 of 40 since, nobody before",
        evidence={"phrases": ["spinner"], "feedback": [item.pk], "before": 0, "before_total": 90,
                  "after": 6, "after_total": 40},
    )  # fmt: skip
    FindingNotice.objects.create(finding=finding, user=ada)
    return finding


@pytest.fixture
def page(shop, found):
    return reverse("finding", args=[shop.slug, found.pk])


@pytest.fixture
def do(shop, found):
    url = reverse("finding_do", args=[shop.slug, found.pk])

    def call(client, action, **facts):
        answer = client.post(url, {"action": action, **facts})
        found.refresh_from_db()
        return answer

    return call


def names(page, bs):
    return [a.get_text() for a in bs(page).select(".timeline__title a")]


class TestTheList:
    def test_teaches_when_there_is_nothing(self, shop, as_ada, bs):
        for show, words in (("open", "Nothing is open"), ("mine", "Nothing for you"),
                            ("all", "Nothing found yet")):  # fmt: skip
            answer = as_ada.get(reverse("findings", args=[shop.slug]), {"show": show})
            assert words in bs(answer).get_text()

    def test_shows_each_person_what_is_for_them(self, shop, found, as_ada, as_ben, bs):
        url = reverse("findings", args=[shop.slug])

        assert names(as_ada.get(url, {"show": "mine"}), bs) == [found.headline]
        assert names(as_ben.get(url, {"show": "mine"}), bs) == []
        assert names(as_ben.get(url), bs) == [found.headline]

    def test_keeps_what_is_closed_under_all(self, shop, found, do, as_ada, bs):
        do(as_ada, "close")
        url = reverse("findings", args=[shop.slug])

        assert names(as_ada.get(url), bs) == []
        assert names(as_ada.get(url, {"show": "all"}), bs) == [found.headline]

    def test_says_what_each_kind_asks_for_and_how_much_was_noise(self, shop, found, do, as_ada, bs):
        do(as_ada, "noise")

        row = bs(as_ada.get(reverse("findings", args=[shop.slug]))).select_one("tbody tr")

        assert "at least 3 different customers" in row.get_text()
        assert "100%" in row.get_text()

    @pytest.mark.parametrize("count", [1, 12])
    def test_asks_the_same_few_questions_for_many(
        self, shop, found, as_ada, count, django_assert_max_num_queries
    ):
        for number in range(count):
            found.pk, found.key = None, f"k{number}"
            found.save()
        with django_assert_max_num_queries(10):
            as_ada.get(reverse("findings", args=[shop.slug]))

    def test_another_team_sees_nothing(self, shop, found, as_cleo, bs):
        assert as_cleo.get(reverse("findings", args=[shop.slug])).status_code == 404
        assert names(as_cleo.get(reverse("findings", args=["bakery"])), bs) == []


class TestTheFindingsPage:
    def test_shows_the_numbers_and_the_customers_words_escaped(self, page, as_ada):
        body = as_ada.get(page).content.decode()

        assert "6 of 40" in body
        assert "The spinner &lt;b&gt;never&lt;/b&gt; stops" in body

    def test_shows_no_words_that_were_erased_or_held_back(self, shop, page, as_ada):
        shop.feedback.update(held_at=NOW)
        held = as_ada.get(page).content.decode()
        shop.feedback.all().delete()
        gone = as_ada.get(page).content.decode()

        assert "never" not in held + gone
        assert "None of these words are kept any more" in gone

    def test_a_look_counts_as_seen_and_as_eyes_on_the_ship(self, page, as_ada, ada, ship):
        as_ada.get(page)

        assert FindingNotice.objects.get().seen_at
        assert ShipLook.objects.filter(deployment=ship, user=ada).exists()

    def test_a_look_of_a_viewer_or_a_program_does_not(self, page, as_ada, as_vic):
        as_vic.get(page)
        as_ada.head(page)
        as_ada.get(page, headers={"Sec-Purpose": "prefetch"})

        assert FindingNotice.objects.get().seen_at is None
        assert not ShipLook.objects.exists()

    def test_offers_a_viewer_no_button(self, page, as_vic, bs):
        page = bs(as_vic.get(page))

        assert page.select("main form") == []

    def test_stands_on_the_ships_page_too(self, shop, ship, found, page, as_ada, bs):
        answer = as_ada.get(reverse("deployment", args=[shop.slug, ship.pk]))

        assert bs(answer).find("a", href=page)


class TestWhatPeopleDo:
    def test_claim_it_once(self, do, found, as_ada, as_ben, ada):
        do(as_ada, "claim")
        do(as_ben, "claim")

        assert found.claimed_by == ada
        assert [event.kind for event in found.events.all()] == ["claimed"]

    def test_hand_it_over_with_a_reason(self, do, found, as_ada, ben):
        do(as_ada, "hand_over", to=ben.pk, because="You know the checkout")

        event = found.events.get()
        assert (found.claimed_by, event.to, event.text) == (ben, ben, "You know the checkout")
        assert found.notices.get(user=ben).told_at is None

    @pytest.mark.parametrize("who", ["vic", "cleo", "nobody"])
    def test_hand_it_to_nobody_who_may_not_act(self, do, found, as_ada, vic, cleo, who):
        to = {"vic": vic.pk, "cleo": cleo.pk, "nobody": "9" * 30}[who]
        do(as_ada, "hand_over", to=to, because="Yours")

        assert (found.claimed_by, found.notices.count()) == (None, 1)

    def test_hand_nothing_over_without_a_reason(self, do, found, as_ada, ben):
        do(as_ada, "hand_over", to=ben.pk, because=" ")

        assert found.claimed_by is None

    def test_close_it_and_open_it_again(self, do, found, as_ada):
        do(as_ada, "close")
        assert found.closed_at
        do(as_ada, "reopen")
        assert found.closed_at is None
        assert [event.kind for event in found.events.order_by("pk")] == ["closed", "reopened"]

    def test_say_what_it_was_worth_and_change_their_mind(self, do, found, as_ada, as_ben):
        do(as_ada, "noise")
        do(as_ada, "useful")
        do(as_ben, "noise")

        worth = found.notices.order_by("pk").values_list("user__name", "worth")
        assert list(worth) == [("Ada", "useful"), ("Ben", "noise")]

    def test_viewers_and_strangers_do_nothing(self, do, found, as_vic, as_cleo):
        codes = [
            do(client, action).status_code
            for client in (as_vic, as_cleo)
            for action in ("claim", "close", "useful")
        ]

        assert codes == [403] * 3 + [404] * 3
        assert (found.claimed_by, found.closed_at) == (None, None)
        assert FindingNotice.objects.get().worth == ""

    def test_an_unknown_button_is_not_found(self, do, as_ada):
        assert do(as_ada, "explode").status_code == 404


class TestTheLinkInTheMail:
    @pytest.fixture
    def link(self, found):
        return reverse("finding_worth", args=[token_of(found.notices.get())])

    def test_asks_and_changes_nothing_when_a_scanner_follows_it(self, link):
        for call in (Client().get, Client().head):
            assert call(link, {"worth": "noise"}).status_code == 200

        notice = FindingNotice.objects.get()
        assert (notice.worth, notice.seen_at) == ("", None)

    def test_takes_the_answer_without_a_sign_in(self, link, bs):
        strict = Client(enforce_csrf_checks=True)
        form = bs(strict.get(link, {"worth": "noise"})).form
        answer = strict.post(form["action"], {"worth": "noise"})

        assert FindingNotice.objects.get().worth == "noise"
        assert "Noise: kept" in answer.content.decode()

    def test_takes_no_other_answer(self, link):
        Client().post(link, {"worth": "splendid"})

        assert FindingNotice.objects.get().worth == ""

    def test_of_somebody_who_left_the_team_no_longer_works(self, link, shop):
        shop.memberships.all().delete()

        assert Client().post(link, {"worth": "noise"}).status_code == 404
        assert FindingNotice.objects.get().worth == ""

    def test_that_somebody_made_up_does_not_work(self, link):
        assert Client().post(f"{link[:-4]}abc/", {"worth": "noise"}).status_code == 404


class TestWhatAFindingMustShow:
    @pytest.mark.parametrize(
        ("noise", "told"),
        [
            (0, "a share of customers clearly below what was to be enough"),
            (20, "a share of customers clearly below 33% of what was to be enough"),
        ],
    )
    def test_is_told_of_ships_that_nobody_uses(self, noise, told):
        bar = Bar(useful=0, noise=noise)

        said = demands_of(Finding.Kind.NOBODY_USES_IT, bar)

        assert said == told
