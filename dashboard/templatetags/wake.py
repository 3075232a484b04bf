"""How numbers, times and verdicts are written, wherever they are shown."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template import Context
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

from learning.verdict import Verdict
from learning.verdict import percent as written_percent

register = template.Library()
MINUS = "−"
SOURCES = {"api": "API", "app_store": "App Store", "google_play": "Google Play", "csv": "CSV"}


@register.simple_tag
def verdict(word: str, size: str = "") -> SafeString:
    """Return the pill for a verdict's word; no word at all means that nobody looked yet."""
    known = Verdict(word) if word in Verdict.values else Verdict.TOO_EARLY
    shape = f"pill pill--{known.value}" + (f" pill--{size}" if size else "")
    return format_html('<span class="{}">{}</span>', shape, known.label)


@register.simple_tag(takes_context=True)
def moment(context: Context, when: datetime | None) -> SafeString:
    """Return a <time>: "3 days ago" or "in 2 h" within a week, else the date; whole in a title."""
    if when is None:
        return format_html('<span class="soft">{}</span>', "never")
    here = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(timespec="seconds"),
        format_date(here, "l j F Y, H:i"),
        told(when, now=context.get("now") or timezone.now()),
    )


@register.simple_tag(takes_context=True)
def upcoming(context: Context, when: datetime) -> SafeString:
    """Return a <time> as people make appointments: "today at 14:00", "Tuesday", "3 Dec"."""
    here = timezone.localtime(when)
    today = timezone.localtime(context.get("now") or timezone.now())
    days = (here.date() - today.date()).days
    if when <= today:
        words = "any minute now"
    elif days < 2:
        words = f"{'tomorrow' if days else 'today'} at {here:%H:%M}"
    else:
        words = format_date(here, "l" if days < 7 else "j M" if days < 300 else "j M Y")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(timespec="seconds"),
        format_date(here, "l j F Y, H:i"),
        words,
    )


def told(when: datetime, *, now: datetime) -> str:
    """Return how people would say that moment: relative within a week, else the date."""
    gap = abs(when - now)
    if gap < timedelta(minutes=1):
        return "just now" if when <= now else "in a moment"
    if gap < timedelta(days=7):
        return f"{rough(gap)} ago" if when < now else f"in {rough(gap)}"
    here, today = timezone.localtime(when), timezone.localtime(now)
    return format_date(here, "j M" if here.year == today.year else "j M Y")


def rough(length: timedelta) -> str:
    """Return a length of time in its largest unit: "3 h", "2 days"."""
    hours = round(length.total_seconds() / 3600)
    return span(timedelta(hours=hours)) if 1 <= hours < 48 else span(length)


@register.filter
def span(length: timedelta | None) -> str:
    """Return a length of time in its one or two largest units: "3 h 20 min", "2 days"."""
    if length is None:
        return "–"
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 10 * 60 and minutes % 60:
        return f"{minutes // 60} h {minutes % 60} min"
    if minutes < 48 * 60:
        return f"{round(minutes / 60)} h"
    return f"{round(minutes / 1440)} days"


@register.filter
def percent(share: float | None) -> str:
    """Return a share of one as a percentage: 0.125 is "12%"."""
    return "–" if share is None else written_percent(share)


@register.filter
def signed_percent(share: float | None) -> str:
    """Return a relative change with its sign: 0.051 is "+5.1%"."""
    return "–" if share is None else written_percent(share, signed=True)


@register.filter
def number(value: float | None) -> str:
    """Return a number with three significant digits, thousands set apart."""
    return "–" if value is None else _short(value).replace("-", MINUS)


def _short(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def stars(rating: float | None) -> SafeString | str:
    """Return a rating from 1 to 5 as stars that screen readers read as words; "" for none."""
    if rating is None:
        return ""
    full = max(0, min(5, round(rating)))
    return format_html(
        '<span class="stars" role="img" aria-label="{} of 5 stars">{}<span class="stars__off">{}'
        "</span></span>",
        _short(rating),
        "★" * full,
        "★" * (5 - full),
    )


@register.filter
def source_name(source: str) -> str:
    """Return where a feedback came from as people call it: "app_store" is "App Store"."""
    return SOURCES.get(source, source.replace("_", " ").capitalize())


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """Return `mapping[key]`, or None."""
    return mapping.get(key)


@register.filter
def language_name(code: str) -> str:
    """Return a language as people call it: "de" is "German"."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code
