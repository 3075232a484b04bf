"""The method "evidence-v2", kept so that its rows can be made again. Pure.

It is evidence-v3 with an older curve of adoption, which knew nothing of a project's own pace.
"""

from collections.abc import Sequence
from dataclasses import replace

from learning.attribution_adoption import AS_SURE
from learning.attribution_curve_v2 import CURVE_V2
from learning.attribution_evidence import Candidate, Said
from learning.attribution_shares import Known, Share
from learning.attribution_v3 import share_out, weigh_all


def shares_by_first_curve(
    said: Said, candidates: Sequence[Candidate], known: Known, most: int
) -> list[Share]:
    """The method "evidence-v2": begin with who had which ship, and add up the evidence."""
    is_its_own = len(known.adoption) == len(CURVE_V2.default)
    adoption = known.adoption if is_its_own else CURVE_V2.default
    known = replace(known, adoption=adoption, sureness=AS_SURE)
    kept = [replace(ship, gone_at=None) for ship in candidates]
    return share_out(said, weigh_all(said, kept, known, curve=CURVE_V2), known, most)
