"""Readers without an account: asked once, told nothing before their yes, changed by their link."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client

from digest.links import preferences_token
from digest.models import Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_member, make_project

PAGE = "/p/shop/digest/recipients/"
KIM = "kim@partner.test"
CHOICE = {
    "rhythm": "monthly", "weekday": "0", "monthday": "5", "hour": "6", "timezone": "Asia/Tokyo",
}  # fmt: skip


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def asked(as_ben, shop, mailbox) -> str:
    """The path of the link in the mail that asks Kim."""
    as_ben.post(PAGE, {"address": " Kim@Partner.test"})
    return link_in(mailbox.mails[-1])


@pytest.fixture
def kim(asked) -> Subscription:
    Client().post(asked)
    return Subscription.objects.get(email=KIM)


def link_in(mail) -> str:
    return urlsplit(re.findall(r"https?://\S+", mail.get_content())[0]).path


class TestAsking:
    def test_is_one_mail_with_one_link_and_nothing_of_the_project_but_its_name(
        self, asked, mailbox
    ):
        (mail,) = mailbox.mails
        assert mailbox.recipients == [KIM]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert len(re.findall(r"https?://", mail.get_content())) == 1

    def test_sends_nothing_else_before_the_yes(self, asked, shop, ada, ben, mailbox):
        make_rich_week(shop, ada, ben)
        row = Subscription.objects.get(email=KIM)
        Subscription.objects.filter(pk=row.pk).update(is_on=True)

        assert send_digest_to(row, now=NOW + timedelta(days=30)) is None
        assert len(mailbox.mails) == 1

    def test_following_the_link_is_no_yes(self, asked):
        assert Client().get(asked).status_code == 200
        assert Subscription.objects.get(email=KIM).confirmed_at is None

    def test_the_button_is(self, kim, shop, ada, ben, mailbox):
        make_rich_week(shop, ada, ben)

        assert kim.confirmed_at == NOW
        assert send_digest_to(kim, now=kim.next_due_at)
        assert mailbox.recipients == [KIM, KIM]

    def test_a_link_works_for_a_week(self, asked):
        with time_machine.travel(NOW + timedelta(days=8), tick=False):
            assert Client().get(asked).status_code == 410
            assert Client().post(asked).status_code == 410

    def test_a_link_ends_when_the_address_is_taken_off(self, asked, as_ben):
        as_ben.post(f"{PAGE}{Subscription.objects.get(email=KIM).pk}/remove/")

        assert Client().post(asked).status_code == 410

    def test_a_link_that_was_changed_is_no_good(self, asked):
        assert Client().post(asked[:-2] + "x/").status_code == 410

    def test_the_same_address_is_not_asked_again_the_same_day(self, asked, as_ben, mailbox):
        as_ben.post(PAGE, {"address": KIM})

        assert len(mailbox.mails) == 1

    def test_not_even_if_it_was_taken_off_meanwhile(self, asked, as_ben, mailbox):
        as_ben.post(f"{PAGE}{Subscription.objects.get(email=KIM).pk}/remove/")
        as_ben.post(PAGE, {"address": KIM})

        assert len(mailbox.mails) == 1

    def test_who_ended_it_is_not_asked_again(self, kim, as_ben, mailbox):
        Client().post(f"/digest/unsubscribe/{kim.token}/")
        with time_machine.travel(NOW + timedelta(days=90), tick=False):
            as_ben.post(PAGE, {"address": KIM})

        assert len(mailbox.mails) == 1

    def test_many_projects_together_ask_it_three_times_a_month(self, ada, as_ada, mailbox):
        for name in ("one", "two", "three", "four"):
            make_project(name, owner=ada)
            as_ada.post(f"/p/{name}/digest/recipients/", {"address": KIM})

        assert len(mailbox.mails) == 3
        assert Subscription.objects.filter(email=KIM).count() == 4  # the lists tell nothing

    def test_a_project_asks_twenty_an_hour(self, as_ben, shop, mailbox):
        for number in range(22):
            page = as_ben.post(PAGE, {"address": f"r{number}@x.test"}, follow=True)

        assert len(mailbox.mails) == 20
        assert "Go on in an hour" in page.content.decode()

    def test_says_the_same_of_an_address_that_is_known(self, as_ben, shop, mailbox):
        first = as_ben.post(PAGE, {"address": KIM}, follow=True)
        again = as_ben.post(PAGE, {"address": KIM}, follow=True)

        words = [
            BeautifulSoup(page.content, "html5lib").select(".messages, .notice")[0].text
            for page in (first, again)
        ]
        assert words[0] == words[1]

    def test_what_the_mail_server_did_not_take_can_be_asked_again(self, as_ben, shop, mailbox):
        mailbox.refuses = "451 later"
        page = as_ben.post(PAGE, {"address": KIM}, follow=True).content.decode()
        mailbox.refuses = ""
        as_ben.post(PAGE, {"address": KIM})

        assert "did not take it" in page
        assert len(mailbox.mails) == 1

    def test_a_members_own_address_gets_no_second_digest(self, shop, ada, as_ben, mailbox):
        as_ben.post(PAGE, {"address": "ada@example.com"})
        Client().post(link_in(mailbox.mails[0]))

        assert [row.user for row in Subscription.objects.all()] == [ada]

    def test_one_who_may_only_look_adds_nobody(self, as_vic, shop, mailbox):
        assert as_vic.post(PAGE, {"address": KIM}).status_code == 403
        assert mailbox.mails == []

    def test_another_projects_addresses_are_not_there(self, kim, cleo, as_cleo):
        make_member(make_project("Depot"), cleo)

        assert KIM not in as_cleo.get("/p/depot/digest/recipients/").content.decode()
        assert as_cleo.post(f"/p/depot/digest/recipients/{kim.pk}/remove/").status_code == 404

    def test_the_list_takes_the_same_queries_however_long(
        self, as_ben, shop, django_assert_max_num_queries
    ):
        for number in range(60):
            Subscription.objects.create(
                project=shop, email=f"r{number}@x.test", asked_at=NOW, next_due_at=NOW
            )

        with django_assert_max_num_queries(20):
            as_ben.get(PAGE)


class TestPreferencesWithoutSigningIn:
    @pytest.fixture
    def path(self, kim) -> str:
        return f"/digest/preferences/{preferences_token(kim)}/"

    def test_change_when_it_comes_at_once(self, path, kim):
        Client().post(path, CHOICE)

        kim.refresh_from_db()
        assert (kim.rhythm, kim.monthday, kim.hour) == ("monthly", 5, 6)
        assert kim.next_due_at.isoformat() == "2026-04-04T21:00:00+00:00"

    def test_switch_it_off(self, path, kim):
        Client().post(path, {**CHOICE, "rhythm": "off"})

        kim.refresh_from_db()
        assert not kim.is_on

    def test_show_this_subscription_and_nothing_else(self, path, shop, ben):
        subscribe(shop, ben, now=NOW)
        page = Client().get(path).content.decode()

        assert KIM in page
        assert "ben@example.com" not in page
        assert "/p/shop/" not in page

    def test_a_get_changes_nothing(self, path, kim):
        Client().get(path, CHOICE)

        kim.refresh_from_db()
        assert kim.rhythm == "weekly"

    def test_ask_for_a_post_of_their_own_page(self, path):
        assert Client(enforce_csrf_checks=True).post(path, CHOICE).status_code == 403

    def test_links_of_mails_that_were_passed_on_can_be_ended(self, path, kim):
        answer = Client().post(path, {"void": "1"})

        assert Client().get(path).status_code == 404
        assert Client().get(answer.url).status_code == 200
        assert Client().get(f"/digest/unsubscribe/{kim.token}/").status_code == 200

    def test_another_links_signature_is_no_key(self, asked):
        token = asked.split("/")[-2]

        assert Client().get(f"/digest/preferences/{token}/").status_code == 404

    def test_end_with_the_membership(self, shop, ben):
        token = preferences_token(subscribe(shop, ben, now=NOW))
        shop.memberships.filter(user=ben).delete()

        assert Client().get(f"/digest/preferences/{token}/").status_code == 404

    def test_are_linked_from_every_digest(self, kim, shop, ada, ben, mailbox):
        make_rich_week(shop, ada, ben)
        send_digest_to(kim, now=kim.next_due_at)

        text, html = (part.get_content() for part in mailbox.mails[-1].iter_parts())
        assert "/digest/preferences/" in text
        assert "/digest/preferences/" in html
