"""No picture shows boxes: what the font of the charts cannot write is said beside them."""

import io
import warnings

import pytest
from PIL import Image

from dashboard.chart_letters import can_draw, left_out
from dashboard.chart_png import IN_A_MAIL, ON_A_PAGE, chart_png
from dashboard.reads.charts import chart_of
from tests.dashboard.test_charts import SHIPPED_AT, measured
from tests.factories import NOW, make_deployment, make_metric

FOREIGN = {
    "chinese": "结账转化率",
    "japanese": "注文の完了率",
    "korean": "주문 전환율",
    "arabic": "معدل الشراء",
    "hebrew": "שיעור הרכישה",
    "thai": "อัตราการสั่งซื้อ",
    "hindi": "ऑर्डर दर",
    "emoji of a family": "👩‍👩‍👧 plan",
    "emoji in colour": "❤️ rate",
    "flag": "🇩🇪 sales",
    "newer emoji": "🫠 rate",
    "mixed": "Checkout 结账",
    "control": "a\u202eb",
    "mark without a letter of its own": "x\u0331y",
}
DRAWN = [
    "Orders", "Größe der Bestellung", "Ποσοστό", "Доля заказов", "Tỷ lệ", "cafe\u0301", "A→B ≥ 3 €",
    "Naïve “quotes”…", "−5 %", "łódź",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_boxes():
    """Let a letter that the font has not be an error: matplotlib only warns of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        warnings.filterwarnings("error", message="Matplotlib currently does not support")
        yield


def chart_named(shop, name="Orders", *, version="2.0", unit="", other=""):
    metric = make_metric(shop, "orders", name=name, unit=unit)
    ship = measured(shop, metric, version=version)
    if other:
        make_deployment(shop, other, shipped_at=SHIPPED_AT + (NOW - SHIPPED_AT) / 3)
    return chart_of(ship, metric, now=NOW)


def ink_above(png: bytes) -> int:
    """Return how many pixels of the heading's place, left of the keys, are not ground."""
    place = Image.open(io.BytesIO(png)).convert("L").crop((0, 0, 500, 60))
    return sum(place.histogram()[:200])


class TestLetters:
    @pytest.mark.parametrize("text", [*DRAWN, "", "v2.0-rc.1+build"])
    def test_of_the_font_are_drawn(self, text):
        assert can_draw(text)

    @pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
    def test_of_other_scripts_are_not(self, text):
        assert not can_draw(text)


class TestThePicture:
    @pytest.mark.parametrize("size", [ON_A_PAGE, IN_A_MAIL])
    @pytest.mark.parametrize("text", [*DRAWN, *FOREIGN.values()])
    def test_has_no_box_whatever_things_are_called(self, shop, text, size):
        chart = chart_named(shop, text, version=f"{text}2", unit=text, other=f"{text}1")

        for theme in ("light", "dark"):
            assert chart_png(chart, theme=theme, size=size).startswith(b"\x89PNG")

    def test_has_no_heading_that_it_cannot_write(self, shop):
        assert ink_above(chart_png(chart_named(shop, "结账"), size=IN_A_MAIL)) == 0

    def test_has_one_that_it_can(self, shop):
        assert ink_above(chart_png(chart_named(shop, "Größe"), size=IN_A_MAIL)) > 0

    def test_has_no_heading_when_only_its_unit_cannot_be_written(self, shop):
        assert ink_above(chart_png(chart_named(shop, unit="円"), size=IN_A_MAIL)) == 0


class TestWhatIsLeftOut:
    def test_is_nothing_where_all_is_drawn(self, shop):
        assert left_out(chart_named(shop, unit="€", other="结账")) == ""

    def test_is_the_metric_with_its_unit(self, shop):
        assert left_out(chart_named(shop, "结账转化率", unit="%")) == "\u2068结账转化率, %\u2069"

    def test_is_the_name_of_the_ship(self, shop):
        assert left_out(chart_named(shop, version="版本二")) == "the ship: \u2068版本二\u2069"

    def test_is_both(self, shop):
        chart = chart_named(shop, "שיעור", version="גרסה")

        assert left_out(chart) == "\u2068שיעור\u2069; the ship: \u2068גרסה\u2069"
