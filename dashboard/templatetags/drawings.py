"""Small drawings made on the server, as SVG without styles; words beside them say the same."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.reads.estimates import Effect
from dashboard.speed import WeekPoint

register = template.Library()
WIDTH, HEIGHT = 100.0, 24.0
# Wider intervals run off the drawing: the numbers beside it are exact.
WIDEST = 0.5


@register.simple_tag
def spark(values: Sequence[float]) -> SafeString:
    """Return a line of the values, from the lowest to the highest; "" for fewer than two."""
    if len(values) < 2:
        return SafeString("")
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    middle = HEIGHT / 2 if high == low else 0.0
    places = [
        (
            i * WIDTH / (len(values) - 1),
            middle or HEIGHT - 2 - (value - low) / room * (HEIGHT - 4),
        )
        for i, value in enumerate(values)
    ]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="spark__area" d="{line}L{w} {h}L0 {h}z"/><path d="{line}"/></svg>',
        line=line,
        w=f"{WIDTH:g}",
        h=f"{HEIGHT:g}",
    )


@register.simple_tag
def whisker(effect: Effect, others: Sequence[Effect]) -> SafeString:
    """Return the interval of an effect on a scale that all `others` share, zero in the middle."""
    row = effect.row
    if row.effect is None or row.low is None or row.high is None:
        return SafeString("")
    ends = [end for other in others for end in (other.row.low, other.row.high) if end is not None]
    widest = min(WIDEST, max(map(abs, ends), default=WIDEST)) or WIDEST

    def place(value: float) -> str:
        return f"{50 + max(-1.0, min(1.0, value / widest)) * 49:.1f}"

    return format_html(
        '<svg class="whisker" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="whisker__zero" x1="50" x2="50" y1="0" y2="10"/>'
        '<line class="whisker__range" x1="{low}" x2="{high}" y1="5" y2="5"/>'
        '<line class="whisker__range" x1="{low}" x2="{low}" y1="2.5" y2="7.5"/>'
        '<line class="whisker__range" x1="{high}" x2="{high}" y1="2.5" y2="7.5"/>'
        '<line class="whisker__point" x1="{at}" x2="{at}" y1="1.5" y2="8.5"/></svg>',
        low=place(row.low),
        high=place(row.high),
        at=place(row.effect),
    )


@register.simple_tag
def week_bars(trend: Sequence[WeekPoint]) -> SafeString:
    """Return a bar for each week's ships, the part that was learned from filled."""
    most = max((point.ships for point in trend), default=0)
    if not most:
        return SafeString("")
    step = WIDTH / len(trend)
    parts: list[tuple[Any, ...]] = []
    for i, point in enumerate(trend):
        for count, shape in ((point.ships, "bars__all"), (point.learned, "bars__learned")):
            height = count / most * HEIGHT
            parts.append(
                (
                    shape,
                    f"{i * step + step * 0.14:.2f}",
                    f"{HEIGHT - height:.2f}",
                    f"{step * 0.72:.2f}",
                    f"{height:.2f}",
                )
            )
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}'
        "</svg>",
        f"{WIDTH:g}",
        f"{HEIGHT:g}",
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', parts),
    )
