"""A chart as a picture, for mails: what static/charts.js draws, drawn by matplotlib."""

import io
from threading import Lock
from typing import Any, Literal

import numpy as np

from dashboard.chart_letters import FONT, THE_SHIP, can_draw, composed, heading_of
from dashboard.chart_palette import AREA, BAND, nearest, palette_of
from dashboard.charts import Chart

Theme = Literal["light", "dark"]

# In CSS pixels. On a page; and in a mail, where it is shown as wide as a phone and wider.
Size = tuple[int, int]
ON_A_PAGE: Size = (600, 260)
IN_A_MAIL: Size = (400, 168)
PIXELS = 1200  # across, whatever the size
MOST_POINTS = 300  # two pixels of the screen each
MOST_LABEL = 18  # characters

# The tokens of static/app.css.
THEMES: dict[Theme, dict[str, str]] = {
    "light": {
        "surface": "#ffffff", "line": "#e1e8ea", "ink": "#10202a", "ink-3": "#5b6b74",
        "accent": "#0a6c80", "good": "#0c7350", "warm": "#a94327", "slate": "#3b5b83",
        "grey": "#52616a",
    },
    "dark": {
        "surface": "#121b20", "line": "#212e35", "ink": "#e8eff2", "ink-3": "#8fa0a8",
        "accent": "#55c5d6", "good": "#62d0a2", "warm": "#f29a80", "slate": "#9dbbe4",
        "grey": "#a9b7be",
    },
}  # fmt: skip

AGAINST = 0.18  # how strong the area is where it went the other way

# Figures share no state, but the fonts beneath them do.
_drawing = Lock()


def chart_png(chart: Chart, *, theme: Theme = "light", size: Size = ON_A_PAGE) -> bytes:
    """Return the chart as a PNG 1200 pixels wide, whose letters are right for that size.

    `chart.alt` says the same in a sentence. Words that its font cannot show are not in it:
    `chart_letters.left_out` returns them. Safe to call from several threads.
    """
    # The web process starts without matplotlib, which takes half a second to load.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    with _drawing, rc_context({"font.family": [FONT]}):
        width, height = size
        figure = Figure(figsize=(width / 100, height / 100), dpi=100 * PIXELS / width)
        canvas = FigureCanvasAgg(figure)
        _draw(figure, chart, THEMES[theme], size)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    tone = chart.effect.tone if chart.effect else "grey"
    palette = palette_of(THEMES[theme], tone)
    picture = Image.fromarray(nearest(pixels, palette))
    picture.putpalette([round(part) for part in palette.ravel()])
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True, bits=4)
    return out.getvalue()


def _thinned(values: Any) -> Any:
    """Return the means of so many values each that few enough are left."""
    step = max(1, -(-len(values) // MOST_POINTS))
    padded = np.append(values, np.full(-len(values) % step, np.nan)).reshape(-1, step)
    known = np.isfinite(padded)
    sums, counts = np.where(known, padded, 0.0).sum(axis=1), known.sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _draw(figure: Any, chart: Chart, c: dict[str, str], size: Size) -> None:
    data, height = chart.data, size[1]
    scale = size[0] / ON_A_PAGE[0]
    figure.set_facecolor(c["surface"])
    left = 0.075 / scale
    # Heading and labels are as high as ever, whatever the height of the picture.
    below, above = 24 / height, 60 / height
    axes = figure.add_axes((left, below, 0.98 - left, 1 - below - above))
    axes.set_facecolor(c["surface"])
    times = np.array(data["times"], dtype=float)
    times = times[:: max(1, -(-len(times) // MOST_POINTS))]
    columns: dict[str, Any] = {
        name: _thinned(np.array(data[name], dtype=float))
        for name in ["observed", "expected", "low", "high"]
        if name in data
    }
    if not len(times):
        return
    axes.set_xlim(times[0], max(times[-1], times[0] + 1))
    _axes(axes, data, c, scale)
    if "expected" in columns:
        _expected(axes, times, columns, data["effect"], c)
    axes.plot(times, columns["observed"], color=c["accent"], linewidth=1.3, zorder=5)
    _marks(axes, data, c, scale)
    if data["effect"]:
        _bar(axes, data["effect"], c, scale)
    _heading(figure, chart, c, scale)


def _axes(axes: Any, data: dict[str, Any], c: dict[str, str], scale: float) -> None:
    from matplotlib.ticker import MaxNLocator

    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(c["line"])
    axes.tick_params(colors=c["ink-3"], length=0, labelsize=7)
    axes.grid(axis="y", color=c["line"], linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:,.4g}")
    ticks = data["ticks"][:: 1 if scale >= 1 else 2]
    axes.set_xticks(
        [tick["at"] for tick in ticks],
        labels=[tick["label"] for tick in ticks],
        parse_math=False,
    )


def _expected(
    axes: Any,
    times: Any,
    columns: dict[str, Any],
    effect: dict[str, Any] | None,
    c: dict[str, str],
) -> None:
    expected, observed = columns["expected"], columns["observed"]
    axes.fill_between(
        times, columns["low"], columns["high"], color=c["slate"], alpha=BAND, linewidth=0, zorder=1
    )
    axes.plot(times, expected, color=c["slate"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
    if effect is None:
        return
    inside = (times >= effect["from"]) & (times < effect["until"])
    known = inside & np.isfinite(expected) & np.isfinite(observed)
    for is_above, way in ((True, observed >= expected), (False, observed < expected)):
        is_its = is_above == effect["up"]
        axes.fill_between(
            times, expected, observed, where=known & way, interpolate=True, linewidth=0,
            color=c[effect["tone"] if is_its else "grey"], zorder=3,
            alpha=AREA if is_its else AGAINST,
        )  # fmt: skip


def _marks(axes: Any, data: dict[str, Any], c: dict[str, str], scale: float) -> None:
    first, last = axes.get_xlim()
    top = _above(axes, 20 if data["effect"] else 3)
    above = _above(axes, 23 if data["effect"] else 6)
    taken: list[tuple[float, float]] = []
    for mark in sorted(data["marks"], key=lambda one: (not one["main"], -one["at"])):
        place = (mark["at"] - first) / (last - first)
        if not 0 <= place <= 1:
            continue
        is_main = mark["main"]
        axes.plot(
            [place, place], [0, top], transform=axes.transAxes, clip_on=False,
            color=c["ink" if is_main else "ink-3"], linewidth=1.3 if is_main else 0.8,
            linestyle="-" if is_main else (0, (1.5, 2)), zorder=6,
        )  # fmt: skip
        label = _label(mark["label"], is_main=is_main)
        label = f"{label[: MOST_LABEL - 1]}…" if len(label) > MOST_LABEL else label
        if not label:
            continue
        half = 0.007 / scale * max(len(label), 2)
        middle = min(max(place, half), 1 - half)
        if any(middle + half + 0.01 > low and middle - half - 0.01 < high for low, high in taken):
            continue
        taken.append((middle - half, middle + half))
        axes.text(
            middle, above, label, transform=axes.transAxes, ha="center", va="bottom",
            color=c["ink" if is_main else "ink-3"], fontsize=7.5 if is_main else 7,
            fontweight="bold" if is_main else "normal", parse_math=False,
        )  # fmt: skip


def _label(label: str, *, is_main: bool) -> str:
    """Return what stands above a mark: nothing of other ships whose names cannot be drawn."""
    if can_draw(label):
        return composed(label)
    return THE_SHIP if is_main else ""


def _above(axes: Any, pixels: float) -> float:
    """Return the place so many CSS pixels above the axes, as they count themselves."""
    return float(1 + pixels * axes.figure.dpi / 100 / axes.bbox.height)


def _bar(axes: Any, effect: dict[str, Any], c: dict[str, str], scale: float) -> None:
    """Draw a bar over the window of the estimate, with the effect in words."""
    first, last = axes.get_xlim()
    start, end = (
        min(1.0, max(0.0, (effect[name] - first) / (last - first))) for name in ("from", "until")
    )
    colour = c[effect["tone"]]
    axes.plot(
        [start, end], [1, 1], transform=axes.transAxes, clip_on=False, color=colour, linewidth=2,
        solid_capstyle="butt", zorder=7,
    )  # fmt: skip
    if effect["cut"]:
        axes.plot(
            [end, end], [_above(axes, -5), _above(axes, 5)], transform=axes.transAxes,
            clip_on=False, color=colour, linewidth=2, zorder=7,
        )  # fmt: skip
    fits = start + 0.01 + 0.0125 / scale * len(effect["label"]) < 1
    axes.text(
        start + (0.01 if fits else -0.01), _above(axes, 4), effect["label"],
        transform=axes.transAxes, ha="left" if fits else "right", va="bottom", color=colour,
        fontsize=7.5, fontweight="bold", parse_math=False,
    )  # fmt: skip


def _heading(figure: Any, chart: Chart, c: dict[str, str], scale: float) -> None:
    name = heading_of(chart) if can_draw(heading_of(chart)) else ""
    name = composed(name)[: round(60 * scale**2)]  # the keys stand beside it
    figure.text(
        0.012, 0.965, name, color=c["ink"], fontsize=8.5,
        fontweight="bold", va="top", parse_math=False,
    )  # fmt: skip
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Any] = [Line2D([], [], color=c["accent"], linewidth=1.3, label="observed")]
    if chart.has_band:
        label = "expected without the ship" if scale >= 1 else "expected without"
        band = Patch(color=c["slate"], alpha=0.25, linewidth=0, label=label)
        keys.append(band)
    figure.legend(
        handles=keys, loc="upper right", bbox_to_anchor=(0.995, 1.005), ncols=len(keys),
        frameon=False, fontsize=7, labelcolor=c["ink-3"], handlelength=1.6, handleheight=0.8,
        columnspacing=1.4,
    )  # fmt: skip
