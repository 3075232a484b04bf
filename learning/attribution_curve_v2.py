"""The curve of the method "evidence-v2", kept so that its rows can be made again. Pure."""

import numpy as np

from learning.attribution_curve import Curve
from learning.attribution_memory import MEMORY_V4, Floats

FEATURES = (
    "newest", "newest, log age", "newest, maybe not out yet", "newest, said at once",
    "second", "second, log age of the newest", "second, log days as newest",
    "third", "older", "older, log place", "older, log days as newest", "older, log age",
)  # fmt: skip
DEFAULT = (0.31, 0.70, -0.95, 2.46, -1.38, -0.46, 0.90, 0.10, -0.46, 0.44, 0.82, -0.95)


def features(ages: Floats) -> Floats:
    """Return one row of FEATURES a ship of a train, given their ages in days, the newest first."""
    count = len(ages)
    rows = np.zeros((count, len(FEATURES)))
    whole = np.maximum(ages, 0.0)
    newer = np.concatenate([[0.0], np.maximum.accumulate(whole)[:-1]])
    reign = np.log(np.maximum(whole - newer, 0.0) + 0.05)
    rows[0, :4] = 1, np.log(whole[0] + 0.1), ages[0] < 0, ages[0] >= 0
    rows[0, 3] *= np.exp(-whole[0] / 0.1)
    if count > 1:
        rows[1, 4:7] = 1, np.log(newer[1] + 0.1), reign[1]
    if count > 2:
        rows[2, 7] = 1
        rows[3:, 8] = 1
        rows[2:, 9] = np.log(np.arange(2, count))
        rows[2:, 10] = reign[2:]
        rows[2:, 11] = np.log(whole[2:] + 1)
    return rows


CURVE_V2 = Curve(features, DEFAULT, MEMORY_V4)
