import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.models import ApiKey
from common.errors import BadInput
from deployments.deliveries import keep_unreadable
from deployments.models import Webhook
from tests.factories import NOW, make_deployment

pytestmark = pytest.mark.django_db

PAGE = "/p/shop/settings/connect/"


def panel(client, address=f"{PAGE}arrival/"):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser").select_one("#arrival")


def words(tag):
    return " ".join(tag.get_text(" ").split())


class TestTheFirstShip:
    @pytest.mark.parametrize("address", [f"{PAGE}arrival/", PAGE, "/p/shop/"])
    def test_is_waited_for_by_a_panel_that_asks_by_itself(self, shop, as_ada, address):
        found = panel(as_ada, address)

        assert "Waiting for the first ship" in words(found)
        assert found["hx-get"] == f"{PAGE}arrival/"

    def test_turns_the_panel_green_and_ends_the_asking(self, shop, as_vic):
        ship = make_deployment(shop, "2.0.0")

        found = panel(as_vic)

        assert "The first ship has arrived: 2.0.0 in production" in words(found)
        assert found.select_one("a")["href"] == f"/p/shop/ships/{ship.pk}/"
        assert not found.get("hx-get")

    def test_is_not_waited_for_on_the_page_of_a_project_that_has_ships(self, shop, as_ada):
        make_deployment(shop)

        assert panel(as_ada, "/p/shop/") is None


class TestWhatCameInstead:
    def test_is_told_with_the_reason_when_it_could_not_be_read(self, shop, as_ada):
        keep_unreadable(
            project=shop, provider="api", body=b"{}", now=NOW,
            reason=BadInput("version", "<b> is missing.", "Send it."),
        )  # fmt: skip

        found = panel(as_ada)

        assert "but no ship yet: could not be read. version: <b> is missing. Send it." in words(
            found
        )
        assert found["hx-get"]

    def test_is_told_when_the_api_could_not_read_a_call(self, shop, api, as_ada):
        api.post("/api/v1/deployments/", "{}", content_type="application/json")

        assert "version: is missing" in words(panel(as_ada))

    def test_is_told_when_it_was_refused(self, shop, as_ada):
        webhook = Webhook.objects.create(project=shop, provider="github")
        answer = Client().post(
            f"/hooks/github/{webhook.key}/", "{}", content_type="application/json"
        )

        assert answer.status_code == 401
        assert "its signature is missing or wrong" in words(panel(as_ada))

    def test_of_another_project_is_not_told(self, shop, as_ada, cleo):
        make_deployment(cleo.projects.get(), "9.9.9")

        assert "9.9.9" not in words(panel(as_ada))


class TestAKeyForCi:
    def test_is_shown_once_in_a_call_that_can_be_run(self, shop, as_ada):
        page = as_ada.post(f"{PAGE}key/").content.decode()

        key = ApiKey.objects.get()
        assert key.scopes == ["deployments:write"]
        assert f"export WAKE_API_KEY={key.prefix}." in page
        assert f"{key.prefix}." not in as_ada.get(PAGE).content.decode()

    def test_is_for_owners(self, shop, as_ben):
        assert as_ben.post(f"{PAGE}key/").status_code == 403
        assert not ApiKey.objects.exists()
