"""Follows every link of the mails as their reader does: signed in or not, in both parts."""

import re
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client

from digest.models import Issue, Subscription
from digest.recipients import ask, confirm
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from feedback.handling import assign
from learning.models import Finding, FindingNotice
from tests.digest.test_findings_mail import DAY, find, ring
from tests.digest.test_sending import MONDAY
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment, make_feedback

HERE = "wake.example.com"
# Without signing in these open, as the link's own secret says whose it is.
OPEN = ("/digest/", "/findings/")


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert html
    return text.get_content(), html.get_content()


def links_in_html(page: str) -> set[str]:
    found = BeautifulSoup(page, "html5lib")
    assert [tag.name for tag in found.find_all(["script", "link", "form", "iframe"])] == []
    remote = [one["src"] for one in found.find_all(src=True) if not one["src"].startswith("cid:")]
    assert remote == []
    return {one["href"] for one in found.find_all(href=True)}


def links_in_text(text: str) -> set[str]:
    return set(re.findall(r"https?://\S+", text))


def broken(links: set[str], client: Client) -> dict[str, object]:
    """Return the links behind which the reader does not find what they lead to, and why."""
    found: dict[str, object] = {}
    for link in links:
        url = urlsplit(link)
        if (url.scheme, url.netloc) != ("https", HERE):
            found[link] = "leads elsewhere"
            continue
        answer = client.get(f"{url.path}?{url.query}" if url.query else url.path, follow=True)
        login = resolve_url(settings.LOGIN_URL)
        if answer.status_code != 200:
            found[link] = answer.status_code
        elif any(urlsplit(step).path == login for step, _ in answer.redirect_chain):
            found[link] = "asks to sign in"
        elif url.fragment and not BeautifulSoup(answer.content, "html5lib").find(id=url.fragment):
            found[link] = f"there is no #{url.fragment}"
    return found


def for_everybody(links: set[str]) -> set[str]:
    return {link for link in links if urlsplit(link).path.startswith(OPEN)}


class TestTheDigest:
    @pytest.fixture
    def mail(self, shop, ada, ben, mailbox):
        make_rich_week(shop, ada, ben)
        assert send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)
        return mailbox.mails[0]

    def test_leads_a_member_everywhere_by_its_html(self, mail, as_ada):
        links = links_in_html(parts(mail)[1])

        assert len(links) >= 10
        assert broken(links, as_ada) == {}

    def test_leads_a_member_everywhere_by_its_text(self, mail, as_ada):
        links = links_in_text(parts(mail)[0])

        assert len(links) >= 10
        assert broken(links, as_ada) == {}

    def test_says_the_same_addresses_in_both_parts(self, mail):
        text, html = parts(mail)

        assert links_in_text(text) == links_in_html(html)

    def test_asks_nobody_to_sign_in_who_wants_other_mails_or_none(self, mail):
        links = for_everybody(links_in_html(parts(mail)[1]))

        assert len(links) >= 2
        assert broken(links, Client()) == {}

    def test_is_ended_by_its_header_alone(self, mail):
        way_out = mail["List-Unsubscribe"].strip("<>")

        answer = Client(enforce_csrf_checks=True).post(
            urlsplit(way_out).path, {"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
        assert not Subscription.objects.get(user__email="ada@example.com").is_on

    def test_shows_pictures_that_came_with_it(self, mail):
        page = BeautifulSoup(parts(mail)[1], "html5lib")
        named = {one["src"].removeprefix("cid:") for one in page.find_all("img", src=True)}
        brought = {
            str(part["Content-ID"]).strip("<>") for part in mail.walk() if part["Content-ID"]
        }

        assert named == brought
        assert all(one.get("alt") for one in page.find_all("img"))

    def test_scanners_that_follow_every_link_change_nothing(self, mail, shop):
        before = list(Subscription.objects.order_by("pk").values())
        for link in links_in_html(parts(mail)[1]) | links_in_text(parts(mail)[0]):
            for call in (Client().get, Client().head):
                call(f"{urlsplit(link).path}?{urlsplit(link).query}")

        assert list(Subscription.objects.order_by("pk").values()) == before


class TestTheDigestOfAReaderWithoutAnAccount:
    def test_leads_nowhere_but_to_what_they_may_see_or_to_the_sign_in(
        self, shop, ada, ben, mailbox
    ):
        make_rich_week(shop, ada, ben)
        ask(shop, "kim@x.test", by=ada, now=NOW)
        reader = confirm(Subscription.objects.get(email="kim@x.test"), now=NOW)
        assert send_digest_to(reader, now=MONDAY)
        text, html = parts(mailbox.mails[-1])

        why = broken(links_in_html(html) | links_in_text(text), Client())
        assert set(why.values()) <= {"asks to sign in"}
        assert broken(for_everybody(links_in_html(html)), Client()) == {}
        assert Issue.objects.get().recipient == "kim@x.test"


class TestAMailAboutFindings:
    @pytest.fixture
    def mail(self, shop, ada, ben, mailbox):
        ship = make_deployment(shop, "2.0", shipped_at=NOW - 2 * DAY, by="ada@example.com")
        item = make_feedback(shop, "The spinner never stops", rating=1, created_at=NOW - DAY)
        find(ship, "a", kind="said_by_several", evidence={"phrases": ["x"], "feedback": [item.pk]})
        for number in range(12):  # more than a mail holds
            find(ship, f"b{number}", kind="guardrail_worse")
        ring()
        return mailbox.mails[0]

    def test_leads_everywhere_by_both_parts(self, mail, as_ada):
        text, html = parts(mail)

        assert links_in_text(text) == links_in_html(html)
        assert len(links_in_html(html)) >= 30
        assert broken(links_in_html(html), as_ada) == {}

    def test_takes_answers_and_ends_without_a_sign_in(self, mail):
        links = for_everybody(links_in_html(parts(mail)[1]))

        assert len([link for link in links if "worth=" in link]) == 20
        assert broken(links, Client()) == {}

    def test_is_not_voted_on_by_scanners_that_follow_links(self, mail):
        for link in links_in_html(parts(mail)[1]):
            for call in (Client().get, Client().head):
                call(f"{urlsplit(link).path}?{urlsplit(link).query}")

        assert not FindingNotice.objects.exclude(worth="").exists()
        assert not FindingNotice.objects.exclude(judged_at=None).exists()

    def test_takes_the_answer_of_whoever_presses_the_button(self, mail):
        link = next(one for one in links_in_html(parts(mail)[1]) if "worth=noise" in one)
        url = urlsplit(link)
        client = Client(enforce_csrf_checks=True)
        page = BeautifulSoup(client.get(f"{url.path}?{url.query}").content, "html5lib")
        button = next(one for one in page.find_all("button") if one.get("value") == "noise")
        form = button.find_parent("form")
        said = {one["name"]: one["value"] for one in form.find_all("input", {"name": True})}

        client.post(form.get("action") or url.path, said | {button["name"]: button["value"]})
        assert FindingNotice.objects.exclude(judged_at=None).get().worth == "noise"
        assert Finding.objects.count() == 13

    def test_about_what_was_handed_over_leads_everywhere_too(self, shop, ada, ben, mailbox, as_ben):
        item = make_feedback(shop, "Please look", rating=1)
        assign(item, to=ben, by=ada, now=NOW, because="You know it")
        ring()

        text, html = parts(mailbox.mails[0])
        assert links_in_text(text) == links_in_html(html)
        assert broken(links_in_html(html), as_ben) == {}
