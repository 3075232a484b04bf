"""What each model of a bank makes of one history, with steps at earlier ships or without. Pure."""

from dataclasses import dataclass

import numpy as np

from learning.impact_bank import Bank, Contrast
from learning.impact_series import Floats

STEP_SD = 0.15  # of an earlier ship's effect, as a share
STEP_ODDS = 0.4  # that one of the earlier ships had an effect, before looking; shared among them
MOST_STEPS = 6
HOPELESS = 3.0  # a step that makes the history e^3 times less likely is not worth a model
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A metric as a bank sees it: D blocks of history, P after the ship, M covariances."""

    models: Bank
    contrast: Contrast
    values: Floats  # (D + P,)
    white: Floats  # (M, D): the history, whitened
    step_sd: float  # STEP_SD on the scale of the values

    def whitened(self, columns: Floats) -> Floats:
        """Return (D, K) columns as (M, D, K) white ones."""
        return np.matmul(self.models.whiten, columns.astype(np.float32)).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What the M * T models find; T is how many strengths of a trend there are."""

    evidence: Floats  # (M, T): logarithms
    effect: Floats  # (M, T)
    variance: Floats  # (M, T): of that effect
    noise: Floats  # (M, T): variance of white noise
    rest: Floats  # (M, T, D): what is left of the whitened history


def view(models: Bank, contrast: Contrast, values: Floats, step_sd: float) -> View:
    """Return the blocks `values` as the models see them."""
    history = values[: models.whiten.shape[1]]
    white = (models.whiten @ history.astype(np.float32)).astype(float)
    return View(models, contrast, values, white, step_sd)


def fit(seen: View, steps: Floats, white_steps: Floats, noise: Floats) -> Fit:
    """Return what each model finds, with (D + P, K) `steps` of earlier ships, also whitened.

    A trend and the steps are regressors with normal priors; a step's is as wide as effects mostly
    are, next to the (M, T) `noise`, which is refined.
    """
    models, white = seen.models, seen.white
    many_models, freedom = white.shape[0], white.shape[1] - 1
    many_trends, many_steps = len(models.trends), steps.shape[1]
    columns = np.concatenate([models.line[:, :, None], white_steps], axis=2)
    across = columns.transpose(0, 2, 1)
    gram, along = across @ columns, (across @ white[:, :, None])[:, None, :, 0]
    total = (white**2).sum(axis=1)[:, None]
    prior = np.empty((many_models, many_trends, 1 + many_steps))
    prior[:, :, 0] = models.trends
    # The noise with the steps is only known after fitting them, so fit twice.
    for _ in range(2 if many_steps else 1):
        prior[:, :, 1:] = seen.step_sd**2 / noise[:, :, None]
        root = np.sqrt(prior)
        system = np.eye(1 + many_steps) + root[..., :, None] * gram[:, None] * root[..., None, :]
        pull = root * along
        solved = np.linalg.solve(system, pull[..., None])[..., 0]
        noise = np.maximum(total - (pull * solved).sum(axis=2), NOTHING) / freedom
    slopes = root * solved
    size = models.log_size[:, None] + 0.5 * np.linalg.slogdet(system)[1]
    effect = (seen.contrast.weights @ seen.values).reshape(many_models, many_trends)
    factor = seen.contrast.variance.reshape(many_models, many_trends)
    if many_steps:
        # What the contrast makes of the steps is not the ship's effect.
        moved = (seen.contrast.weights @ steps).reshape(many_models, many_trends, many_steps)
        effect = effect - (moved * slopes[:, :, 1:]).sum(axis=2)
        moved = root[:, :, 1:] * moved
        doubt = np.linalg.inv(system)[:, :, 1:, 1:]
        factor = factor + (moved[..., None, :] @ doubt @ moved[..., None])[..., 0, 0]
    return Fit(
        evidence=models.log_prior - size - 0.5 * freedom * np.log(noise),
        effect=effect,
        variance=noise * factor,
        noise=noise,
        rest=white[:, None] - slopes @ across,
    )


def fits_with_steps(seen: View, steps: Floats) -> list[tuple[float, Fit]]:
    """Return fits with no step, one, two ..., each with the log odds of so many beforehand.

    `steps` are (D + P, K), one for each earlier ship. Which come in is decided by the history: the
    one that explains most of what is left comes next, as long as it may be real at all.
    """
    before, many = seen.white.shape[1], steps.shape[1]
    chosen: list[int] = []
    white_steps = np.zeros((*seen.white.shape, 0))
    noise = np.ones((len(seen.white), len(seen.models.trends)))
    fits = [(0.0, fit(seen, steps[:, :0], white_steps, noise))]
    while len(chosen) < min(many, MOST_STEPS):
        odds, last = fits[-1]
        # Tried under the likeliest model alone: hundreds of ships would be too many for all.
        model, trend = np.unravel_index(np.argmax(last.evidence), last.evidence.shape)
        tried = seen.models.whiten[model] @ steps[:before]
        explains = (last.rest[model, trend] @ tried) ** 2 / np.maximum(
            (tried**2).sum(axis=0) + last.noise[model, trend] / seen.step_sd**2, NOTHING
        )
        explains[chosen] = -1.0
        best = int(np.argmax(explains))
        chosen.append(best)
        white_steps = np.concatenate(
            [white_steps, seen.whitened(steps[:before, best : best + 1])], axis=2
        )
        found = fit(seen, steps[:, chosen], white_steps, last.noise)
        odds += float(np.log(STEP_ODDS / many))
        if odds + likelihood(found) < fits[-1][0] + likelihood(last) - HOPELESS:
            break
        fits.append((odds, found))
    return fits


def likelihood(found: Fit) -> float:
    """Return the log of how well the models together explain the history."""
    most = float(found.evidence.max())
    return most + float(np.log(np.exp(found.evidence - most).sum()))
