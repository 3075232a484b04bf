"""The beta distribution, without a library for it. Pure."""

import math

TINY = 1e-300


def beta_below(value: float, alpha: float, beta: float) -> float:
    """Return the share of the distribution that lies below `value` (0 to 1).

    The continued fraction of the incomplete beta function: Abramowitz and Stegun 26.5.8, evaluated
    by Lentz's method.
    """
    if value <= 0 or value >= 1:
        return float(value >= 1)
    if value > (alpha + 1) / (alpha + beta + 2):
        return 1 - beta_below(1 - value, beta, alpha)
    front = math.exp(
        math.lgamma(alpha + beta)
        - math.lgamma(alpha)
        - math.lgamma(beta)
        + alpha * math.log(value)
        + beta * math.log1p(-value)
    )
    upper, lower = 1.0, 1 / (1 - (alpha + beta) * value / (alpha + 1) or TINY)
    fraction = lower
    for step in range(1, 500):
        even = step * (beta - step) / ((alpha + 2 * step - 1) * (alpha + 2 * step))
        odd = -(alpha + step) * (alpha + beta + step)
        odd /= (alpha + 2 * step) * (alpha + 2 * step + 1)
        for term in (even * value, odd * value):
            lower = 1 / (1 + term * lower or TINY)
            upper = 1 + term / upper or TINY
            fraction *= lower * upper
        if abs(lower * upper - 1) < 1e-14:
            break
    return front * fraction / alpha


def beta_quantile(share: float, alpha: float, beta: float) -> float:
    """Return the value below which `share` of the distribution lies."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_below(middle, alpha, beta) < share else (low, middle)
    return (low + high) / 2
