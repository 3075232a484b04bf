"""The page on which the team says who is who."""

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from accounts.models import Alias, Membership
from deployments.intake import record_deployment
from deployments.models import Shipper
from deployments.ship import Person, Ship
from tests.factories import NOW, make_deployment

NOREPLY = "7+ben@users.noreply.github.com"


@pytest.fixture
def url(shop):
    return reverse("settings_people", args=[shop.slug])


def say(client, shop, email, user, *, name="", door="confirm"):
    address = reverse(f"settings_people_{door}", args=[shop.slug])
    chosen = user if isinstance(user, str) else user.pk
    return client.post(address, {"email": email, "name": name, "user": chosen}, follow=True)


def shipper_of(ship):
    return Shipper.objects.get(deployment=ship).user


class TestThePage:
    def test_lists_who_is_not_known_with_how_many_ships_they_made(self, shop, url, as_ada):
        for _ in range(3):
            make_deployment(shop, by="kit@elsewhere.example")

        page = BeautifulSoup(as_ada.get(url).content, "html5lib")
        row = page.select_one("tbody tr")

        assert "kit@elsewhere.example" in row.get_text()
        assert row.select_one("td").get_text().strip().startswith("3")

    def test_does_not_list_members(self, shop, url, as_ada):
        make_deployment(shop, by="ada@example.com")

        assert "Everybody is known" in as_ada.get(url).content.decode()

    def test_suggests_a_member_and_says_why(self, shop, url, as_ada, ben):
        make_deployment(shop, by=NOREPLY)

        page = as_ada.get(url).content.decode()

        assert "Yes, Ben" in page
        assert "the login ben" in page

    def test_suggests_a_member_who_joined_after_they_shipped(self, shop, url, as_ada, cleo):
        make_deployment(shop, by="cleo@example.com")
        Membership.objects.create(project=shop, user=cleo)

        assert "the mail address of a member" in as_ada.get(url).content.decode()

    def test_escapes_what_strangers_call_themselves(self, shop, url, as_ada):
        make_deployment(shop, by="<script>alert(1)</script>")

        assert "<script>alert(1)" not in as_ada.get(url).content.decode()

    def test_shows_nothing_of_other_projects(self, shop, url, as_cleo, cleo):
        make_deployment(shop, by="kit@elsewhere.example")
        hers = reverse("settings_people", args=["bakery"])

        assert "kit@" not in as_cleo.get(hers).content.decode()

    def test_costs_as_many_queries_for_many_as_for_few(
        self, shop, url, as_ada, django_assert_max_num_queries
    ):
        for n in range(12):
            make_deployment(shop, by=f"kit{n}@elsewhere.example")

        with django_assert_max_num_queries(14):
            as_ada.get(url)


class TestSayingWhoItIs:
    def test_links_the_ships_before_and_those_to_come(self, shop, as_ben, ben):
        before = make_deployment(shop, by=NOREPLY)

        page = say(as_ben, shop, NOREPLY, ben)

        assert "1 ship linked" in page.content.decode()
        assert shipper_of(before) == ben
        assert shipper_of(make_deployment(shop, by="ben@users.noreply.github.com")) == ben

    def test_by_name_links_whoever_has_that_name(self, shop, as_ada, ben):
        ship = Ship("1", NOW, people=(Person("benny b", "Benny B"),))
        before = record_deployment(project=shop, ship=ship, now=NOW).deployment

        say(as_ada, shop, "benny b", ben, name="Benny B")

        assert shipper_of(before) == ben

    def test_leaves_other_projects_alone(self, shop, as_ada, ben, cleo):
        hers = make_deployment(cleo.projects.get(), by=NOREPLY)

        say(as_ada, shop, NOREPLY, ben)

        assert shipper_of(hers) is None

    def test_can_be_put_right(self, shop, as_ada, ada, ben):
        ship = make_deployment(shop, by=NOREPLY)
        say(as_ada, shop, NOREPLY, ada)

        say(as_ada, shop, NOREPLY, ben)

        assert shipper_of(ship) == ben
        assert Alias.objects.count() == 1

    def test_can_be_undone(self, shop, as_ada, ben):
        ship = make_deployment(shop, by=NOREPLY)
        say(as_ada, shop, NOREPLY, ben)

        as_ada.post(reverse("settings_people_undo", args=["shop", Alias.objects.get().pk]))

        assert shipper_of(ship) is None

    def test_or_that_it_is_nobody_takes_them_off_the_list(self, shop, url, as_ada):
        make_deployment(shop, by="dependabot[bot]")

        say(as_ada, shop, "dependabot[bot]", "nobody")

        assert "Everybody is known" in as_ada.get(url).content.decode()

    def test_or_who_it_is_not_ends_the_suggestion(self, shop, url, as_ada, ben):
        make_deployment(shop, by=NOREPLY)

        say(as_ada, shop, NOREPLY, ben, door="not_this")

        page = as_ada.get(url).content.decode()
        assert "Yes, Ben" not in page
        assert NOREPLY in page

    def test_after_it_was_refused_is_possible(self, shop, as_ada, ben):
        ship = make_deployment(shop, by=NOREPLY)
        say(as_ada, shop, NOREPLY, ben, door="not_this")

        say(as_ada, shop, NOREPLY, ben)

        assert shipper_of(ship) == ben

    @pytest.mark.parametrize("chosen", ["", "999999", "²", "9" * 30, "x"])
    def test_wants_a_member(self, shop, as_ada, chosen):
        page = say(as_ada, shop, NOREPLY, chosen)

        assert "Choose who it is" in page.content.decode()
        assert not Alias.objects.exists()

    def test_does_not_take_somebody_from_elsewhere(self, shop, as_ada, cleo):
        say(as_ada, shop, NOREPLY, cleo)

        assert not Alias.objects.exists()

    def test_is_not_for_viewers(self, shop, as_vic, ben):
        assert say(as_vic, shop, NOREPLY, ben).status_code == 403

    def test_no_longer_counts_once_the_member_has_left(self, shop, as_ada, ben):
        say(as_ada, shop, NOREPLY, ben)
        shop.memberships.get(user=ben).delete()

        assert shipper_of(make_deployment(shop, by=NOREPLY)) is None
