"""A digest as Mattermost takes it: Markdown in message attachments, by an incoming webhook. Pure.

Format and limits: developers.mattermost.com, message attachments and incoming webhooks. Older
servers keep 8,000 characters of attachments for a post, newer ones a hundred times as much.
"""

import json

from digest.chat_markdown import item_in, link, markdown, without_calls
from digest.chat_text import (
    ACCENT,
    VERDICT_COLOURS,
    Payload,
    Told,
    cut,
    fitted,
    quiet,
    title_of,
    width,
)
from digest.parts import Section

ALL, TEXT, TITLE = 7_400, 2_000, 280


def mattermost(told: Told) -> Payload:
    """Return the message for Mattermost."""
    return fitted(told, _make, _fits)


def _make(told: Told) -> Payload:
    said = [told.about, told.letter.summary, told.pace]
    first = {
        "fallback": _plain(f"{told.headline} {told.about}"),
        "color": ACCENT,
        "title": _plain(told.headline),
        "title_link": told.link,
        "text": "\n\n".join(cut(one, TEXT, markdown) for one in said if one),
    }
    return {"attachments": [first, *map(_section, told.letter.sections)]}


def _section(section: Section) -> Payload:
    lines = [item_in(item, title_of(item, section), quiet(item), TEXT) for item in section.items]
    if section.more:
        lines.append(link(section.more_url, section.more))
    colours = (VERDICT_COLOURS.get(item.tone) for item in section.items)
    return {
        "fallback": _plain(section.title),
        "color": next(filter(None, colours), ACCENT),
        "text": "\n\n".join([f"**{markdown(section.title)}**", *lines]),
    }


def _plain(text: str) -> str:
    # A title and a fallback are no Markdown, but a name in them is called all the same.
    return cut(text, TITLE, without_calls)


def _fits(made: Payload) -> bool:
    return width(json.dumps(made, ensure_ascii=False)) <= ALL
