"""The widget on a page of somebody else's: another origin, under the strictest content policy."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from feedback.models import Connection, FeedbackItem
from tests.factories import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POLICY = (
    "default-src 'none'; script-src {wake}; connect-src {wake}; style-src 'none'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="{lang}" dir="{direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title></head>
<body><h1>A shop</h1><p><a href="/other">Another page</a></p>
<button data-wake-open>Tell us</button>
<script src="{wake}/widget.js" {attributes} defer></script></body></html>"""


class ForeignSite:
    """A web server of its own, with pages that carry the widget and a policy of their own."""

    def __init__(self, wake: str, key: str) -> None:
        self.wake, self.lang, self.direction, self.policy = wake, "en", "ltr", POLICY
        self.attributes = f'data-key="{key}" data-version="1.4.0"'
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = site.page().encode() if "favicon" not in self.path else b""
                self.send_response(200 if body else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", site.policy.format(wake=site.wake))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self) -> str:
        return PAGE.format(
            wake=self.wake, lang=self.lang, direction=self.direction, attributes=self.attributes
        )


@pytest.fixture
def widget(shop):
    return Connection.objects.create(project=shop, kind="widget", name="Widget", created_at=NOW)


@pytest.fixture
def site(browser, live_server, widget):
    site = ForeignSite(live_server.url, widget.key)
    widget.options = {"origins": site.url}
    widget.save()
    yield site
    offline(browser, False)
    browser.run("localStorage.clear()")
    browser.driver.get("about:blank")
    site.server.shutdown()
    site.server.server_close()


def offline(browser, is_offline):
    browser.driver.execute_cdp_cmd("Network.enable", {})
    conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions", {"offline": is_offline, **conditions}
    )


SHADOW = "const shadow = document.querySelector('wake-feedback')?.shadowRoot; "


def ask(browser, script):
    """Run a script that may use `shadow`, the widget's own tree."""
    return browser.run(SHADOW + script)


def visit(browser, site, path="/checkout?token=s3cret#top"):
    browser.driver.get(site.url + path)
    browser.soon(lambda: browser.run("return Boolean(window.Wake)"))


def press(browser, *keys):
    ActionChains(browser.driver).send_keys(*keys).perform()


def open_dialog(browser):
    ask(browser, "shadow.querySelector('.open').click()")
    browser.soon(lambda: ask(browser, "return shadow.querySelector('dialog')?.open"))


def write(browser, text):
    open_dialog(browser)
    press(browser, text)
    ask(browser, "shadow.querySelector('[type=submit]').click()")


def outcome(browser):
    """Wait until the widget says what became of the message, and return what it says."""
    shown = "return shadow.querySelector('.done')?.checkVisibility() && "
    return browser.soon(lambda: ask(browser, shown + "shadow.querySelector('#outcome').innerText"))


def waiting(browser):
    return browser.run(
        "return Object.keys(localStorage).flatMap((k) => JSON.parse(localStorage[k])).length"
    )


class TestOnAForeignPageUnderAStrictPolicy:
    def test_it_is_drawn_without_a_complaint(self, browser, site):
        visit(browser, site)
        open_dialog(browser)

        assert ask(browser, "return getComputedStyle(shadow.querySelector('.open')).position") == (
            "fixed"
        )
        assert browser.complaints() == []

    def test_the_keyboard_alone_sends_a_message_with_page_and_version(self, browser, site, shop):
        visit(browser, site)
        focused = "return shadow.activeElement?.className || ''"
        for _ in range(5):
            press(browser, Keys.TAB)
            if "open" in ask(browser, focused):
                break
        press(browser, Keys.ENTER)
        browser.soon(lambda: ask(browser, "return shadow.activeElement?.id === 'text'"))
        press(browser, "The address form loses my street")
        press(browser, Keys.TAB, Keys.ARROW_RIGHT)  # the first of the five, then the second
        press(browser, Keys.TAB, "dora@example.com")
        press(browser, Keys.TAB, Keys.ENTER)

        assert outcome(browser) == "Your message has arrived."
        item = FeedbackItem.objects.get(project=shop)
        assert (item.text, item.rating) == ("The address form loses my street", 2)
        assert (item.url, item.version) == (site.url + "/checkout", "1.4.0")
        assert item.customer.email == "dora@example.com"
        assert item.extra["language"] == "en"
        assert browser.complaints() == []

    def test_escape_closes_it_keeps_the_words_and_gives_the_focus_back(self, browser, site):
        visit(browser, site)
        ask(browser, "shadow.querySelector('.open').focus()")
        open_dialog(browser)
        press(browser, "Half a thought")
        press(browser, Keys.ESCAPE)

        assert browser.soon(lambda: ask(browser, "return !shadow.querySelector('dialog').open"))
        assert "open" in ask(browser, "return shadow.activeElement.className")
        open_dialog(browser)
        assert ask(browser, "return shadow.querySelector('#text').value") == "Half a thought"

    def test_the_focus_stays_in_the_dialog(self, browser, site):
        visit(browser, site)
        open_dialog(browser)
        for _ in range(9):
            press(browser, Keys.TAB)
            # Between the last and the first the browser's own controls have their turn.
            assert browser.run("return document.activeElement.localName") in (
                "wake-feedback",
                "body",
            )

    def test_a_button_of_the_page_opens_it_too(self, browser, site):
        visit(browser, site)
        browser.find("[data-wake-open]").click()

        assert browser.soon(lambda: ask(browser, "return shadow.querySelector('dialog')?.open"))

    def test_nothing_is_asked_of_wake_until_somebody_comes_near(self, browser, site):
        visit(browser, site)
        calls = "return performance.getEntriesByType('resource').map((r) => r.name)"

        asked = [url for url in browser.run(calls) if url.startswith(site.wake)]
        assert asked == [site.wake + "/widget.js"]
        assert browser.run("return document.cookie") == ""

    def test_nothing_at_all_is_no_message(self, browser, site):
        visit(browser, site)
        write(browser, "")

        problem = "return shadow.querySelector('[role=alert]').innerText"
        assert browser.soon(lambda: ask(browser, problem)) == (
            "Write something, or choose a rating."
        )
        assert ask(browser, "return shadow.activeElement.getAttribute('aria-invalid')") == "true"

    def test_a_rating_can_be_taken_back(self, browser, site):
        visit(browser, site)
        open_dialog(browser)
        chosen = "return shadow.querySelector('input:checked')?.value ?? null"
        press(browser, Keys.TAB, Keys.SPACE)
        assert ask(browser, chosen) == "1"
        press(browser, Keys.SPACE)

        assert ask(browser, chosen) is None

    def test_the_teams_own_question_is_asked(self, browser, site, widget):
        widget.options = {**widget.options, "question": "How was the checkout?", "rating": "no"}
        widget.save()
        visit(browser, site)
        open_dialog(browser)

        title = "return shadow.querySelector('h2').innerText"
        assert browser.soon(lambda: ask(browser, title)) == "How was the checkout?"
        assert ask(browser, "return shadow.querySelector('fieldset').hidden")

    def test_words_that_look_like_code_stay_words(self, browser, site, widget):
        widget.options = {**widget.options, "question": "<img src=x onerror=alert(1)>"}
        widget.save()
        visit(browser, site)
        open_dialog(browser)

        assert ask(browser, "return shadow.querySelectorAll('img').length") == 0
        assert browser.complaints() == []


class TestOffline:
    def test_a_message_waits_and_is_sent_once(self, browser, site, shop):
        visit(browser, site)
        offline(browser, True)
        write(browser, "Written in a tunnel")

        assert "kept in this browser" in outcome(browser)
        assert (waiting(browser), FeedbackItem.objects.count()) == (1, 0)
        offline(browser, False)
        browser.soon(lambda: waiting(browser) == 0)
        visit(browser, site, "/other")
        assert FeedbackItem.objects.get(project=shop).text == "Written in a tunnel"

    def test_a_message_is_sent_by_the_next_page(self, browser, site, shop):
        visit(browser, site)
        offline(browser, True)
        write(browser, "Written in a tunnel")
        outcome(browser)
        offline(browser, False)
        visit(browser, site, "/other")

        browser.soon(lambda: waiting(browser) == 0)
        item = FeedbackItem.objects.get(project=shop)
        assert item.url == site.url + "/checkout"

    def test_two_tabs_store_it_once(self, browser, site, shop):
        visit(browser, site)
        first = browser.driver.current_window_handle
        offline(browser, True)
        write(browser, "Written in a tunnel")
        outcome(browser)
        kept = browser.run("return JSON.stringify({...localStorage})")
        offline(browser, False)
        browser.soon(lambda: waiting(browser) == 0)
        # As if the browser had died before it could note that the message was sent.
        script = "Object.entries(JSON.parse(arguments[0])).forEach(([k, v]) => localStorage[k] = v)"
        browser.driver.execute_script(script, kept)
        browser.driver.switch_to.new_window("tab")
        visit(browser, site, "/other")
        browser.soon(lambda: waiting(browser) == 0)
        browser.driver.close()
        browser.driver.switch_to.window(first)

        assert FeedbackItem.objects.filter(project=shop).count() == 1

    def test_a_site_that_is_not_listed_is_not_told_that_it_arrived(self, browser, site, widget):
        widget.options = {"origins": "https://elsewhere.example"}
        widget.save()
        visit(browser, site)
        write(browser, "Can you hear me?")

        assert "could not be sent yet" in outcome(browser)
        assert FeedbackItem.objects.count() == 0
        browser.complaints()

    def test_too_many_are_told_to_wait_and_nothing_is_lost(self, browser, site, monkeypatch):
        monkeypatch.setattr("feedback.messages.MOST_OF_A_PLACE", 0)
        visit(browser, site)
        write(browser, "One too many")

        assert "Many messages came from here" in outcome(browser)
        assert waiting(browser) == 1
        later = "return JSON.parse(Object.values(localStorage)[0])[0].notBefore > Date.now()"
        assert browser.run(later)
        browser.complaints()


CONTRAST = """
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
const ground = (node) => {
  for (let n = node; n instanceof Element; n = n.parentElement) {
    const colour = rgb(getComputedStyle(n).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
return [...shadow.querySelectorAll('*')]
  .filter((n) => n.checkVisibility() && !n.closest('.v') && n.localName !== 'style')
  .filter((n) => [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim()))
  .map((n) => {
    const [a, b] = [light(rgb(getComputedStyle(n).color)), light(ground(n))].sort((x, y) => y - x);
    return [n.innerText.slice(0, 30), (a + 0.05) / (b + 0.05)];
  }).filter(([, ratio]) => ratio < 4.5)
"""
SMALL = """
return [...shadow.querySelectorAll('button, textarea, input')]
  .filter((n) => n.checkVisibility() && !n.closest('.v'))
  .map((n) => [n.className || n.id || n.value, n.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)
"""
NAMED = {"button", "textbox", "radio", "dialog", "group"}


def said_aloud(browser):
    """Return (role, name) of what a screen reader meets, without what it is not shown."""
    browser.driver.execute_cdp_cmd("Accessibility.enable", {})
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"] and node.get("role")
    ]


class TestForEverybody:
    def test_everything_has_its_role_and_its_name(self, browser, site):
        visit(browser, site)
        open_dialog(browser)
        heard = said_aloud(browser)

        assert ("dialog", "What would you like to tell us?") in heard
        assert ("textbox", "Your message") in heard
        assert ("textbox", "Mail address (optional)") in heard
        assert ("group", "How do you like it? (optional)") in heard
        radios = [name for role, name in heard if role == "radio"]
        assert radios == ["1 / 5, Not at all", "2 / 5", "3 / 5", "4 / 5", "5 / 5, Very much"]
        assert [one for one in heard if one[0] in NAMED and not one[1]] == []
        # The page beneath, and the field for robots, are not there for anybody.
        assert ("button", "Tell us") not in heard
        assert not [name for role, name in heard if role == "textbox" and "ebsite" in name]

    def test_what_became_of_it_is_announced(self, browser, site):
        visit(browser, site)
        write(browser, "It works")
        outcome(browser)

        live = "return shadow.querySelector('[role=status]').textContent"
        assert ask(browser, live) == "Your message has arrived."
        assert ask(browser, "return shadow.activeElement.innerText") == "Thank you"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1280, 390, 320])
    def test_it_fits_can_be_touched_and_can_be_read(self, browser, site, width, scheme):
        browser.look(width=width, scheme=scheme)
        visit(browser, site)
        write(browser, "")

        assert ask(browser, CONTRAST) == []
        assert ask(browser, SMALL) == []
        box = ask(browser, "return shadow.querySelector('dialog').getBoundingClientRect().toJSON()")
        assert box["left"] >= 0
        assert box["right"] <= width
        assert browser.run("return document.documentElement.scrollWidth") <= width

    @pytest.mark.parametrize("colour", ["#7a2e8e", "#ffd400", "#000000", "#808080"])
    def test_a_colour_of_the_teams_own_can_be_read(self, browser, site, colour):
        site.attributes += f' data-color="{colour}"'
        visit(browser, site)
        open_dialog(browser)

        assert ask(browser, CONTRAST) == []

    def test_it_speaks_the_pages_language(self, browser, site):
        site.lang = "de-AT"
        visit(browser, site)
        open_dialog(browser)

        assert ask(browser, "return shadow.querySelector('h2').innerText") == (
            "Was möchten Sie uns sagen?"
        )
        assert ask(browser, "return shadow.querySelector('.w').lang") == "de"

    def test_it_is_written_from_right_to_left_where_people_read_so(self, browser, site):
        site.lang, site.direction = "ar", "rtl"
        visit(browser, site)

        left = "return shadow.querySelector('.open').getBoundingClientRect().left"
        assert ask(browser, left) == 16
        open_dialog(browser)
        direction = "return getComputedStyle(shadow.querySelector('#text')).direction"
        assert ask(browser, direction) == "rtl"

    def test_the_pages_own_words_win(self, browser, site):
        site.attributes += ' data-text-button="Say it" data-text-bad-mail="Hm?" data-lang="en-GB"'
        visit(browser, site)

        assert ask(browser, "return shadow.querySelector('.open').innerText") == "Say it"

    def test_nothing_moves_for_those_who_asked_for_that(self, browser, site):
        features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        visit(browser, site)
        open_dialog(browser)

        moving = "return getComputedStyle(shadow.querySelector('dialog')).animationName"
        assert ask(browser, moving) == "none"


class TestFromThePagesOwnScripts:
    def call(self, browser, script):
        browser.driver.set_script_timeout(20)
        return browser.driver.execute_async_script(
            f"const done = arguments[0]; {script}.then(done, (e) => done('refused: ' + e.message))"
        )

    def test_a_message_is_sent(self, browser, site, shop):
        visit(browser, site)
        browser.run("Wake.identify({id: 'u-1', name: 'Dora'})")

        assert self.call(browser, "Wake.send({text: 'By hand', rating: 5, area: 'Map'})") == "sent"
        item = FeedbackItem.objects.get(project=shop)
        assert (item.text, item.rating, item.area) == ("By hand", 5, "Map")
        assert (item.customer.external_id, item.customer.name) == ("u-1", "Dora")

    def test_a_message_that_cannot_be_taken_is_told_why(self, browser, site):
        visit(browser, site)

        assert "not from 1 to 5" in self.call(browser, "Wake.send({text: 'By hand', rating: 9})")
        assert waiting(browser) == 0
        browser.complaints()


class TestTheFormPage:
    @pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
    def test_works_with_scripts_switched_off(self, browser, widget, shop, width, scheme):
        switch = "Emulation.setScriptExecutionDisabled"
        browser.look(width=width, scheme=scheme)
        browser.driver.execute_cdp_cmd(switch, {"value": True})
        try:
            browser.visit(f"/f/{widget.key}/?version=1.4.0&page=https://shop.example/pay?x=1")
            browser.find("[name=text]").send_keys("Where is my order?")
            browser.find("[name=rating][value='4']").click()
            browser.find("main button").click()
            browser.soon(lambda: "/thanks/" in browser.driver.current_url)
        finally:
            browser.driver.execute_cdp_cmd(switch, {"value": False})

        assert browser.find("h1").text == "Thank you"
        item = FeedbackItem.objects.get(project=shop)
        assert (item.rating, item.version, item.url) == (4, "1.4.0", "https://shop.example/pay")
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert browser.complaints() == []
        assert browser.driver.get_cookies() == []
