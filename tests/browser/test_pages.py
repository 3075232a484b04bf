import pytest
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from feedback.connections import Filled, make_connection
from feedback.connectors.registry import CONNECTORS
from learning.models import Learning
from tests.factories import NOW, make_feedback

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "project",
    "deployments",
    "inbox",
    "import_feedback",
    "metrics",
    "learnings",
    "digest_preview",
    "digest_archive",
    "digest_channels",
    "digest_channel_new",
    "settings",
    "settings_connect",
    "settings_connections",
    "themes",
    "erasures",
    "findings",
    "how_often_right",
)


def all_pages(shop, deployment):
    yield from (reverse(name, args=[shop.slug]) for name in PAGES)
    yield reverse("deployment", args=[shop.slug, deployment.pk])
    yield reverse("metric", args=[shop.slug, "checkout_conversion"])
    yield reverse("learning", args=[shop.slug, Learning.objects.get().pk])
    said = make_feedback(shop, text="Wortwörtlich" * 20, customer="robin@example.com")
    yield reverse("feedback_item", args=[shop.slug, said.pk])
    yield reverse("customer", args=[shop.slug, said.customer_id])
    for kind, connector in CONNECTORS.items():
        yield reverse("settings_connection_new", args=[shop.slug]) + f"?kind={kind}"
        place, _ = make_connection(
            shop, connector, Filled(f"{connector.label} {'long' * 20}"), by=None, now=NOW
        )
        yield reverse("settings_connection", args=[shop.slug, place.pk])
        yield reverse("settings_connection_change", args=[shop.slug, place.pk])
        if kind == "widget":
            yield reverse("form-page", args=[place.key])
            yield reverse("form-page-thanks", args=[place.key])
        if connector.read:
            yield reverse("settings_calls", args=[shop.slug, place.pk])


class TestSigningIn:
    def test_leads_to_the_only_project_one_has(self, browser, shop):
        browser.sign_in("ada@example.com")

        assert browser.soon(lambda: browser.text("h1")) == "Shop"

    def test_says_so_when_the_password_is_wrong(self, browser, shop):
        browser.sign_in("ada@example.com", "wrong password")

        assert browser.soon(lambda: "not correct" in browser.text("main"))


class TestEveryPage:
    @pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
    def test_fits_its_screen_and_breaks_no_rule_of_the_content_policy(
        self, browser, shop, lively_shop, width, scheme
    ):
        browser.sign_in("ada@example.com")
        browser.look(width=width, scheme=scheme)

        for page in all_pages(shop, lively_shop):
            browser.visit(page)
            assert browser.run("return document.documentElement.scrollWidth") <= width, page
            assert browser.complaints() == [], page
            assert browser.run("return window.broken === undefined"), page

    def test_can_be_entered_by_keyboard(self, browser, shop):
        browser.sign_in("ada@example.com")

        browser.find("body").send_keys(Keys.TAB)

        assert browser.driver.switch_to.active_element.text == "Skip to the content"

    def test_of_an_empty_project_says_what_fills_it(self, browser, shop):
        browser.sign_in("ada@example.com")

        assert "curl" in browser.text("main")


class TestTheShipsPage:
    def test_draws_the_chart_of_its_metric(self, browser, shop, lively_shop):
        browser.sign_in("ben@example.com")
        browser.visit(reverse("deployment", args=[shop.slug, lively_shop.pk]))

        drawn = "return Object.values(Chart.instances).map(c => c.data.datasets[0].data.length)"
        assert browser.soon(lambda: browser.run(drawn))[0] > 24

    def test_says_the_verdict_and_shows_customers_words(self, browser, shop, lively_shop):
        browser.sign_in("ben@example.com")
        browser.visit(reverse("deployment", args=[shop.slug, lively_shop.pk]))

        words = browser.text("main")
        assert "Supported" in words
        assert "The address form is shorter now" in words


class TestConfirmingALearning:
    def test_takes_one_click_and_no_new_page(self, browser, shop, lively_shop):
        learning = Learning.objects.get()
        browser.sign_in("ben@example.com")
        browser.visit(reverse("learning", args=[shop.slug, learning.pk]))
        browser.run("window.stillHere = true")

        browser.find("#id_takeaway").send_keys("Ask for less.")
        browser.find("#editor [name=confirm]").click()

        browser.soon(lambda: "Confirmed by Ben" in browser.text("#editor"))
        learning.refresh_from_db()
        assert (learning.state, learning.takeaway) == ("confirmed", "Ask for less.")
        assert browser.run("return window.stillHere")


class TestTheInbox:
    def test_finds_while_one_types(self, browser, shop, lively_shop):
        browser.sign_in("ada@example.com")
        browser.visit(reverse("inbox", args=[shop.slug]))

        browser.find("[name=q]").send_keys("number 7")

        browser.soon(lambda: "number 8" not in browser.text("#list"))
        assert "number 7" in browser.text("#list")


class TestConnectingAPlace:
    def test_is_done_by_keyboard_alone_and_ends_at_the_snippet(self, browser, shop):
        browser.sign_in("ada@example.com")
        browser.visit(reverse("settings_connection_new", args=[shop.slug]) + "?kind=widget")

        name = browser.find("[name=name]")
        name.clear()
        name.send_keys("Button in the shop", Keys.ENTER)

        browser.soon(lambda: "data-key=" in browser.text("main"))
        assert shop.connections.get().name == "Button in the shop"
        assert browser.complaints() == []


class TestTheApisPage:
    def test_shows_its_operations_under_the_strict_content_policy(self, browser, shop):
        browser.visit("/api/docs/")

        browser.soon(lambda: "/api/v1/deployments/" in browser.text())
        assert browser.complaints() == []
