"""Mails that are kept to be read where no mail server takes them to anybody."""

import re

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.urls import reverse

from accounts.models import Role, User
from common.mail import UnfoldedMail, goes_nowhere
from digest.kept import keep
from digest.models import KeptMail
from tests.factories import NOW, make_member, make_project, make_user

CONSOLE = "django.core.mail.backends.console.EmailBackend"
TEST = "/p/shop/digest/test/"


@pytest.fixture(autouse=True)
def kept(settings):
    """As an instance is that nobody gave a mail server."""
    settings.EMAIL_BACKEND = settings.KEEPING_BACKEND
    settings.KEPT_BACKEND = CONSOLE
    settings.KEEP_MAILS = 5


@pytest.fixture
def runs_wake(client, db):
    client.force_login(User.objects.create_superuser("host@example.com", "x"))
    return client


class TestWithoutAMailServer:
    def test_a_mail_is_printed_and_kept(self, db, capsys):
        EmailMessage("Hello", "You there", to=["kim@x.test"]).send()

        assert "Subject: Hello" in capsys.readouterr().out
        assert KeptMail.objects.get().recipients == "kim@x.test"

    def test_only_the_last_ones_are_kept(self, db):
        for number in range(8):
            EmailMessage(f"Number {number}", "x", to=["kim@x.test"]).send()

        subjects = KeptMail.objects.order_by("pk").values_list("subject", flat=True)
        assert list(subjects) == [f"Number {number}" for number in range(3, 8)]

    def test_a_mail_that_did_not_leave_is_not_kept(self, db, settings):
        settings.KEPT_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        with pytest.raises(OSError, match="refused"):
            EmailMessage("Hello", "You there", to=["kim@x.test"]).send()
        assert not KeptMail.objects.exists()

    def test_it_is_known_that_mail_goes_nowhere(self):
        assert goes_nowhere()

    def test_the_digest_page_says_so_and_leads_to_the_mails(self, shop, as_ada):
        page = as_ada.get("/p/shop/digest/").content.decode()

        assert "has no mail server" in page
        assert 'href="/mails/"' in page

    def test_a_test_of_the_digest_can_be_read_as_it_looks(self, shop, as_ada):
        as_ada.post(TEST)

        mail = KeptMail.objects.get()
        page = as_ada.get(f"/mails/{mail.pk}/").content.decode()
        frame = as_ada.get(reverse("mail_html", args=[mail.pk]))
        assert "List-Unsubscribe" in page
        assert "sandbox=" in page
        assert "<table" in frame.content.decode()
        assert "script-src" not in frame["Content-Security-Policy"]
        assert "default-src 'none'" in frame["Content-Security-Policy"]


class TestWhoMayReadThem:
    @pytest.fixture
    def mails(self, shop):
        ours = UnfoldedMail("Ours", "x", to=["a@x.test"])
        ours.project_id = shop.pk
        theirs = UnfoldedMail("Theirs", "x", to=["a@x.test"])
        theirs.project_id = make_project("Depot").pk
        for mail in (ours, theirs, UnfoldedMail("Your password", "x", to=["a@x.test"])):
            keep(mail, now=NOW)

    def titles(self, client) -> set[str]:
        page = client.get("/mails/").content.decode()
        return set(re.findall(r'dir="auto">([^<]+)</a></th>', page))

    def test_whoever_runs_wake_reads_all(self, mails, runs_wake):
        assert self.titles(runs_wake) == {"Ours", "Theirs", "Your password"}

    def test_an_owner_reads_those_of_their_projects(self, mails, as_ada):
        assert self.titles(as_ada) == {"Ours"}

    def test_links_that_set_passwords_are_not_shown_to_owners(self, mails, as_ada):
        mail = KeptMail.objects.get(subject="Your password")

        for name in ("mail", "mail_html", "mail_file"):
            assert as_ada.get(reverse(name, args=[mail.pk])).status_code == 404

    def test_members_and_strangers_find_no_page(self, mails, shop, as_ben, client):
        viewer = make_user("eve@example.com")
        make_member(shop, viewer, Role.VIEWER)
        client.force_login(viewer)

        assert as_ben.get("/mails/").status_code == 404
        assert client.get("/mails/").status_code == 404

    def test_nobody_finds_one_where_mails_are_not_kept(self, mails, as_ada, runs_wake, settings):
        settings.KEEP_MAILS = 0

        assert as_ada.get("/mails/").status_code == 404
        assert runs_wake.get("/mails/").status_code == 404


class TestAMail:
    def test_shows_its_pictures(self, shop, runs_wake):
        mail = EmailMultiAlternatives("Chart", "See", to=["a@x.test"])
        mail.attach_alternative('<img src="cid:one@wake" alt="A curve">', "text/html")
        from email.mime.image import MIMEImage

        picture = MIMEImage(b"\x89PNG\r\n", "png")
        picture.add_header("Content-ID", "<one@wake>")
        mail.attach(picture)
        keep(mail, now=NOW)

        page = runs_wake.get(reverse("mail_html", args=[KeptMail.objects.get().pk]))
        assert 'src="data:image/png;base64,iVBORw0K"' in page.content.decode()

    def test_without_html_is_shown_as_text_and_escaped(self, shop, runs_wake):
        keep(EmailMessage("A <b>", "Say <i>hi</i>", to=["a@x.test"]), now=NOW)

        page = runs_wake.get(reverse("mail", args=[KeptMail.objects.get().pk])).content.decode()
        assert "Say &lt;i&gt;hi&lt;/i&gt;" in page
        assert "<iframe" not in page

    def test_can_be_saved_for_a_mail_program(self, shop, runs_wake):
        keep(EmailMessage("Hello", "You", to=["a@x.test"]), now=NOW)

        answer = runs_wake.get(reverse("mail_file", args=[KeptMail.objects.get().pk]))
        assert answer["Content-Type"] == "message/rfc822"
        assert b"Subject: Hello" in answer.content

    def test_an_empty_page_says_how_to_get_one(self, shop, as_ada):
        assert "Send me a test" in as_ada.get("/mails/").content.decode()

    def test_the_list_needs_the_same_queries_however_many(
        self, shop, as_ada, django_assert_max_num_queries, settings
    ):
        settings.KEEP_MAILS = 50
        for number in range(30):
            mail = UnfoldedMail(f"Number {number}", "x", to=["a@x.test"])
            mail.project_id = shop.pk
            keep(mail, now=NOW)

        with django_assert_max_num_queries(8):
            as_ada.get("/mails/")
