"""A bank of models of how a metric moves by itself. Pure; nothing here depends on a metric's data.

Every model is a covariance of the blocks around a ship. What follows from that alone (how to
whiten a history, how to weigh blocks into an effect) is worked out once per shape and kept.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from learning.impact_prior import DAY_MODELS
from learning.impact_series import Floats

# (strength, memory) of a level that wanders; strengths are variances next to that of the noise.
DAY_LEVELS = (
    (0.0, 0.0), (4.0, 0.5), (20.0, 0.8), (4.0, 0.95), (20.0, 0.95), (200.0, 0.95),
    (0.3, 0.999), (4.0, 0.999), (200.0, 0.999),
)  # fmt: skip
DAY_WEEKS = (0.0, 4.0, 40.0)
DAY_TRENDS = (0.0, 1.0, 30.0, 1000.0)
SHORT_LEVELS = ((0.0, 0.0), (1.0, 0.8), (4.0, 0.95), (20.0, 0.95), (20.0, 0.8), (1.0, 0.99))
SHORT_DAYS = (0.0, 10.0, 100.0)
SHORT_WEEKS = (0.0, 0.5)
SHORT_TRENDS = (0.0,)
WEEKS_ALIKE, DAYS_ALIKE = 0.995, 0.999


@dataclass(frozen=True, slots=True)
class Shape:
    """What a bank depends on: how many blocks of history, and how the season repeats in them."""

    before: int
    day: int  # blocks a day; 0 where a block is a day or more, or no even part of one
    week: int  # blocks a week; 0 where that is no whole number
    is_long: bool  # a block is a day or more


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """M covariances, times T strengths of a trend, for a history of D blocks."""

    whiten: NDArray[np.float32]  # (M, D, D): makes white noise of a history, and drops its mean
    log_size: Floats  # (M,): the log of what evidence loses for the size of a covariance
    trends: Floats  # (T,): variances of a straight line from -1 to 0
    log_prior: Floats  # (M, T): how likely each model is beforehand
    line: Floats  # (M, D): that line, whitened


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """The step at the ship by generalised least squares, under every model."""

    weights: Floats  # (M * T, D + P)
    variance: Floats  # (M * T,), next to that of the noise


def _lags(shape: Shape, many: int) -> Floats:
    """Return the covariances of M models with blocks 0, 1, 2 ... `many` - 1 further on."""
    lag = np.arange(many, dtype=float)
    levels = DAY_LEVELS if shape.is_long else SHORT_LEVELS
    weeks = (DAY_WEEKS if shape.is_long else SHORT_WEEKS) if shape.week > 1 else (0.0,)
    days = SHORT_DAYS if shape.day > 1 else (0.0,)
    rows = []
    for strength, memory in levels:
        level = (lag == 0) + (strength * memory**lag if strength else 0.0)
        for week in weeks:
            weekly = week * _repeats(lag, shape.week, WEEKS_ALIKE) if week else 0.0
            for day in days:
                daily = day * _repeats(lag, shape.day, DAYS_ALIKE) if day else 0.0
                rows.append(level + weekly + daily)
    return np.array(rows)


def _repeats(lag: Floats, period: int, alike: float) -> Floats:
    return np.where(lag % period == 0, alike ** (lag / period), 0.0)


def _covariances(shape: Shape, many: int) -> Floats:
    places = np.arange(many)
    return _lags(shape, many)[:, np.abs(places[:, None] - places[None, :])]


def _trends(shape: Shape) -> Floats:
    return np.array(DAY_TRENDS if shape.is_long else SHORT_TRENDS)


def _prior(shape: Shape, many: int) -> Floats:
    """Return how likely each of `many` covariances is beforehand, with each trend."""
    if not shape.is_long:
        return np.full((many, 1), 1 / many)
    learned = np.array(DAY_MODELS, float)
    known = learned if shape.week > 1 else learned[:, :1]  # without a week, that of no week
    return known.reshape(many, -1) / known.sum()


def _line(shape: Shape, many: int) -> Floats:
    return (np.arange(many) - shape.before) / shape.before


def bank(shape: Shape) -> Bank:
    """Return the models for a history of this shape."""
    return _long_bank(shape) if shape.is_long else _short_bank(shape)


def _make_bank(shape: Shape) -> Bank:
    roots = np.linalg.cholesky(_covariances(shape, shape.before))
    inverse = np.linalg.inv(roots)
    ones = inverse.sum(axis=2)
    size = (ones**2).sum(axis=1)
    # Without its share along the whitened constant, nothing depends on the metric's mean.
    along = np.einsum("mi,mij->mj", ones, inverse) / size[:, None]
    whiten = inverse - ones[:, :, None] * along[:, None, :]
    diagonal = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return Bank(
        whiten=whiten.astype(np.float32),
        log_size=diagonal + 0.5 * np.log(size),
        trends=_trends(shape),
        log_prior=np.log(_prior(shape, len(whiten))),
        line=whiten @ _line(shape, shape.before),
    )


# At most 1.5 and 16 MB each. Lengths of history are rounded, so that there are few of them.
_long_bank = lru_cache(maxsize=40)(_make_bank)
_short_bank = lru_cache(maxsize=6)(_make_bank)


@lru_cache(maxsize=128)
def contrast(shape: Shape, after: int) -> Contrast:
    """Return the contrast of `after` blocks with a history of this shape, under every model."""
    many = shape.before + after
    line = _line(shape, many)
    trends = _trends(shape)
    whole = _covariances(shape, many)[:, None] + trends[None, :, None, None] * np.outer(line, line)
    whole = whole.reshape(-1, many, many)
    design = np.column_stack([np.ones(many), np.arange(many) >= shape.before])
    solved = np.linalg.solve(whole, np.broadcast_to(design, (len(whole), many, 2)))
    inverse = np.linalg.inv(design.T @ solved)
    weights = np.einsum("mk,mik->mi", inverse[:, 1], solved)
    return Contrast(weights=weights, variance=inverse[:, 1, 1])
