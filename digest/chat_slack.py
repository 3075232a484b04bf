"""A digest as Slack takes it: Block Kit by an incoming webhook. Pure.

Limits: docs.slack.dev, Block Kit reference (header 150, section 3,000, 50 blocks), and what its
servers refuse in practice: messages whose blocks together pass some 13,000 characters.
"""

import json

from digest.chat_text import Payload, Told, cut, fitted, quiet, title_of, width, word_of
from digest.parts import Item, Section

HEADER, TEXT, CONTEXT = 150, 2_800, 1_900
BLOCKS, ALL = 50, 12_000
TITLE = 300


def slack(told: Told) -> Payload:
    """Return the message for Slack."""
    return fitted(told, _make, _fits)


def _make(told: Told) -> Payload:
    blocks = [
        {"type": "header", "text": _plain(cut(told.headline, HEADER))},
        _quiet(told.about),
        _section(literal(told.letter.summary)),
    ]
    if told.pace:
        blocks.append(_quiet(told.pace))
    for section in told.letter.sections:
        blocks.append({"type": "divider"})
        blocks.append(_section(f"*{literal(section.title)}*"))
        blocks.extend(_section(_item(item, section)) for item in section.items)
        if section.more:
            blocks.append(_section(_link(section.more_url, section.more)))
    blocks.append({"type": "divider"})
    blocks.append(_section(f"*{_link(told.link, 'Read all of it in Wake')}*"))
    # Beside blocks, the text is what notifications and screen readers say.
    return {
        "text": cut(f"{told.headline} {told.about}", TEXT, literal),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _fits(made: Payload) -> bool:
    return len(made["blocks"]) <= BLOCKS and width(json.dumps(made, ensure_ascii=False)) <= ALL


def literal(text: str) -> str:
    """Return the text with the three signs escaped by which Slack makes links and mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _item(item: Item, section: Section) -> str:
    # A pipe would end the address of a link, and the label of one cannot be escaped.
    first = f"{_link(item.url, title_of(item, section))}{literal(word_of(item))}"
    said = cut(quiet(item), TEXT - width(first) - 1, literal)
    return f"{first}\n{said}" if said else first


def _link(url: str, label: str) -> str:
    shown = cut(label.replace("|", "¦"), TITLE, literal)
    return f"<{literal(url).replace('|', '%7C')}|{shown}>"


def _section(text: str) -> Payload:
    # "verbatim" keeps Slack from making links and mentions of what only looks like them.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _quiet(text: str) -> Payload:
    return {"type": "context", "elements": [_plain(cut(text, CONTEXT))]}


def _plain(text: str) -> Payload:
    return {"type": "plain_text", "text": text, "emoji": False}
