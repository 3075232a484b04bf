"""A digest as Discord takes it: embeds, by an incoming webhook. Pure.

Limits: Discord's message resource, "Embed Limits": title 256, description 4,096, 25 fields of a
name up to 256 and a value up to 1,024, footer 2,048, all of them together 6,000. Nobody is called:
`allowed_mentions` (the same document) is empty.
"""

from digest.chat_markdown import item_in, link, markdown
from digest.chat_text import ACCENT, Payload, Told, cut, fitted, quiet, title_of, width
from digest.parts import Section

TITLE, DESCRIPTION, FOOTER = 256, 4_096, 2_048
FIELDS, NAME, VALUE, ALL = 25, 256, 1_024, 6_000


def discord(told: Told) -> Payload:
    """Return the message for Discord."""
    return fitted(told, _make, _fits)


def _make(told: Told) -> Payload:
    said = [told.letter.summary, told.pace]
    embed = {
        "title": cut(told.headline, TITLE, markdown),
        "url": told.link,
        "color": int(ACCENT.removeprefix("#"), 16),
        "description": "\n\n".join(cut(one, DESCRIPTION // 2 - 2, markdown) for one in said if one),
        "fields": [field for section in told.letter.sections for field in _fields(section)],
        "footer": {"text": cut(told.about, FOOTER)},
    }
    return {"username": "Wake", "embeds": [embed], "allowed_mentions": {"parse": []}}


def _fields(section: Section) -> list[Payload]:
    """Return the section as fields, each with as many whole items as it has room for."""
    lines = [
        item_in(item, title_of(item, section), quiet(item), VALUE // 3) for item in section.items
    ]
    if section.more:
        lines.append(link(section.more_url, section.more))
    values: list[str] = []
    for line in lines:
        if values and width(values[-1]) + 2 + width(line) <= VALUE:
            values[-1] += f"\n\n{line}"
        elif width(line) <= VALUE:
            values.append(line)
    names = [cut(section.title, NAME, markdown), *["\u200b"] * (len(values) - 1)]
    return [{"name": name, "value": value} for name, value in zip(names, values, strict=False)]


def _fits(made: Payload) -> bool:
    embed = made["embeds"][0]
    texts = [embed["title"], embed["description"], embed["footer"]["text"]]
    texts += [text for field in embed["fields"] for text in (field["name"], field["value"])]
    return len(embed["fields"]) <= FIELDS and sum(map(width, texts)) <= ALL
