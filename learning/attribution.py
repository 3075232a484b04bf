"""Which ship a feedback is about, how sure that is, and why. Pure, and versioned.

Evidence is added up as logarithms and shared out so that all candidates, with "none of our ships",
sum to 1. Each method has a file of its own; what they reach stands in docs/methods.md.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from learning.attribution_evidence import Candidate, Said
from learning.attribution_shares import (
    MOST_CANDIDATES,
    NEVER_SURER,
    NOTHING_KNOWN,
    Known,
    Share,
)
from learning.attribution_v1 import evidence_shares
from learning.attribution_v2 import shares_by_first_curve
from learning.attribution_v3 import adoption_shares
from learning.attribution_v4 import shares_as_sure_as_proved
from learning.attribution_v5 import shares_of_those_it_reached

__all__ = [
    "CURRENT_METHOD",
    "LOOK_BACK",
    "METHODS",
    "MOST_CANDIDATES",
    "NEVER_SURER",
    "NOTHING_KNOWN",
    "Candidate",
    "Known",
    "Said",
    "Share",
    "attribute",
]

# Callers offer the ships of this long before, and those of the customer's own version however old.
LOOK_BACK = timedelta(days=120)

Method = Callable[[Said, Sequence[Candidate], Known, int], list[Share]]
METHODS: dict[str, Method] = {
    "evidence-v1": evidence_shares,
    "evidence-v2": shares_by_first_curve,
    "evidence-v3": adoption_shares,
    "evidence-v4": shares_as_sure_as_proved,
    "evidence-v5": shares_of_those_it_reached,
}
CURRENT_METHOD = "evidence-v5"


def attribute(
    said: Said,
    candidates: Sequence[Candidate],
    *,
    known: Known = NOTHING_KNOWN,
    method: str = CURRENT_METHOD,
    most: int = MOST_CANDIDATES,
) -> list[Share]:
    """Return how likely it is that `said` is about each candidate, the likeliest first.

    Always has one share for "none of our ships"; all sum to 1. Ships after it was said are left
    out, and at most `most` are kept; what the others would have had goes to "none".
    """
    live = [ship for ship in candidates if ship.shipped_at <= said.said_at]
    return METHODS[method](said, live, known, most)
