"""A digest as Microsoft Teams takes it: an Adaptive Card by a webhook of Workflows. Pure.

The connectors of Office 365 are retired; a workflow "Post to a channel when a webhook request is
received" takes a message whose attachments are Adaptive Cards (learn.microsoft.com, "Create
incoming webhooks with Workflows"). A message may have 28 KB. Every text stands in a TextRun, which
knows no Markdown, and without `msteams.entities` nobody is called.
"""

import json
from typing import Any

from digest.chat_text import Payload, Told, cut, fitted, quiet, title_of, word_of
from digest.parts import Item, Section

BYTES, TEXT, TITLE = 20_000, 1_500, 400
CARD = "application/vnd.microsoft.card.adaptive"
TONES = {"supported": "Good", "better": "Good", "refuted": "Warning", "worse": "Warning"}


def teams(told: Told) -> Payload:
    """Return the message for Teams."""
    return fitted(told, _make, _fits)


def _make(told: Told) -> Payload:
    quietly = [one for one in (told.letter.summary, told.pace) if one]
    body = [
        _text(_run(told.about, TITLE, isSubtle=True)),
        _text(_run(told.headline, TITLE, size="Large", weight="Bolder")),
        *(_text(_run(one, TEXT)) for one in quietly),
    ]
    for section in told.letter.sections:
        body += _section(section)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(f"{told.headline} {told.about}", TITLE),
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": "Read all of it in Wake", "url": told.link}
        ],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}],
    }


def _section(section: Section) -> list[Payload]:
    head = _text(_run(section.title, TITLE, weight="Bolder"), spacing="Large", separator=True)
    more = [_linked(section.more_url, [_text(_run(section.more, TITLE, color="Accent"))])]
    return [
        head,
        *(_item(item, section) for item in section.items),
        *(more if section.more else []),
    ]


def _item(item: Item, section: Section) -> Payload:
    first = [_run(title_of(item, section), TITLE, color="Accent")]
    if item.word:
        first.append(_run(word_of(item), TITLE, color=TONES.get(item.tone, "Default")))
    said = quiet(item)
    more = [_text(_run(said, TEXT, isSubtle=True), spacing="None")] if said else []
    return _linked(item.url, [_text(*first), *more])


def _linked(url: str, items: list[Payload]) -> Payload:
    return {
        "type": "Container",
        "spacing": "Small",
        "items": items,
        "selectAction": {"type": "Action.OpenUrl", "url": url},
    }


def _text(*runs: Payload, **facts: Any) -> Payload:
    return {"type": "RichTextBlock", "inlines": list(runs), **facts}


def _run(text: str, most: int, **facts: Any) -> Payload:
    shown = cut(text, most) or "…"
    # A word's leading space is part of it: `cut` takes it away.
    return {"type": "TextRun", "text": f" {shown}" if text.startswith(" ") else shown, **facts}


def _fits(made: Payload) -> bool:
    return len(json.dumps(made).encode()) <= BYTES
