"""What every page keeps to: the strict content policy, and colours that can be read."""

import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted(
    path
    for path in (settings.BASE_DIR / "templates").rglob("*.html")
    if "emails" not in path.parts  # mail readers know no style sheets
)
CSS = (settings.BASE_DIR / "static" / "app.css").read_text()
PILLS = ("good", "warm", "amber", "violet", "slate", "grey")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
class TestEveryTemplate:
    def test_has_no_inline_style_script_or_handler(self, path):
        text = path.read_text()

        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)

    def test_loads_nothing_from_other_hosts(self, path):
        # A link that a person may follow loads nothing by itself.
        tags = re.findall(r"<(?!a\s)[^>]*>", path.read_text())

        assert not [tag for tag in tags if re.search(r"""(src|href)=["'](https?:)?//""", tag)]


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of each theme by name."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    read = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in (light, dark)]
    return {"light": read[0], "dark": {**read[0], **read[1]}}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *product(("ink", "ink-2", "ink-3", "accent", "accent-strong"), ("bg", "surface", "sunk")),
    *product(PILLS, ("surface", "bg")),
    *((name, f"{name}-soft") for name in PILLS),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(theme, text, ground):
    colours = themes()[theme]

    assert contrast(colours[text], colours[ground]) >= 4.5


def test_every_part_named_in_the_design_document_is_there():
    named = set(re.findall(r"partials/[\w]+\.html", Path("docs/design.md").read_text()))

    assert named
    assert all((settings.BASE_DIR / "templates" / name).exists() for name in named)
