import re
from datetime import timedelta
from importlib import import_module

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.db.models import F

from common.windows import WEEK, Window
from config.celery import app
from dashboard.week import week_in_review
from digest.by_hand import send_sample, send_to_address
from digest.channel_models import Channel
from digest.channels import add_channel
from digest.charts import UNUSED, shown_on_a_page, sweep_pictures
from digest.compose import Mail, compose
from digest.issues import send_issue, write_issue
from digest.models import ChartPicture, Edition, EditionChart, Issue, IssueChart, Subscription
from digest.parts import Reader
from digest.subscribe import Choice, subscribe
from digest.tasks import sweep_chart_pictures
from engagement.models import Metric, MetricSample
from tests.digest.charted import make_charted_week
from tests.digest.weeks import days_ago
from tests.factories import NOW, make_deployment, make_project

THIS_WEEK = Window.before(NOW, WEEK)


@pytest.fixture
def charted(shop, ada):
    return make_charted_week(shop, ada)


def mail_of(project, timezone="UTC") -> Mail:
    review = week_in_review(project, week=THIS_WEEK, now=NOW)
    return compose(project, review, Reader(timezone=timezone))


def sent(project, user):
    subscription = subscribe(project, user, now=NOW)
    issue = write_issue(subscription, THIS_WEEK, recipient=user.email, now=NOW)
    send_issue(issue, subscription, now=NOW)
    return issue


class TestTheMail:
    def test_has_text_first_and_the_pictures_beside_the_html(self, shop, ada, charted, mailbox):
        sent(shop, ada)

        (mail,) = mailbox.mails
        text, related = mail.get_payload()
        assert mail.get_content_type() == "multipart/alternative"
        assert text.get_content_type() == "text/plain"
        assert (related.get_content_type(), related.get_param("type")) == (
            "multipart/related",
            "text/html",
        )
        assert [part.get_content_type() for part in related.get_payload()] == [
            "text/html",
            "image/png",
            "image/png",
        ]

    def test_brings_every_picture_that_its_html_names(self, shop, ada, charted, mailbox):
        sent(shop, ada)

        html, *pictures = mailbox.mails[0].get_payload()[1].get_payload()
        named = re.findall(r'src="cid:([^"]+)"', html.get_content())
        assert sorted(f"<{cid}>" for cid in named) == sorted(one["Content-ID"] for one in pictures)
        assert all(one.get_content().startswith(b"\x89PNG") for one in pictures)
        assert all(one.get_content_disposition() == "inline" for one in pictures)

    def test_is_small(self, shop, ada, charted, mailbox):
        sent(shop, ada)

        assert len(mailbox.raw[0]) < 300_000
        assert len(mail_of(shop).html.encode()) < 100_000

    def test_without_a_chart_has_two_parts_and_no_picture(self, shop, ada, mailbox):
        make_deployment(shop, shipped_at=days_ago(1))

        sent(shop, ada)

        parts = [part.get_content_type() for part in mailbox.mails[0].get_payload()]
        assert parts == ["text/plain", "text/html"]
        assert len(mailbox.raw[0]) < 100_000

    @pytest.mark.parametrize("address", ["ada@example.com", "boss@example.org"])
    def test_sent_by_hand_has_them_too(self, shop, ada, charted, mailbox, address):
        send_to_address(shop, address, THIS_WEEK, now=NOW)

        assert mailbox.mails[0].get_payload()[1].get_content_type() == "multipart/related"

    def test_sent_as_a_test_keeps_nothing(self, shop, ada, charted, mailbox):
        send_sample(subscribe(shop, ada, now=NOW), now=NOW)

        assert len(mailbox.mails[0].get_payload()[1].get_payload()) == 3
        assert ChartPicture.objects.count() == 0


class TestThePicture:
    def test_says_what_it_shows(self, shop, charted):
        pictures = BeautifulSoup(mail_of(shop).html, "html5lib").find_all("img")

        assert len(pictures) == 2
        for one in pictures:
            assert "it was 10% above what was expected without the ship" in one["alt"]

    def test_is_drawn_for_the_light_and_for_the_dark(self, shop, charted):
        mail = mail_of(shop)
        light, dark = (
            BeautifulSoup(mail.html, "html5lib").select_one(f".{theme}-only img")["src"]
            for theme in ("light", "dark")
        )

        assert light != dark
        assert [one.theme for one in mail.charts] == ["light", "dark"]
        assert (
            "display: none"
            in BeautifulSoup(mail.html, "html5lib").select_one(".dark-only")["style"]
        )

    def test_leads_to_what_it_is_about(self, shop, charted):
        link = BeautifulSoup(mail_of(shop).html, "html5lib").img.find_parent("a")

        assert re.search(r"/p/shop/learnings/\d+/$", link["href"])

    def test_is_kept_once_for_all_readers_in_whatever_time_zone(self, shop, ada, ben, charted):
        for user, zone in ((ada, "Asia/Tokyo"), (ben, "America/Lima")):
            user.timezone = zone
            user.save()
            write_issue(subscribe(shop, user, now=NOW), THIS_WEEK, recipient=user.email, now=NOW)

        assert (ChartPicture.objects.count(), IssueChart.objects.count()) == (2, 4)

    def test_is_drawn_once(self, shop, ada, ben, charted, monkeypatch):
        write_issue(subscribe(shop, ada, now=NOW), THIS_WEEK, recipient="a@x.example", now=NOW)
        monkeypatch.setattr("digest.charts.chart_png", None)  # nobody may draw any more

        issue = write_issue(
            subscribe(shop, ben, now=NOW), THIS_WEEK, recipient="b@x.example", now=NOW
        )

        assert issue.charts.count() == 2

    def test_of_other_numbers_is_another_picture(self, shop, charted):
        before = mail_of(shop).charts[0].fingerprint
        assert mail_of(shop, "Asia/Tokyo").charts[0].fingerprint == before

        MetricSample.objects.update(value=F("value") + 1)

        assert mail_of(shop).charts[0].fingerprint != before


class TestOnAPage:
    def test_stands_in_the_preview_itself(self, as_ada, shop, charted):
        answer = as_ada.get("/p/shop/digest/mail/")

        assert answer.status_code == 200
        assert "cid:" not in answer.content.decode()
        assert "img-src data:" in answer.headers["Content-Security-Policy"]

    def test_of_a_kept_mail_is_what_was_sent(self, shop, ada, as_ada, charted, mailbox):
        issue = sent(shop, ada)

        page = as_ada.get(f"/p/shop/digest/{issue.pk}/mail/").content.decode()

        assert page.count("data:image/png;base64,") == 2

    def test_of_another_project_is_not_found_by_its_name(self, shop, ada, charted, mailbox):
        issue = sent(shop, ada)

        page = shown_on_a_page(make_project("Bakery"), issue.html)

        assert "base64" not in page


class TestWhatThePictureCannotWrite:
    def test_stands_above_it_in_the_mails_own_letters(self, shop, charted):
        Metric.objects.update(name="结账转化率")

        html = BeautifulSoup(mail_of(shop).html, "html5lib")

        above = html.select_one(".light-only").find_previous_sibling("p")
        assert above.text == "\u2068结账转化率\u2069"
        assert not above.has_attr("dir")  # the words are apart; the line reads from the left

    def test_is_nothing_where_it_can_write_all(self, shop, charted):
        html = BeautifulSoup(mail_of(shop).html, "html5lib")

        assert "\u2068" not in html.select_one(".light-only").find_previous_sibling("p").text


class TestTheArchive:
    @pytest.fixture
    def posted(self, shop, charted, by_chat) -> Edition:
        """An edition that reached nobody but a chat."""
        issue = write_issue(by_chat, THIS_WEEK, recipient="", now=NOW)
        Edition.objects.update(sent_at=NOW)
        assert issue.charts.count() == 0
        return Edition.objects.get()

    @pytest.fixture
    def by_chat(self, shop, ada) -> Subscription:
        channel = Channel(project=shop, chat="slack", name="#ships", url="https://chat.example/x")
        return add_channel(channel, Choice(), by=ada, now=NOW)

    def test_shows_the_chart_of_what_only_a_chat_was_told(self, as_ada, posted):
        page = as_ada.get(f"/p/shop/digest/archive/{posted.pk}/mail/").content.decode()

        assert page.count("data:image/png;base64,") == 2

    def test_shows_it_when_the_reader_who_was_first_is_gone(
        self, shop, ada, as_ada, charted, mailbox
    ):
        sent(shop, ada)
        Subscription.objects.all().delete()
        sweep_pictures(now=NOW + 99 * UNUSED)

        page = as_ada.get(f"/p/shop/digest/archive/{Edition.objects.get().pk}/mail/")

        assert page.content.decode().count("data:image/png;base64,") == 2

    def test_keeps_each_picture_once(self, shop, ada, ben, charted, posted):
        for user in (ada, ben):
            write_issue(subscribe(shop, user, now=NOW), THIS_WEEK, recipient=user.email, now=NOW)

        assert (ChartPicture.objects.count(), EditionChart.objects.count()) == (2, 2)

    def test_finds_the_pictures_of_editions_from_before_they_were_noted(self, posted):
        EditionChart.objects.all().delete()

        import_module("digest.migrations.0008_pictures_in_the_archive").link_pictures(apps, None)

        assert posted.charts.count() == 2


class TestTheSweep:
    @pytest.fixture
    def kept(self, shop, ada, charted, mailbox):
        return sent(shop, ada)

    def test_leaves_what_a_mail_or_the_archive_shows(self, kept):
        assert sweep_pictures(now=NOW + 99 * UNUSED) == 0

        Edition.objects.all().delete()
        assert sweep_pictures(now=NOW + 99 * UNUSED) == 0
        assert ChartPicture.objects.count() == 2

    def test_takes_what_nothing_shows_any_more(self, kept):
        Issue.objects.all().delete()
        Edition.objects.all().delete()

        assert sweep_pictures(now=NOW + 99 * UNUSED) == 2
        assert ChartPicture.objects.count() == 0

    def test_leaves_those_of_a_digest_that_is_being_written(self, kept):
        Issue.objects.all().delete()
        Edition.objects.all().delete()
        ChartPicture.objects.update(drawn_at=NOW)

        assert sweep_pictures(now=NOW + UNUSED - timedelta(seconds=1)) == 0

    def test_takes_them_in_parts(self, kept, monkeypatch):
        monkeypatch.setattr("digest.charts.AT_ONCE", 1)
        Issue.objects.all().delete()
        Edition.objects.all().delete()

        assert sweep_pictures(now=NOW + 99 * UNUSED) == 2

    def test_comes_by_itself(self, kept):
        Issue.objects.all().delete()
        Edition.objects.all().delete()
        ChartPicture.objects.update(drawn_at=NOW - 99 * UNUSED)

        sweep_chart_pictures()

        assert ChartPicture.objects.count() == 0
        assert "digest.tasks.sweep_chart_pictures" in {
            bell["task"] for bell in app.conf.beat_schedule.values()
        }
