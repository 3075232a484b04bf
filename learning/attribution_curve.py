"""How customers come to a ship: a curve of its age, of its train's pace and of its order. Pure.

Features of a continuation ratio (attribution_adoption.py). What nobody told of a project, its
own releases show: how often it ships, and whether what it ships is the newest at all. A train
most of whose ships are older than what is out runs many lines side by side, or rolls out slowly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learning.attribution_memory import MEMORY, MEMORY_V4, Floats, Memory

__all__ = ["CURVE", "CURVE_V4", "DEFAULT", "IN_STAGES", "Curve", "Floats", "features"]

FEATURES = (
    "newest", "newest, log age", "newest, maybe not out yet", "newest, said at its moment",
    "newest, log pace", "newest, out of order", "newest, out of order, log age",
    "second", "second, log age of the newest", "second, log days as newest",
    "second, out of order",
    "older", "older, log place", "older, log days as newest", "older, log age",
    "beside", "beside, log age", "beside, out of order",
)  # fmt: skip
# Fitted to five apps, each with an intercept of its own that is drawn to the common one
# (docs/methods.md).
DEFAULT = (
    0.52, 0.62, -1.36, 5.56, -0.55, -5.50, 1.57,
    -1.91, -0.34, 1.06, 0.77,
    -0.04, 0.08, 1.01, -1.03,
    -0.95, -0.54, -2.39,
)  # fmt: skip
# Where a store hands a release out in stages, days after it was announced: the newest ship's
# intercept and slope as the first half of one app's reviews has them, drawn to DEFAULT.
IN_STAGES = (-0.10, 0.61, *DEFAULT[2:])
AT_THAT_MOMENT = 1 / 1440  # days
USUAL_PACE, PACE_IS_WORTH, PACE_OF = 8.0, 2, 8  # days, and ships
ORDER_OF, ORDER_IS_WORTH = 30, 5  # ships


@dataclass(frozen=True, slots=True)
class Curve:
    """The features of a train, from the ages of its ships in days, and their default weights.

    `memory` says how what customers named lately counts beside it.
    """

    features: Callable[[Floats], Floats]
    default: tuple[float, ...]
    memory: Memory = MEMORY


def features(ages: Floats) -> Floats:
    """Return one row of FEATURES a ship of a train, given their ages in days, the newest first.

    Below 0 is the age of what may not have been out yet.
    """
    whole = np.maximum(ages, 0.0)
    newer = np.concatenate([[0.0], np.maximum.accumulate(whole)[:-1]])
    reign = np.maximum(whole - newer, 0.0)
    # What was older than the newest on the day it shipped never was the newest: it is beside.
    in_front = reign > 0
    in_front[0] = True
    place = np.cumsum(in_front) - 1
    reigns = np.log(reign[in_front][1 : 1 + PACE_OF] + 0.1)
    usual = PACE_IS_WORTH * np.log(USUAL_PACE)
    pace = (reigns.sum() + usual) / (len(reigns) + PACE_IS_WORTH) - np.log(USUAL_PACE)
    recent = np.argsort(whole, kind="stable")[:ORDER_OF]
    unordered = (np.count_nonzero(~in_front[recent]) / (len(recent) + ORDER_IS_WORTH)) ** 2
    rows = np.zeros((len(ages), len(FEATURES)))
    log_age, log_reign = np.log(whole[0] + 0.3), np.log(reign + 0.05)
    settled = 1 - np.exp(-whole[0])  # in the first hours the pace says nothing
    at_once = 0 <= ages[0] < AT_THAT_MOMENT
    rows[0, :7] = (
        1, log_age, ages[0] < 0, at_once, pace * settled, unordered, unordered * log_age,
    )  # fmt: skip
    second, older, beside = in_front & (place == 1), in_front & (place > 1), ~in_front
    rows[second, 7], rows[second, 8] = 1, np.log(newer[second] + 0.05)
    rows[second, 9], rows[second, 10] = log_reign[second], unordered
    rows[older, 11], rows[older, 12] = 1, np.log(place[older])
    rows[older, 13], rows[older, 14] = log_reign[older], np.log(whole[older] + 1)
    rows[beside, 15], rows[beside, 16] = 1, np.log(whole[beside] + 0.5)
    rows[beside, 17] = unordered
    return rows


CURVE = Curve(features, DEFAULT)
CURVE_V4 = Curve(features, DEFAULT, MEMORY_V4)
