"""Text that Markdown shows as it is, for Mattermost and Discord. Pure.

A backslash before a sign takes its meaning away (CommonMark 2.4). Mentions, emojis and bare
addresses have no such escape: a space without width makes them ordinary words.
"""

import re

from digest.chat_text import cut
from digest.parts import Item

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|<>~])")
_AT_THE_START = re.compile(r"^([-=]|\d{1,9}(?=[.)]))")
_EMOJI = re.compile(r":(?=[\w+-]{1,64}:)")
_BARE = re.compile(r"(?i)(:)(?=//)|(www)(?=\.)")
GAP = "\u200b"
TITLE = 250


def markdown(text: str) -> str:
    """Return the text so that it is shown as it is, calls nobody and links nowhere."""
    text = _SIGNS.sub(r"\\\1", text)
    text = _AT_THE_START.sub(lambda found: f"{GAP}{found[1]}", text)
    text = _EMOJI.sub(f":{GAP}", text)
    text = _BARE.sub(lambda found: f"{found[0]}{GAP}", text)
    return without_calls(text)


def without_calls(text: str) -> str:
    """Return `text` so that no @name in it calls anybody, where nothing but that has a meaning."""
    return text.replace("@", f"@{GAP}").replace("\uff20", f"\uff20{GAP}")


def link(url: str, label: str, most: int = TITLE) -> str:
    """Return a link whose label is shown as it is."""
    address = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{cut(label, most, markdown)}]({address})"


def item_in(item: Item, title: str, said: str, most: int) -> str:
    """Return one thing that the digest tells: a link, its verdict, and what is said of it."""
    word = f" · {markdown(item.word)}" if item.word else ""
    shown = cut(said, most, markdown)
    return f"{link(item.url, title)}{word}" + (f"\n{shown}" if shown else "")
