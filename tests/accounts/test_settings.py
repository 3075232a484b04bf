import re

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client

from accounts.models import ApiKey, Membership, Project, Role, User
from tests.factories import make_key, make_project, make_user

PAGES = ["", "members/", "keys/"]


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def role_of(project, user):
    return Membership.objects.get(project=project, user=user).role


class TestWhoMay:
    @pytest.mark.parametrize("page", PAGES)
    def test_strangers_find_nothing(self, shop, as_cleo, page):
        assert as_cleo.get(f"/p/shop/settings/{page}").status_code == 404

    @pytest.mark.parametrize("page", PAGES)
    def test_owners_see_every_page(self, shop, as_ada, page):
        assert as_ada.get(f"/p/shop/settings/{page}").status_code == 200

    @pytest.mark.parametrize("page", ["members/", "keys/"])
    def test_others_are_told_which_role_it_needs(self, shop, as_ben, as_vic, page):
        for client in (as_ben, as_vic):
            response = client.get(f"/p/shop/settings/{page}")
            assert response.status_code == 403
            assert "Owner" in response.content.decode()

    def test_others_see_the_project_but_cannot_change_it(self, shop, as_ben):
        page = parse(as_ben.get("/p/shop/settings/"))

        assert "Only owners" in page.get_text()
        assert as_ben.post("/p/shop/settings/", {"name": "Mine"}).status_code == 403

    def test_viewers_are_not_led_where_they_may_not_go(self, shop, as_vic, as_ben):
        assert "/connect/" not in as_vic.get("/p/shop/settings/").content.decode()
        assert "/connect/" in as_ben.get("/p/shop/settings/").content.decode()

    def test_every_change_needs_the_token_of_a_form(self, shop, ada):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ada)

        for path in ("", "members/", "keys/", f"members/{ada.memberships.get().pk}/remove/"):
            assert client.post(f"/p/shop/settings/{path}").status_code == 403


class TestProject:
    def test_gets_a_name_and_a_time_zone(self, shop, as_ada):
        as_ada.post("/p/shop/settings/", {"name": "Corner shop", "timezone": "Europe/Berlin"})

        shop.refresh_from_db()
        assert (shop.name, shop.timezone, shop.slug) == ("Corner shop", "Europe/Berlin", "shop")

    def test_keeps_its_zone_when_there_is_no_such_one(self, shop, as_ada):
        response = as_ada.post("/p/shop/settings/", {"name": "Shop", "timezone": "Mars/Olympus"})

        assert parse(response).select(".errorlist")
        assert Project.objects.get(pk=shop.pk).timezone == "UTC"

    def test_keeps_its_name_in_the_head_of_the_page_when_the_new_one_is_refused(self, shop, as_ada):
        response = as_ada.post("/p/shop/settings/", {"name": "", "timezone": "UTC"})

        assert "Shop" in parse(response).select_one("title").get_text()


class TestMembers:
    def add(self, client, email, role=Role.MEMBER):
        return client.post("/p/shop/settings/members/", {"email": email, "role": role}, follow=True)

    def test_are_listed_by_name(self, shop, ben, vic, as_ada):
        page = parse(as_ada.get("/p/shop/settings/members/"))

        names = [cell.get_text(" ", strip=True) for cell in page.select("tbody th")]
        assert [name.split()[0] for name in names] == ["Ada", "Ben", "Vic"]

    def test_somebody_who_has_an_account_is_added(self, shop, as_ada):
        dora = make_user("dora@example.com", name="Dora")

        self.add(as_ada, "Dora@Example.com", Role.VIEWER)

        assert role_of(shop, dora) == Role.VIEWER
        assert mail.outbox == []

    def test_somebody_new_is_invited_and_can_choose_a_password(self, shop, as_ada):
        self.add(as_ada, "new@example.com")

        [letter] = mail.outbox
        assert letter.to == ["new@example.com"]
        assert "Ada" in letter.subject
        link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]
        client = Client()
        form = client.get(link, follow=True)
        words = "a long enough phrase 7"
        client.post(
            form.request["PATH_INFO"], {"password1": words, "password2": words}, follow=True
        )
        assert User.objects.get(email="new@example.com").check_password(words)

    def test_somebody_new_cannot_sign_in_before(self, shop, as_ada):
        self.add(as_ada, "new@example.com")

        assert not User.objects.get(email="new@example.com").has_usable_password()

    def test_somebody_who_never_came_is_invited_again(self, shop, as_ada):
        self.add(as_ada, "new@example.com")
        self.add(as_ada, "new@example.com")

        assert len(mail.outbox) == 2
        assert shop.memberships.filter(user__email="new@example.com").count() == 1

    def test_an_invitation_is_shown_where_mail_goes_nowhere(self, shop, as_ada, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

        page = parse(self.add(as_ada, "new@example.com"))

        assert "/accounts/password/reset/key/" in page.select_one(".notices").get_text()

    def test_an_invitation_of_somebody_known_is_never_shown(self, shop, as_ada, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        make_user("invited@example.com", password=None)

        page = parse(self.add(as_ada, "invited@example.com"))

        assert "/password/reset/key/" not in page.get_text()

    def test_a_mail_server_that_is_down_loses_nobody(self, shop, as_ada, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        page = parse(self.add(as_ada, "new@example.com"))

        assert "could not be sent" in page.get_text()
        assert shop.memberships.filter(user__email="new@example.com").exists()

    def test_a_member_who_is_added_again_keeps_the_role(self, shop, as_ada, ada):
        self.add(as_ada, "ada@example.com", Role.VIEWER)

        assert role_of(shop, ada) == Role.OWNER

    def test_a_line_break_in_a_name_cannot_forge_a_mail_header(self, shop, as_ada, ada):
        ada.name = "Ada\nBcc: all@example.com"
        ada.save()

        self.add(as_ada, "new@example.com")

        assert "\n" not in mail.outbox[0].subject

    def test_can_get_another_role(self, shop, as_ada, ben):
        pk = ben.memberships.get().pk

        as_ada.post(f"/p/shop/settings/members/{pk}/", {"role": "owner"})

        assert role_of(shop, ben) == Role.OWNER

    def test_keep_their_role_when_there_is_no_such_one(self, shop, as_ada, ben):
        pk = ben.memberships.get().pk

        as_ada.post(f"/p/shop/settings/members/{pk}/", {"role": "king"})

        assert role_of(shop, ben) == Role.MEMBER

    def test_can_be_removed(self, shop, as_ada, ben):
        as_ada.post(f"/p/shop/settings/members/{ben.memberships.get().pk}/remove/")

        assert not shop.memberships.filter(user=ben).exists()

    def test_the_last_owner_cannot_be_removed(self, shop, as_ada, ada):
        pk = ada.memberships.get().pk

        response = as_ada.post(f"/p/shop/settings/members/{pk}/remove/", follow=True)

        assert role_of(shop, ada) == Role.OWNER
        assert "needs an owner" in parse(response).get_text()

    def test_the_last_owner_cannot_step_down(self, shop, as_ada, ada):
        as_ada.post(f"/p/shop/settings/members/{ada.memberships.get().pk}/", {"role": "viewer"})

        assert role_of(shop, ada) == Role.OWNER

    def test_one_of_two_owners_may_leave(self, shop, as_ada, ada, ben):
        ben.memberships.update(role=Role.OWNER)

        response = as_ada.post(f"/p/shop/settings/members/{ada.memberships.get().pk}/remove/")

        assert response.url == "/"
        assert not shop.memberships.filter(user=ada).exists()

    def test_of_another_project_are_out_of_reach(self, shop, as_ada, cleo):
        pk = cleo.memberships.get().pk

        assert as_ada.post(f"/p/shop/settings/members/{pk}/remove/").status_code == 404
        assert as_ada.post(f"/p/shop/settings/members/{pk}/", {"role": "viewer"}).status_code == 404

    def test_are_not_removed_by_a_get(self, shop, as_ada, ben):
        pk = ben.memberships.get().pk

        assert as_ada.get(f"/p/shop/settings/members/{pk}/remove/").status_code == 405

    def test_cost_as_many_queries_for_thirty_as_for_one(
        self, shop, as_ada, django_assert_max_num_queries
    ):
        for _ in range(30):
            Membership.objects.create(project=shop, user=make_user())

        with django_assert_max_num_queries(10):
            as_ada.get("/p/shop/settings/members/")


class TestKeys:
    def make(self, client, **fields):
        fields = {"name": "CI", "scopes": ["deployments:write"], **fields}
        return client.post("/p/shop/settings/keys/", fields)

    def test_teach_what_they_are_for_when_there_are_none(self, shop, as_ada):
        assert "No keys yet" in parse(as_ada.get("/p/shop/settings/keys/")).get_text()

    def test_are_shown_once_and_work(self, shop, as_ada):
        text = parse(self.make(as_ada)).select_one(".notice .code").get_text(strip=True)

        assert ApiKey.objects.find(text).project == shop
        assert text not in as_ada.get("/p/shop/settings/keys/").content.decode()

    def test_may_do_only_what_was_chosen(self, shop, as_ada, ada):
        self.make(as_ada, scopes=["feedback:write", "read"])

        key = ApiKey.objects.get()
        assert (key.scopes, key.created_by) == (["feedback:write", "read"], ada)

    @pytest.mark.parametrize("fields", [{"scopes": []}, {"scopes": ["all"]}, {"name": ""}])
    def test_are_not_made_of_nonsense(self, shop, as_ada, fields):
        response = self.make(as_ada, **fields)

        assert parse(response).select(".errorlist")
        assert not ApiKey.objects.exists()

    def test_are_kept_out_of_caches(self, shop, as_ada):
        assert "no-store" in self.make(as_ada)["Cache-Control"]

    def test_are_refused_once_revoked(self, shop, as_ada):
        text = make_key(shop)

        as_ada.post(f"/p/shop/settings/keys/{ApiKey.objects.get().prefix}/revoke/")

        with pytest.raises(ApiKey.DoesNotExist):
            ApiKey.objects.find(text)
        assert "Revoked" in parse(as_ada.get("/p/shop/settings/keys/")).get_text()

    def test_of_another_project_are_out_of_reach(self, shop, as_ada):
        make_key(make_project("Elsewhere"))

        prefix = ApiKey.objects.get().prefix

        assert as_ada.post(f"/p/shop/settings/keys/{prefix}/revoke/").status_code == 404
        assert prefix not in as_ada.get("/p/shop/settings/keys/").content.decode()

    def test_are_not_revoked_by_members_or_by_a_get(self, shop, as_ben, as_ada):
        make_key(shop)
        path = f"/p/shop/settings/keys/{ApiKey.objects.get().prefix}/revoke/"

        assert as_ben.post(path).status_code == 403
        assert as_ada.get(path).status_code == 405

    def test_cost_as_many_queries_for_thirty_as_for_one(
        self, shop, as_ada, django_assert_max_num_queries
    ):
        for _ in range(30):
            make_key(shop)

        with django_assert_max_num_queries(10):
            as_ada.get("/p/shop/settings/keys/")
