"""What a digest is made of, before it is set as text or HTML."""

from dataclasses import dataclass, replace

from dashboard.week_headline import things


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a digest is for. Without `unsubscribe_url` the mail offers no way out: nobody's own."""

    name: str = ""
    user_id: int | None = None
    timezone: str = "UTC"
    unsubscribe_url: str = ""
    preferences_url: str = ""  # works without signing in


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, drawn for the light and for the dark: by the fingerprints that it is kept under."""

    alt: str
    light: str
    dark: str
    left_out: str = ""  # the words that its font has no letters for


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the digest tells: a title that links somewhere, and sentences about it."""

    title: str
    url: str
    word: str = ""  # a verdict's word, as it is shown
    tone: str = ""  # the verdict or mood that colours it
    lines: tuple[str, ...] = ()
    note: str = ""  # by whom, when: what is said more quietly
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """One measure of learning speed."""

    label: str
    value: str
    change: str  # the same of this week alone, or of the time before where it had none
    tone: str  # "better", "worse" or ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what stands under it, and where the rest is.

    Of `rest` more things, named `noun` and `verb` ("three more things said"), none is shown.
    """

    title: str
    items: tuple[Item, ...]
    rest: int = 0
    noun: str = ""
    verb: str = ""
    more_url: str = ""
    kind: str = ""

    @property
    def more(self) -> str:
        """How many more there are, in words; nothing where all are shown."""
        if self.rest <= 0 or not self.more_url:
            return ""
        said = things(self.rest, f"more {self.noun}")
        return f"{said[:1].upper()}{said[1:]} {self.verb}".rstrip()

    def shorter(self) -> "Section":
        """Return the section without its last item, which is counted among the rest."""
        return replace(self, items=self.items[:-1], rest=self.rest + 1)


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
