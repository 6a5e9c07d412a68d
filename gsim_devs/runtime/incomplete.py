"""The regularised incomplete gamma and beta functions, both tails, in plain Python.

Both tails are returned because 1 - (the other one) loses the digits of a small tail. Three ways, each where it is
quick: the power series, the continued fraction (Numerical Recipes 6.2; Didonato and Morris, TOMS 708), and for large
parameters, where both need many terms, Gauss-Legendre quadrature of the tail outwards from x. The factor in front is
Loader's saddle-point form ("Fast and accurate computation of binomial probabilities", 2000), which keeps its digits
for huge parameters. Arguments are taken as valid: `quantiles` checks nothing either, `draws` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, exp, expm1, inf, lgamma, log, log1p, pi, sqrt
from typing import NamedTuple

LARGE = 30.0
"""From here on a tail is integrated: series and fraction would take longer."""

_HALF_LOG_TWO_PI = 0.5 * log(2.0 * pi)
_EPSILON = 2.0**-54
_ALMOST_ONE = 1.0 - 2.0**-53
_TINY = 1e-300


class Tails(NamedTuple):
    """A distribution function and its complement at a point, and how fast they change there."""

    lower: float
    upper: float
    weight: float
    """d lower / d log x (gamma), d lower / d logit x (beta)."""


def gamma_tails(a: float, x: float) -> Tails:
    """Return P(a, x) and Q(a, x); weight is x^a e^-x / Γ(a)."""
    weight = sqrt(a / (2.0 * pi)) * exp(-_stirling_error(a) - _deviance(a, x))
    if a >= LARGE:
        below = x < a
        sign = -1.0 if below else 1.0
        tail = weight * _tail(lambda d: sign * a * d - x * expm1(sign * d), abs(a - x), x)
    elif x < a + 1.0:
        below = True
        tail = weight * _gamma_series(a, x)
    else:
        below = False
        tail = weight * _gamma_fraction(a, x)
    return _both(tail, weight, below=below)


def beta_tails(a: float, b: float, x: float, y: float) -> Tails:
    """Return I_x(a, b) and its complement, where y = 1 - x; weight is x^a y^b / B(a, b)."""
    total = a + b
    weight = sqrt(a * (b / (2.0 * pi * total))) * exp(
        _stirling_error(total)
        - _stirling_error(a)
        - _stirling_error(b)
        - _deviance(a, total * x)
        - _deviance(b, total * y)
    )
    if min(a, b) >= LARGE:
        drift = a * y - b * x
        below = drift > 0.0
        # Written in the smaller parameter, a * d and the logarithm do not cancel when the other one is huge.
        sign = -1.0 if below == (a <= b) else 1.0
        small, near = (a, x) if a <= b else (b, y)
        tail = weight * _tail(
            lambda d: sign * small * d - total * log1p(near * expm1(sign * d)), abs(drift), total * x * y
        )
    elif (b + 0.5) * x < (a + 0.5) * y:
        below = True
        tail = weight * _beta_fraction(a, b, x, y)
    else:
        below = False
        tail = weight * _beta_fraction(b, a, y, x)
    return _both(tail, weight, below=below)


def log_beta(a: float, b: float) -> float:
    """Return log B(a, b)."""
    total = a + b
    small, large = min(a, b), max(a, b)
    top = small * (log(small) - log(total)) - large * log1p(small / large)
    factors = 0.5 * (log(2.0 * pi) + log(total) - log(a) - log(b))
    return top + factors + _stirling_error(a) + _stirling_error(b) - _stirling_error(total)


def _both(tail: float, weight: float, *, below: bool) -> Tails:
    """Return both tails, given one of them. The other one is never 0: its logarithm is taken."""
    other = 1.0 - min(tail, _ALMOST_ONE)
    return Tails(tail, other, weight) if below else Tails(other, tail, weight)


def _stirling_error(a: float) -> float:
    """Return log Γ(a + 1) minus Stirling's formula."""
    if a < 16.0:
        return lgamma(a + 1.0) - (a + 0.5) * log(a) + a - _HALF_LOG_TWO_PI
    s = 1.0 / (a * a)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - s / 1188) * s) * s) * s) / a


def _deviance(a: float, mean: float) -> float:
    """Return a log(a / mean) + mean - a, which is >= 0, without cancellation near a = mean."""
    if mean <= 0.0:
        return inf
    if abs(a - mean) >= 0.1 * (a + mean):
        return a * (log(a) - log(mean)) + mean - a
    v = (a - mean) / (a + mean)
    total = (a - mean) * v
    power = 2.0 * a * v
    for j in range(3, 1000, 2):
        power *= v * v
        before = total
        total += power / j
        if total == before:
            break
    return total


def _tail(exponent: Callable[[float], float], slope: float, curvature: float) -> float:
    """Return the integral of exp(exponent) from 0 outwards, falling with `slope` and `curvature`."""
    # As (sqrt(...) - slope) / curvature, which would cancel to 0 far out.
    length = 80.0 / (sqrt(slope * slope + 80.0 * curvature) + slope)
    while exponent(length) > -37.0:
        length *= 1.25
    while exponent(0.8 * length) < -39.0:
        length *= 0.8
    return length * sum(weight * exp(exponent(length * node)) for node, weight in _gauss_legendre())


@lru_cache(maxsize=1)
def _gauss_legendre(points: int = 32) -> tuple[tuple[float, float], ...]:
    """Return nodes and weights on [0, 1], by Newton's method on the Legendre polynomial."""
    rule = []
    for i in range(points):
        x = cos(pi * (i + 0.75) / (points + 0.5))
        slope = 0.0
        for _ in range(8):
            last, value = 1.0, x
            for n in range(2, points + 1):
                last, value = value, ((2 * n - 1) * x * value - (n - 1) * last) / n
            slope = points * (x * value - last) / (x * x - 1.0)
            x -= value / slope
        rule.append((0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope)))
    return tuple(rule)


def _gamma_series(a: float, x: float) -> float:
    """Return P(a, x) / weight."""
    term = total = 1.0 / a
    n = a
    while term > total * _EPSILON:
        n += 1.0
        term *= x / n
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    """Return Q(a, x) / weight (Lentz)."""
    b = x + 1.0 - a
    c = 1.0 / _TINY
    d = 1.0 / b
    value = d
    for i in range(1, 10_000):
        numerator = i * (a - i)
        b += 2.0
        d = 1.0 / (numerator * d + b or _TINY)
        c = b + numerator / c or _TINY
        factor = c * d
        value *= factor
        if abs(factor - 1.0) < 4.0 * _EPSILON:
            break
    return value


def _beta_fraction(a: float, b: float, x: float, y: float) -> float:
    """Return I_x(a, b) / weight (Didonato and Morris, equation 9: x near 1 loses no digits, as y is given too)."""
    rest = 1.0 + a * y - b * x
    first = 1.0 + 1.0 / a
    above, last_above = 1.0, 0.0
    below, last_below = rest / first, 1.0
    value = above / below
    for n in range(1, 10_000):
        s = a + 2 * n - 1.0
        w = n * (b - n) * x
        # Quotients of like sizes, so that no product overflows.
        alpha = ((a + n - 1.0) / s) * ((a + b + n - 1.0) / s) * (w * x)
        beta = n + w / s + (a + n) / (s + 2.0) * (rest + n * (1.0 + y))
        above, last_above = beta * above + alpha * last_above, above
        below, last_below = beta * below + alpha * last_below, below
        before, value = value, above / below
        if abs(value - before) <= 2.0 * _EPSILON * value:
            break
        above, last_above, below, last_below = value, last_above / below, 1.0, last_below / below
    return value
