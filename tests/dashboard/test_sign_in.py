"""Signing in and out, and the pages for when something is wrong."""

import pytest
from django.core import mail

from tests.factories import make_user


class TestSigningIn:
    def test_leads_to_the_project(self, shop, client):
        answer = client.post(
            "/accounts/login/", {"login": "ada@example.com", "password": "correct horse battery"}
        )

        assert answer.url == "/"

    def test_tells_a_wrong_password_beside_the_form(self, shop, client, bs):
        answer = client.post(
            "/accounts/login/", {"login": "ada@example.com", "password": "wrong horse battery"}
        )

        assert answer.status_code == 200
        assert bs(answer).select_one("[role=alert] .errorlist")

    def test_is_offered_without_a_session(self, db, client):
        assert client.get("/accounts/login/").status_code == 200

    def test_ends_with_one_click(self, shop, as_ada):
        as_ada.post("/accounts/logout/")

        assert as_ada.get("/p/shop/").status_code == 302


def test_sign_up_says_that_it_is_closed(db, client):
    assert b"Sign-up is closed" in client.get("/accounts/signup/").content


def test_a_forgotten_password_is_reset_by_mail(db, client):
    make_user("ada@example.com")

    answer = client.post("/accounts/password/reset/", {"email": "ada@example.com"}, follow=True)

    assert b"Look at your mail" in answer.content
    (sent,) = mail.outbox
    path = next(word for word in sent.body.split() if "/accounts/password/reset/key/" in word)
    page = client.get(path.split("testserver", 1)[1], follow=True)
    assert b"Choose a new password" in page.content


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/logout/"])
def test_the_pages_of_an_account_open(as_ada, path):
    assert as_ada.get(path).status_code == 200


def test_a_page_that_is_not_there_says_so_in_the_house_style(as_ada, bs):
    answer = as_ada.get("/nowhere/")

    assert answer.status_code == 404
    assert bs(answer).h1.get_text() == "There is nothing here"


def test_a_role_that_is_too_low_is_named(shop, as_vic):
    answer = as_vic.post("/p/shop/metrics/x/", {})

    assert answer.status_code == 403
    assert "This needs the role “Member”" in answer.content.decode()


def test_pages_may_run_nothing_but_our_own_files(as_ada, shop):
    policy = as_ada.get("/p/shop/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
