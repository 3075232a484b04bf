"""Places outside that Wake asks: what a person fills in for one, and how it says what is wrong."""

from dataclasses import dataclass
from datetime import timedelta


class ConnectionFault(Exception):
    """A place cannot be gathered from, and `mend` says what a person can do about it."""

    def __init__(self, what: str, mend: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{what} {mend}".strip())
        self.what, self.mend, self.retry_after = what, mend, retry_after


class AskedToWait(ConnectionFault):
    """The place wants to be left alone for `retry_after`; nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to fill in to connect a place."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False  # encrypted at rest, never shown again
    is_required: bool = True
    is_sent: bool = True  # to the place; when the address changes, it must be given again
    is_address: bool = False  # where the place is
    is_long: bool = False  # has several lines, as a key in JSON has
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
