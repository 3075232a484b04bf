"""The method "evidence-v4": evidence-v3, that is as sure as it has proved to be. Pure.

What is new is what it knows (attribution_learner.py): how sure the likeliest ship may be follows
the last customers who named their version. And where it is asked which ship a customer ran, what
they speak of says nothing of "none", and apps in a store reach their customers in stages.
docs/methods.md has the formula and its figures.
"""

from collections.abc import Sequence
from dataclasses import replace

from learning.attribution_curve import CURVE, CURVE_V4, DEFAULT, IN_STAGES, Curve
from learning.attribution_evidence import Candidate, Said
from learning.attribution_shares import Known, Share
from learning.attribution_v3 import NONE, Weighed, share_out, weigh_all

# So many customers of five apps ran no release that is listed: 0 to 1.2 %.
NONE_RAN = 0.01


def shares_as_sure_as_proved(
    said: Said, candidates: Sequence[Candidate], known: Known, most: int
) -> list[Share]:
    """The method "evidence-v4": begin with who had which ship, and add up the evidence."""
    weighed = weigh(said, candidates, known, curve=CURVE_V4)
    return share_out(said, weighed, known, most, holds_likeliest=known.asks_who_ran)


def weigh(
    said: Said, candidates: Sequence[Candidate], known: Known, *, curve: Curve = CURVE
) -> Weighed:
    """Return all that speaks for each of `candidates`, before any of it is added up."""
    if said.in_store and known.adoption == DEFAULT:
        known = replace(known, adoption=IN_STAGES)
    known = replace(known, sharpness=1.0)
    if not known.asks_who_ran:
        return weigh_all(said, candidates, known, curve=curve, none=NONE)
    known = replace(known, off_topic=0.0)
    return weigh_all(said, candidates, known, curve=curve, none=NONE_RAN)


def usual_weights(said: Sequence[Said]) -> tuple[float, ...]:
    """Return the adoption weights of a project of which nothing but `said` is known."""
    in_store = sum(one.in_store for one in said)
    return IN_STAGES if 2 * in_store > len(said) else DEFAULT
