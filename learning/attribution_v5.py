"""The method "evidence-v5": evidence-v4, that asks of a ship only those who spoke since. Pure.

Who named their version before a ship was out could not have had it: counted against it, they hid a
new ship for hours wherever many customers write. And what customers run is forgotten sooner
(attribution_memory.py). docs/methods.md has the formula and its figures.
"""

from collections.abc import Sequence

from learning.attribution_evidence import Candidate, Said
from learning.attribution_shares import Known, Share
from learning.attribution_v3 import share_out
from learning.attribution_v4 import weigh


def shares_of_those_it_reached(
    said: Said, candidates: Sequence[Candidate], known: Known, most: int
) -> list[Share]:
    """The method "evidence-v5": begin with who had which ship, and add up the evidence."""
    weighed = weigh(said, candidates, known)
    return share_out(said, weighed, known, most, holds_likeliest=known.asks_who_ran)
