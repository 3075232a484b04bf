import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from dashboard.chart_png import THEMES, chart_png
from dashboard.charts import alt_text, history_chart
from dashboard.reads.charts import chart_of
from learning.estimating import estimate_checkup
from learning.models import ImpactEstimate
from tests.factories import NOW, make_deployment, make_metric, make_samples

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SHIPPED_AT = NOW - WEEK


def measured(shop, metric, *, version="2.0", factor=1.5, facts=None):
    """Return a ship a week ago that multiplied the metric, with its estimate kept."""
    before = [100 + n % 7 + n % 24 for n in range(24 * 28)]
    after = [(100 + n % 7 + n % 24) * factor for n in range(24 * 7)]
    make_samples(metric, SHIPPED_AT - timedelta(days=28), before + after)
    ship = make_deployment(shop, version, shipped_at=SHIPPED_AT, **(facts or {}))
    keep(ship)
    return ship


def keep(ship):
    ImpactEstimate.objects.filter(deployment=ship).delete()
    checkup = ship.checkups.get(horizon=WEEK)
    ImpactEstimate.objects.bulk_create(estimate_checkup(checkup, now=NOW))


@pytest.fixture
def metric(shop):
    return make_metric(shop, "orders", name="Orders")


class TestTheEffectOnAChart:
    def test_is_drawn_over_the_window_of_its_estimate(self, shop, metric):
        ship = measured(shop, metric)

        effect = chart_of(ship, metric, now=NOW).data["effect"]

        row = ImpactEstimate.objects.get(deployment=ship)
        assert effect["from"] == SHIPPED_AT.timestamp() * 1000
        assert effect["until"] == row.window_end_at.timestamp() * 1000
        assert effect["label"] == "+50%: better"

    @pytest.mark.parametrize(
        ("good", "factor", "tone", "word"),
        [
            ("up", 1.5, "good", "better"),
            ("up", 0.6, "warm", "worse"),
            ("down", 1.5, "warm", "worse"),
            ("down", 0.6, "good", "better"),
            ("neither", 1.5, "slate", "moved"),
            ("up", 1.0, "grey", "may be chance"),
        ],
    )
    def test_has_the_colour_and_the_word_of_its_direction(self, shop, good, factor, tone, word):
        metric = make_metric(shop, "orders", good_direction=good)
        ship = measured(shop, metric, factor=factor)

        effect = chart_of(ship, metric, now=NOW).effect

        assert (effect.tone, effect.word) == (tone, word)

    def test_names_the_ship_that_ended_its_window(self, shop, metric):
        ship = measured(shop, metric)
        make_deployment(shop, "2.1", shipped_at=NOW - timedelta(days=3))
        keep(ship)

        effect = chart_of(ship, metric, now=NOW).effect

        assert (effect.cut_by, effect.end) == ("2.1", NOW - timedelta(days=3))

    def test_is_absent_where_there_is_no_number(self, shop, metric):
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED_AT)
        make_samples(metric, SHIPPED_AT - timedelta(days=28), [100.0, 101.0] * (12 * 35))

        chart = chart_of(ship, metric, now=NOW)

        assert chart.effect is None
        assert alt_text(chart).endswith("; what 2.0 changed cannot be told yet.")

    def test_agrees_with_the_number_that_was_kept(self, shop, metric):
        ship = measured(shop, metric)
        kept = {"effect": 0.25, "low": 0.2, "high": 0.3}
        ImpactEstimate.objects.filter(deployment=ship).update(**kept)

        data = chart_of(ship, metric, now=NOW).data

        inside = [
            (seen, expected)
            for at, seen, expected in zip(
                data["times"], data["observed"], data["expected"], strict=True
            )
            if data["effect"]["from"] <= at < data["effect"]["until"]
        ]
        seen, expected = (sum(column) for column in zip(*inside, strict=True))
        assert seen / expected == pytest.approx(1.25, abs=0.01)

    def test_is_told_in_a_sentence(self, shop, metric):
        chart = chart_of(measured(shop, metric), metric, now=NOW)

        assert re.fullmatch(
            r"Orders from 4 March to 18 March: after 2\.0 went live it was 50% above what was "
            r"expected without the ship \(95% interval \+\d+% to \+\d+%; better\)\.",
            alt_text(chart),
        )

    def test_costs_four_queries(self, shop, metric, django_assert_num_queries):
        ship = measured(shop, metric)

        with django_assert_num_queries(4):
            chart_of(ship, metric, now=NOW)


class TestTheShipsOnAChart:
    def test_are_links_in_its_table(self, shop, metric, as_ada, bs):
        ship = measured(shop, metric)
        other = make_deployment(shop, "1.9", shipped_at=SHIPPED_AT - timedelta(days=2))

        page = bs(as_ada.get(f"/p/shop/ships/{ship.pk}/"))

        links = page.select("figure.chart td a[data-ship]")
        assert {link["href"] for link in links} == {
            f"/p/shop/ships/{one.pk}/" for one in (ship, other)
        }

    def test_of_another_environment_are_not_marked(self, shop, metric):
        ship = measured(shop, metric)
        make_deployment(shop, "1.9", shipped_at=SHIPPED_AT, environment="staging")

        marks = chart_of(ship, metric, now=NOW).data["marks"]

        assert [mark["label"] for mark in marks] == ["2.0"]


class TestTheSamePictureAsAPng:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_sharp_and_small(self, shop, metric, theme):
        png = chart_png(chart_of(measured(shop, metric), metric, now=NOW), theme=theme)

        assert Image.open(io.BytesIO(png)).size == (1200, 520)
        assert len(png) < 40_000

    def test_is_small_however_many_points_there_are(self, shop):
        metric = make_metric(shop, "load", resolution=timedelta(minutes=5))
        noise = [100 + (n * 7919) % 101 for n in range(12 * 24 * 21)]
        make_samples(metric, SHIPPED_AT - 2 * WEEK, noise)
        ship = make_deployment(shop, "2.0", shipped_at=SHIPPED_AT)
        keep(ship)

        assert len(chart_png(chart_of(ship, metric, now=NOW))) < 40_000

    def test_shows_the_effect_in_its_colour(self, shop, metric):
        png = chart_png(chart_of(measured(shop, metric), metric, now=NOW), theme="light")

        colours = {colour for _n, colour in Image.open(io.BytesIO(png)).convert("RGB").getcolors()}
        assert tuple(bytes.fromhex(THEMES["light"]["good"][1:])) in colours

    @pytest.mark.parametrize("version", ["$\\frac{1", "<b>&amp;", "版本二", "v" * 200])
    def test_takes_any_name_of_a_ship(self, shop, metric, version):
        ship = measured(shop, metric, version=version)

        assert chart_png(chart_of(ship, metric, now=NOW)).startswith(b"\x89PNG")

    def test_takes_a_chart_without_a_point(self, shop, metric):
        chart = history_chart(metric, [], [])

        assert chart_png(chart).startswith(b"\x89PNG")
        assert alt_text(chart) == "Orders: nothing was recorded."

    def test_is_the_same_from_several_threads(self, shop, metric):
        chart = chart_of(measured(shop, metric), metric, now=NOW)

        with ThreadPoolExecutor(3) as threads:
            pictures = set(threads.map(lambda _n: chart_png(chart), range(3)))

        assert pictures == {chart_png(chart)}

    def test_has_the_colours_of_the_pages(self):
        sheet = Path(settings.BASE_DIR, "static/app.css").read_text()
        light, dark = sheet.split("@media (prefers-color-scheme: dark)")[:2]

        for css, theme in ((light, THEMES["light"]), (dark, THEMES["dark"])):
            tokens = dict(re.findall(r"--([\w-]+): (#\w{6});", css))
            assert theme == {name: tokens[name] for name in theme}

    def test_costs_nothing_where_no_picture_is_drawn(self):
        code = (
            "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; "
            "django.setup(); import dashboard.chart_png; sys.exit('matplotlib' in sys.modules)"
        )

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestTheAxisOfAChart:
    def test_of_a_day_names_hours_and_of_a_month_days(self, shop, metric, time_machine):
        def labels(hours, *, every=HOUR):
            start = datetime(2026, 3, 1, 9, tzinfo=UTC)
            points = [(start + n * every, 1.0) for n in range(int(hours * HOUR / every))]
            return [tick["label"] for tick in history_chart(metric, points, []).data["ticks"]]

        assert labels(24) == ["12:00", "18:00", "2 Mar", "06:00"]
        assert labels(48, every=DAY / 2) == ["2 Mar"]
        assert labels(7 * 24) == [f"{day} Mar" for day in range(2, 9)]
