"""What can be done to several feedback at once."""

from dataclasses import dataclass


class NotDoable(ValueError):
    """Why an action cannot be done, in a sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do to several feedback."""

    label: str
    done: str  # what is said when it is done, after the number
    is_undone: bool = True  # whether Wake can take it back
    is_for_all: bool = True  # whether it can be done to all that match a filter


ACTIONS = {
    "seen": Action("Mark seen", "marked as seen"),
    "answered": Action("Mark answered", "marked as answered"),
    "closed": Action("Close", "closed"),
    "assign": Action("Assign", "assigned"),
    "ship": Action("Say which ship", "linked to the ship by hand", is_undone=False),
    "hold": Action("Hold back as spam", "held back as spam"),
    "release": Action("Release", "released"),
    "merge": Action("Merge into the oldest", "merged", is_undone=False, is_for_all=False),
    "undo": Action("Undo", "put back", is_undone=False, is_for_all=False),
}
