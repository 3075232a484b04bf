"""What is wrong with something a caller sent, said so that they can mend it."""

from dataclasses import dataclass, field
from typing import Any


class BadInput(ValueError):
    """A value that cannot be taken: which `field`, what is wrong with it, how to mend it."""

    def __init__(self, field: str, problem: str, mend: str = "") -> None:
        super().__init__(f"{field}: {problem}" + (f" {mend}" if mend else ""))
        self.field = field
        self.problem = problem
        self.mend = mend

    def as_dict(self) -> dict[str, str]:
        """Return the error as an API answer shows it."""
        return {"field": self.field, "message": self.problem, "mend": self.mend}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of a batch was refused; `index` counts from 0, or is a line number from 1."""

    index: int
    error: BadInput

    def as_dict(self) -> dict[str, Any]:
        """Return the error as an API answer shows it."""
        return {"index": self.index, **self.error.as_dict()}


@dataclass(slots=True)
class IntakeReport:
    """What became of a batch: every row is counted in exactly one of the four."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)

    def add(self, other: "IntakeReport") -> None:
        """Count the rows of `other` too."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.errors.extend(other.errors)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as an API answer shows it."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": len(self.errors),
            "errors": [error.as_dict() for error in self.errors],
        }
