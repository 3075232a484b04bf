"""Events from a page of somebody else's: another origin, under a strict content policy."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.known_keys import forget_known_keys
from accounts.models import Scope
from dashboard.event_snippets import event_snippets
from engagement.counting import count_now
from engagement.models import Event
from tests.factories import make_key

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src {wake}; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
{scripts}</head><body><h1>A shop</h1></body></html>"""
LIBRARY = Path("@segment/analytics-next/dist/umd/index.js")


class ForeignShop:
    """A web server of its own, whose pages load the scripts that a test gave it."""

    def __init__(self, wake: str) -> None:
        self.scripts: dict[str, str] = {}
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.partition("?")[0].strip("/")
                kind = "text/javascript" if name in shop.scripts else "text/html; charset=utf-8"
                body = shop.scripts.get(name, shop.page()).encode()
                self.send_response(204 if "favicon" in name else 200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", "0" if "favicon" in name else str(len(body)))
                self.send_header("Content-Security-Policy", POLICY.format(wake=wake))
                self.end_headers()
                if "favicon" not in name:
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A machine's two names are two sites: Wake is at the other one.
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self) -> str:
        tags = "".join(f'<script src="/{name}" defer></script>' for name in self.scripts)
        return PAGE.format(scripts=tags)


@pytest.fixture(autouse=True)
def no_key_is_known():
    forget_known_keys()


@pytest.fixture
def site(browser, live_server):
    site = ForeignShop(live_server.url)
    yield site
    browser.driver.get("about:blank")
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def key(shop) -> str:
    return make_key(shop, Scope.EVENTS_WRITE)


def snippet(live_server, key: str, name: str) -> str:
    return next(one.text for one in event_snippets(live_server.url, key) if one.name == name)


def arrived(browser, number: int = 1) -> list[Event]:
    browser.soon(lambda: Event.objects.count() >= number)
    return list(Event.objects.order_by("occurred_at", "pk"))


def tell(browser, path: str, body: str, **headers: str) -> list:
    """Post from the foreign page, and return the status and the text that the page may read."""
    script = (
        "const [url, body, headers, done] = arguments; fetch(url, {method: 'POST', body, headers})"
        ".then(async (r) => done([r.status, await r.text()]), (why) => done([0, String(why)]))"
    )
    return browser.driver.execute_async_script(script, browser.base + path, body, headers)


class TestAPageWithoutALibrary:
    def test_has_what_its_visitor_did_on_the_page_events(self, browser, site, shop, ada):
        browser.sign_in("ada@example.com")
        browser.visit(reverse("settings_events", args=[shop.slug]))
        make = f"form[action='{reverse('settings_events_key', args=[shop.slug])}'] button"
        browser.find(make).click()
        browser.soon(lambda: "Copy the key now" in browser.text())
        wanted = next(
            one
            for one in browser.driver.find_elements(By.CSS_SELECTOR, "details.snippet")
            if one.find_element(By.TAG_NAME, "summary").text == "Web page"
        )
        code = wanted.find_element(By.TAG_NAME, "pre").get_attribute("textContent")
        site.scripts = {"shop.js": code}
        browser.complaints()

        browser.driver.get(f"{site.url}/checkout?token=s3cret")
        [event] = arrived(browser)

        assert (event.name, event.version, event.environment) == (
            "Checked Out",
            "2.4.0",
            "production",
        )
        assert event.properties == {"total": 31.5, "path": "/checkout"}
        assert browser.complaints() == []
        count_now(shop, now=timezone.now())
        browser.visit(reverse("settings_events", args=[shop.slug]))
        row = next(
            one.text
            for one in browser.driver.find_elements(By.CSS_SELECTOR, "tbody tr")
            if "Checked Out" in one.text
        )
        assert "1" in row.split()

    def test_knows_its_visitor_again(self, browser, site, live_server, key):
        site.scripts = {"shop.js": snippet(live_server, key, "Web page")}

        browser.driver.get(site.url)
        arrived(browser, 1)
        browser.driver.get(f"{site.url}/again")

        first, second = arrived(browser, 2)
        assert first.anonymous_id == second.anonymous_id != ""

    def test_tells_of_somebody_who_leaves_at_once(self, browser, site, live_server, key):
        leaving = "addEventListener('pagehide', () => track('Left'))"
        site.scripts = {"shop.js": snippet(live_server, key, "Web page"), "leaving.js": leaving}
        browser.driver.get(site.url)
        arrived(browser, 1)

        browser.driver.get("about:blank")

        assert {one.name for one in arrived(browser, 2)} == {"Checked Out", "Left"}


class TestAForeignPage:
    EVENT = json.dumps({"userId": "u-97", "event": "Opened", "messageId": "one"})

    def test_may_send_json_with_a_key_in_a_header_and_read_the_answer(self, browser, site, key):
        browser.driver.get(site.url)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

        answers = [tell(browser, "/v1/track", self.EVENT, **headers) for _ in range(2)]

        assert answers == [[200, '{"success": true}']] * 2
        assert Event.objects.count() == 1

    def test_may_read_why_it_is_refused(self, browser, site):
        browser.driver.get(site.url)

        status, said = tell(browser, "/v1/track", self.EVENT)

        assert status == 401
        assert json.loads(said)["code"] == "invalid_write_key"

    @pytest.mark.parametrize("path", ["/v1/metrics", "/api/v1/metrics/samples/"])
    def test_may_call_nothing_else(self, browser, site, shop, path):
        every = make_key(shop, Scope.METRICS_WRITE)
        browser.driver.get(site.url)
        headers = {"Authorization": f"Bearer {every}", "Content-Type": "application/json"}

        status, said = tell(browser, path, "{}", **headers)

        assert (status, "TypeError" in said) == (0, True)


class TestTheLibraryOfSegment:
    """@segment/analytics-next as it is published, set up by the snippet that Wake shows."""

    def test_sends_a_page_and_an_event(self, browser, site, live_server, key):
        modules = os.environ.get("WAKE_NODE_MODULES", "")
        library = Path(modules) / LIBRARY
        if not library.exists():
            pytest.skip("Set WAKE_NODE_MODULES to where @segment/analytics-next is installed.")
        code = snippet(live_server, key, "Browser").replace(
            'import { AnalyticsBrowser } from "@segment/analytics-next"',
            "const { AnalyticsBrowser } = window.AnalyticsNext",
        )
        assert "import" not in code
        site.scripts = {"library.js": library.read_text(), "shop.js": code}

        browser.driver.get(f"{site.url}/checkout")
        events = arrived(browser, 2)

        assert {one.name for one in events} == {"Loaded a Page", "Checked Out"}
        bought = next(one for one in events if one.name == "Checked Out")
        assert (bought.version, bought.properties["total"]) == ("2.4.0", 31.5)
        assert events[0].anonymous_id == events[1].anonymous_id != ""
        assert browser.complaints() == []
