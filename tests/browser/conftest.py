"""A real Chromium, one for all tests, and a shop with a bit of everything to look at."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from deployments.models import Checkup
from deployments.ship import Expectation
from learning.checkup import perform_checkup
from tests.factories import make_deployment, make_feedback, make_metric, make_samples

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# What Chromium says of forms where one signs in. A token of another tool is no sign-in.
ADVICE = ("[DOM] Password forms should have", "[DOM] Multiple forms should be contained")


class Browser:
    """Chromium as a person uses it: visits, signs in, and complains about what went wrong."""

    def __init__(self, driver: webdriver.Chrome, base: str) -> None:
        self.driver, self.base = driver, base

    def visit(self, path: str) -> None:
        self.driver.get(self.base + path)

    def sign_in(self, email: str, password: str = "correct horse battery") -> None:
        self.visit("/accounts/login/")
        self.find("[name=login]").send_keys(email)
        self.find("[name=password]").send_keys(password)
        self.run("window.asked = true")
        self.find("main form button").click()
        # The answer is a new page, which knows nothing of what was noted on the old one.
        self.soon(lambda: self.run("return !window.asked && document.readyState === 'complete'"))

    def soon(self, condition: Callable[[], Any]) -> Any:
        """Wait until `condition` holds: a page that fills itself in takes a moment."""
        # Between two pages the browser may know of neither.
        wait = WebDriverWait(self.driver, 20, ignored_exceptions=[WebDriverException])
        return wait.until(lambda _: condition())

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str = "body") -> str:
        # Asked of the page at once: between two questions htmx may have put another in its place.
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return self.driver.execute_script(script, selector)

    def look(self, *, width: int, scheme: str) -> None:
        """Be a screen of that width, in the light or the dark."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def run(self, script: str):
        return self.driver.execute_script(script)

    def complaints(self) -> list[str]:
        """What the console said since it was last asked, such as a refused inline script."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        return [one for one in said if not any(advice in one for advice in ADVICE)]


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and CHROMEDRIVER):
        pytest.skip("SKIPPED: browser tests need chromium and chromedriver, and they are not here")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tempfile.mkdtemp(prefix="wake-browser-")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def browser(chromium, live_server, settings) -> Iterator[Browser]:
    settings.BASE_URL = live_server.url
    browser = Browser(chromium, live_server.url)
    browser.look(width=1280, scheme="light")
    yield browser
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.complaints()


@pytest.fixture
def lively_shop(shop, ben):
    """The shop with a bet that came true, customers' words, and a learning to confirm."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    shipped_at = now - timedelta(days=9)
    metric = make_metric(shop)
    hours = np.arange(37 * 24)
    values = 100 * (1 + 0.3 * np.sin(hours * 2 * np.pi / 24))
    values *= 1 + np.random.default_rng(3).normal(0, 0.02, hours.size)
    values[28 * 24 :] *= 1.2
    make_samples(metric, shipped_at - timedelta(days=28), [float(value) for value in values])
    deployment = make_deployment(
        shop,
        "2.4.0",
        title="Shorter address form",
        shipped_at=shipped_at,
        by="ben@example.com",
        expectation=Expectation("checkout_conversion", "up", 0.05),
        now=now,
    )
    for number in range(12):
        make_feedback(
            shop,
            f"The address form is shorter now, number {number}",
            version="2.4.0",
            rating=1 + number % 5,
            created_at=shipped_at + timedelta(hours=number + 1),
            now=now,
        )
    make_feedback(shop, "<script>window.broken = true</script> הכול בסדר 👍", now=now)
    for checkup in Checkup.objects.due(now).order_by("due_at"):
        perform_checkup(checkup, now=now)
    return deployment
