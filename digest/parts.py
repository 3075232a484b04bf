"""What a digest is made of, before it is set as text or HTML."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a digest is for. Without `unsubscribe_url` the mail offers no way out: nobody's own."""

    name: str = ""
    user_id: int | None = None
    timezone: str = "UTC"
    unsubscribe_url: str = ""
    preferences_url: str = ""  # works without signing in


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the digest tells: a title that links somewhere, and sentences about it."""

    title: str
    url: str
    word: str = ""  # a verdict's word, as it is shown
    tone: str = ""  # the verdict or mood that colours it
    lines: tuple[str, ...] = ()
    note: str = ""  # by whom, when: what is said more quietly


@dataclass(frozen=True, slots=True)
class Pace:
    """One measure of learning speed."""

    label: str
    value: str
    change: str
    tone: str  # "better", "worse" or ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what stands under it, and where the rest is."""

    title: str
    items: tuple[Item, ...]
    more: str = ""
    more_url: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a digest says, in the order in which it is read."""

    project: str
    headline: str
    period: str
    summary: str
    paces: tuple[Pace, ...]
    pace_note: str
    sections: tuple[Section, ...]
    home_url: str
    why: str  # why the mail comes, and how often
    settings_url: str
    unsubscribe_url: str
