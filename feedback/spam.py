"""What looks like spam. Pure: a text and what came with it in, marks and their weights out.

It is built to be wrong rarely rather than to find everything: one mark alone holds nothing back,
but for a hidden field that a robot filled in, and mashed keys. docs/methods.md says how often it is
wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from feedback.word_patterns import Words

METHOD = "spam-v1"
HELD_FROM = 1.0
# Faster than anybody opens a form, writes a sentence and sends it.
LEAST_SECONDS = 2.0
SENDERS = 3  # as many customers with one text

_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
_MARKUP = re.compile(r"<a\s[^>]*href|\[url[=\]]|\[link=", re.IGNORECASE)
_SOLD = Words(
    r"casinos? bonus(?:es)?|online casino|slot gacor|judi online|togel|viagra|cialis"
    r"|(?:call|escort) girls?|escorts? (?:service|agency|in)|payday loans?|instant loan"
    r"|loan offers?|binary options?|forex signals?|seo (?:services?|agency|experts?)|backlinks?"
    r"|buy (?:followers|likes|views|reviews|instagram|cheap)|followers for sale"
    r"|(?:hire|contact) a hacker|hackers? for hire|crypto recovery|(?:recover|retrieve) (?:my|your)"
    r" (?:lost |stolen )?(?:funds|bitcoin|crypto|money)|recovery (?:expert|agent|specialist)"
    r"|(?:earn|make) (?:up to )?\$ ?\d[\d,.]* (?:per|a|every|each) (?:day|week|hour|month)"
    r"|work from home (?:jobs?|and earn)|guest posts?|weight loss (?:pills?|gummies)|cbd gummies"
    r"|keto gummies|love spells?|spell caster|fake (?:passports?|documents)|free gift cards?"
    r"|(?:customer|contact|consumer) care (?:no|number|helpline)|helpline (?:no|number)"
    r"|(?:support|service) phone number|toll[- ]free (?:no|number)"
    r"|airlines? (?:booking|reservations?) number"
)
_NUMBER = re.compile(r"<phone>|\+?\d[\d ()-]{7,}\d")
_CONTACT = re.compile(
    r"\b(?:whats ?app|telegram|wechat|skype)\b[^.\n]{0,20}(?:<phone>|\+?\d[\d ()-]{7,}\d|@\w{4,})",
    re.IGNORECASE,
)
_WRITTEN_TOGETHER = re.compile(r"t?sch|cht?|ght|th|sh|sz|cz|rz|str")  # several letters, one sound
_SAID_AGAIN = re.compile(r"(\w{1,3}?)\1{2,}")  # "hahahaha", "kkkkkk" and "nonono" say something
_KEYS_AGAIN = re.compile(r"(qwe|wer|asd|sdf|dfg|fgh|jkl|zxc|xcv)\1{2,}")
_LETTERS = re.compile(r"[a-z]{4,}")
_MASHED = re.compile(
    r"[bcdfghjklmnpqrstvwxz]{6,}|(?:asdf|qwer|zxcv|hjkl|sdfg|dfgh){1,}|(\w{2,3})\1{3,}"
)


@dataclass(frozen=True, slots=True)
class Spam:
    """How much a text looks like spam, and why, the heaviest mark first."""

    score: float
    marks: tuple[str, ...]

    @property
    def is_held(self) -> bool:
        """True if it is to be held back."""
        return self.score >= HELD_FROM

    @property
    def because(self) -> str:
        """The marks as one sentence."""
        return f"It {' and '.join(self.marks)}." if self.marks else ""


def spam_in(
    text: str,
    *,
    rating: float | None = None,
    extra: Mapping[str, Any] | None = None,
    senders: int = 1,
) -> Spam:
    """Return how much a text looks like spam.

    `extra` is what came with it, of which `signals` (from the widget) is read; `senders` is how
    many customers sent the same long text.
    """
    found = [*_of_links(text), *_of_words(text), *_of_form(extra or {})]
    if rating is None and is_gibberish(text):
        found.append((1.0, "is no words, only keys"))
    if found and senders >= SENDERS:
        found.append((0.5, f"came from {senders:,} customers in the same words"))
    found.sort(key=lambda mark: -mark[0])
    return Spam(round(sum(weight for weight, _ in found), 2), tuple(mark for _, mark in found))


def _of_links(text: str) -> list[tuple[float, str]]:
    found = []
    hosts = {_host(link) for link in _LINK.findall(text)}
    if len(hosts) >= 3 and len(text.split()) < 15 * len(hosts):
        found.append((0.5, "has links to many sites"))
    if _MARKUP.search(text):
        found.append((0.5, "has links made for web pages"))
    if hosts and _SOLD.findall(text):
        found.append((0.4, "links to what it praises"))
    return found


def _of_words(text: str) -> list[tuple[float, str]]:
    offers = _SOLD.findall(text)
    sold = {" ".join(offer.lower().split()) for offer in offers}
    found = []
    if sold:
        found.append((0.6, "offers what spam offers"))
    if len(sold) >= 2 or len(offers) >= 3:
        found.append((0.4, "does so several times"))
    if sold and _NUMBER.search(text):
        found.append((0.5, "gives a number to call"))
    if _CONTACT.search(text):
        found.append((0.5, "asks to be written to elsewhere"))
    return found


def _of_form(extra: Mapping[str, Any]) -> list[tuple[float, str]]:
    signals = extra.get("signals")
    if not isinstance(signals, Mapping):
        return []
    found = []
    if signals.get("filled_hidden_field"):
        found.append((1.0, "filled in a field that people do not see"))
    seconds = signals.get("seconds")
    if isinstance(seconds, int | float) and seconds < LEAST_SECONDS:
        found.append((0.5, "was sent faster than people write"))
    return found


def _host(link: str) -> str:
    try:
        return (urlsplit(link if "//" in link else f"//{link}").hostname or "").removeprefix("www.")
    except ValueError:
        return link


def is_gibberish(text: str) -> bool:
    """Return True if most words of a text in Latin letters are keys pressed at random."""
    said = _LINK.sub(" ", text.lower())
    if not _KEYS_AGAIN.search(said):
        said = _SAID_AGAIN.sub(r"\1", said)
    lowered = _WRITTEN_TOGETHER.sub("", said)
    words = _LETTERS.findall(lowered)
    if not words or sum(map(len, words)) < 0.6 * len("".join(lowered.split())):
        return False
    mashed = sum(len(word) for word in words if _MASHED.search(word))
    return mashed >= 12 and mashed > 0.6 * sum(map(len, words))
