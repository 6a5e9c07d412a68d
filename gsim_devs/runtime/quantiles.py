"""Inverse distribution functions: a uniform number in (0, 1) and parameters in, one value out, monotone in the uniform.

Continuous ones are as exact as u itself: what they return is the quantile of a number within a few 1e-16 of u (and in
the tails closer), and monotone up to that rounding. Discrete ones return
the smallest k with F(k) >= u: by steps up from 0 where the mean is small, else from a Cornish-Fisher expansion; only
when that lands next to the border between two values is the distribution function itself evaluated.
Parameters are taken as valid (`draws` checks them). What is too large for a float is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, expm1, floor, inf, lgamma, log, log1p, nextafter, sqrt
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .incomplete import Tails, beta_tails, gamma_tails, log_beta

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

F = TypeVar("F", float, "NDArray[np.float64]")

FEW = 30.0
"""Below this mean, a discrete quantile is found by stepping up from 0."""

HUGE = 1e12
"""From this shape on, the first terms of the expansion of a gamma or beta quantile are right to the last digit."""

NEAR = 0.7
"""An expansion is used where strength * (1 + |z|) is at most this."""

_LARGEST_FLOAT = nextafter(inf, 0.0)
ALMOST_ONE = nextafter(1.0, 0.0)


def normal_quantile(u: float) -> float:
    """Return the standard normal quantile (Wichura, algorithm AS 241: 16 digits, tails included)."""
    q = u - 0.5
    if -0.425 <= q <= 0.425:
        return central(q)
    r = sqrt(-log(u if q < 0.0 else 1.0 - u))
    z = shoulder(r) if r <= 5.0 else tail(r)
    return -z if q < 0.0 else z


# What is nothing but arithmetic takes numpy's arrays as well as floats. The three parts of AS 241:


# fmt: off
def central(q: F) -> F:
    """Return the quantile of 1/2 + q, up to 0.425 on either side."""
    r = 0.180625 - q * q
    above = (((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r
             + 45921.95393154987) * r + 13731.69376550946) * r + 1971.5909503065513) * r
             + 133.14166789178438) * r + 3.3871328727963665) * q
    below = (((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r
             + 21213.794301586597) * r + 5394.196021424751) * r + 687.1870074920579) * r
             + 42.31333070160091) * r + 1.0)
    return above / below


def shoulder(r: F) -> F:
    """Return the size of the quantile of exp(-r * r), for r from 1.6 up to 5."""
    r = r - 1.6
    above = (((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r
             + 1.2704582524523684) * r + 3.6478483247632045) * r + 5.769497221460691) * r
             + 4.630337846156546) * r + 1.4234371107496835)
    below = (((((((1.0507500716444169e-09 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r
             + 0.14810397642748008) * r + 0.6897673349851) * r + 1.6763848301838038) * r
             + 2.053191626637759) * r + 1.0)
    return above / below


def tail(r: F) -> F:
    """Return the size of the quantile of exp(-r * r), for r above 5."""
    r = r - 5.0
    above = (((((((2.0103343992922881e-07 * r + 2.7115555687434876e-05) * r + 0.0012426609473880784) * r
             + 0.026532189526576124) * r + 0.29656057182850487) * r + 1.7848265399172913) * r
             + 5.463784911164114) * r + 6.657904643501103)
    below = (((((((2.0442631033899397e-15 * r + 1.421511758316446e-07) * r + 1.8463183175100548e-05) * r
             + 0.0007868691311456133) * r + 0.014875361290850615) * r + 0.1369298809227358) * r
             + 0.599832206555888) * r + 1.0)
    return above / below
# fmt: on


def lognormal_quantile(u: float, mean_log: float, sd_log: float) -> float:
    """Return e to the power of a normal quantile."""
    try:
        return exp(mean_log + sd_log * normal_quantile(u))
    except OverflowError:
        return inf


def weibull_quantile(u: float, shape: float, scale: float) -> float:
    """Return the Weibull quantile; shape 1 is the exponential distribution."""
    try:
        return scale * float((-log1p(-u)) ** (1.0 / shape))
    except OverflowError:
        return inf


def triangular_quantile(u: float, low: float, mode: float, high: float) -> float:
    """Return the triangular quantile; low == high is that value."""
    width = high - low
    if u * width < mode - low:
        return min(mode, low + sqrt(u * (mode - low)) * sqrt(width))
    return max(mode, high - sqrt((1.0 - u) * (high - mode)) * sqrt(width))


def gamma_quantile(u: float, shape: float) -> float:
    """Return the gamma quantile with scale 1; shape from 1e-300 to 1e300."""
    z = normal_quantile(u)
    if shape >= HUGE:
        return shape + z * sqrt(shape) + (z * z - 1.0) / 3.0
    # Wilson and Hilferty, unless it is near 0, where the first term of the power series is better.
    root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * sqrt(shape))
    start = shape * root**3 if root > 0.3 else exp((log(u) + lgamma(shape + 1.0)) / shape)
    return _solve(u, start, lambda x: (gamma_tails(shape, x), shape - x))


def beta_quantile(u: float, a: float, b: float) -> float:
    """Return the beta quantile; a and b from 1e-300 to 1e300."""
    if min(a, b) >= HUGE:
        total = a + b
        p, q = a / total, b / total
        z = normal_quantile(u)
        return p + z * sqrt(p) * sqrt(q) / sqrt(total) + (q - p) * (z * z - 1.0) / (3.0 * total)

    def at(odds: float) -> tuple[Tails, float]:
        x, y = odds / (1.0 + odds), 1.0 / (1.0 + odds)
        return beta_tails(a, b, x, y), a * y - b * x

    odds = _solve(u, _start_of_beta(u, a, b), at)
    return odds / (1.0 + odds) if odds < inf else 1.0


def binomial_quantile(u: float, n: int, p: float) -> int:
    """Return the quantile of the number of successes in n trials."""
    if p <= 0.5:
        return _binomial(u, n, p)
    # Counted in failures: the largest number of them with F < 1 - u, in other words the next float up from 1 - u.
    return n - _binomial(min(nextafter(1.0 - u, 1.0), ALMOST_ONE), n, 1.0 - p)


def poisson_quantile(u: float, mean: float) -> int:
    """Return the Poisson quantile."""
    if mean < FEW:
        k = 0
        term = total = exp(-mean)
        while total < u:
            k += 1
            term *= mean / k
            before = total
            total += term
            if total == before:
                break
        return k

    def reaches(k: int) -> bool:
        return k >= 0 and _reaches(u, gamma_tails(k + 1.0, mean), complement=True)

    return _lattice_quantile(u, _Cumulants(mean, mean, 1.0, 1.0, 1.0 / sqrt(mean)), reaches)


def geometric_quantile(u: float, p: float) -> int:
    """Return the quantile of the number of trials up to and including the first success."""
    if p == 1.0:
        return 1
    log_failure = log1p(-p)
    k = max(1, ceil(min(log1p(-u) / log_failure, _LARGEST_FLOAT)))
    # The quotient may be rounded up past a whole number.
    return k - 1 if k > 1 and -expm1((k - 1) * log_failure) >= u else k


def negative_binomial_quantile(u: float, r: float, p: float) -> int:
    """Return the quantile of the number of failures before the r-th success; r from 1e-300 to 1e100, whole or not."""
    q = 1.0 - p
    if q == 0.0:
        return 0
    k = 0
    if r * q < FEW * p:
        term = total = exp(r * log(p))
        while total < u and k < 300:
            term *= (r + k) / (k + 1) * q
            k += 1
            before = total
            total += term
            if total == before:
                return k
        if total >= u:
            return k
    # The tail is as long as that of a gamma distribution, the limit for many failures.
    strength = (1.0 + q) / sqrt(r * q)
    least = k

    def reaches(k: int) -> bool:
        return k >= least and _reaches(u, beta_tails(r, k + 1.0, p, q))

    mean = r * q / p
    far = strength * (1.0 + abs(normal_quantile(u))) > NEAR
    if least or far or p < 1e-100 or (mean / p > HUGE and strength > 1e-5):
        return _from_gamma(u, r, p, least, reaches)
    return _lattice_quantile(
        u, _Cumulants(mean, mean / p, (1.0 + q) / p, 1.0 + 6.0 * q / p / p, strength), reaches
    )


def _binomial(u: float, n: int, p: float) -> int:
    """Return the binomial quantile for p <= 1/2."""
    q = 1.0 - p
    mean = n * p
    if mean < FEW:
        k = 0
        odds = p / q
        term = total = exp(n * log1p(-p))
        while total < u and k < n:
            term *= (n - k) * odds
            k += 1
            term /= k
            before = total
            total += term
            if total == before:
                break
        return k

    def reaches(k: int) -> bool:
        return k >= n or (k >= 0 and _reaches(u, beta_tails(n - k, k + 1.0, q, p)))

    variance = mean * q
    cumulants = _Cumulants(mean, variance, q - p, 1.0 - 6.0 * p * q, 1.0 / sqrt(variance))
    return _lattice_quantile(u, cumulants, reaches)


class _Cumulants(NamedTuple):
    """What a Cornish-Fisher expansion of a discrete distribution needs."""

    mean: float
    variance: float
    third: float
    """Third cumulant / variance."""
    fourth: float
    """Fourth cumulant / variance."""
    strength: float
    """How far from normal: the size of the skewness (for the binomial: that of a Poisson of the same variance)."""


def _lattice_quantile(u: float, law: _Cumulants, reaches: Callable[[int], bool]) -> int:
    """Return the smallest whole number that `reaches` u."""
    z = normal_quantile(u)
    zz = z * z
    # With Sheppard's correction of the variance, F(k) is a smooth function at k + 1/2.
    variance = law.variance - 1.0 / 12.0
    sd = sqrt(variance)
    share = law.variance / variance
    skewness = law.third * share / sd
    excess = law.fourth * share / variance
    whole = floor(law.mean)
    beyond = law.mean - whole - 0.5 + sd * cornish_fisher(z, zz, skewness, excess)
    k = max(0, whole + ceil(beyond))
    # Neighbours are now closer together in F than floats are.
    if law.variance > HUGE:
        return k
    # No less than the first term left out, plus the rounding: how near the border between two values is too near.
    margin = doubt(zz, law.mean, sd, law.strength)
    if margin < beyond - floor(beyond) < 1.0 - margin and law.strength * (1.0 + abs(z)) <= NEAR:
        return k
    return _smallest(k, reaches)


def cornish_fisher(z: F, zz: F, skewness: F, excess: F) -> F:
    """Return how many standard deviations from the mean the quantile lies, given the normal one and its square."""
    bend = excess * (zz - 3.0) / 24.0 - skewness * skewness * (2.0 * zz - 5.0) / 36.0
    return z + skewness * (zz - 1.0) / 6.0 + z * bend


def doubt(zz: F, mean: F, sd: F, strength: F) -> F:
    """Return how far off the expansion of a discrete quantile may be."""
    return sd * strength**3 * (0.02 + 0.04 * zz + 0.01 * zz * zz) + 4e-16 * (mean + 10.0 * sd)


def _from_gamma(u: float, r: float, p: float, least: int, reaches: Callable[[int], bool]) -> int:
    """Return the negative binomial quantile, starting from its gamma limit."""
    guess = min(gamma_quantile(u, r) / -log1p(-p) - 0.5 * (r + 1.0), _LARGEST_FLOAT)
    # Where floats are further apart than 1, the limit is exact.
    return ceil(guess) if guess > 1e15 else _smallest(max(least, ceil(guess)), reaches)


def _smallest(guess: int, reaches: Callable[[int], bool]) -> int:
    """Return the smallest whole number that reaches, where all larger ones do."""
    low, high, stride = guess - 1, guess, 1
    while not reaches(high):
        low, high, stride = high, high + stride, 2 * stride
    while reaches(low):
        low, high, stride = low - stride, low, 2 * stride
    while high - low > 1:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle
    return high


def _reaches(u: float, tails: Tails, *, complement: bool = False) -> bool:
    """Say whether F >= u, in the tail that is smaller."""
    below, above = (tails.upper, tails.lower) if complement else (tails.lower, tails.upper)
    return below >= u if u <= 0.5 else above <= 1.0 - u


def _start_of_beta(u: float, a: float, b: float) -> float:
    """Return odds near the beta quantile (AS 109 for shapes above 1, else the first term of the series at an end)."""
    if min(a, b) > 1.0:
        z = -normal_quantile(u)
        s, t = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
        h = 2.0 / (s + t)
        v = (z * z - 3.0) / 6.0
        return a / b * exp(-2.0 * (z * sqrt(h + v) / h - (t - s) * (v + 5.0 / 6.0 - 2.0 / (3.0 * h))))
    left = exp(a * (log(a) - log(a + b))) / a
    right = exp(b * (log(b) - log(a + b))) / b
    if u * (left + right) < left:
        x = exp(min(0.0, (log(u) + log(a) + log_beta(a, b)) / a))
        return x / (1.0 - x) if x < 1.0 else 1.0
    y = exp(min(0.0, (log(1.0 - u) + log(b) + log_beta(a, b)) / b))
    return (1.0 - y) / y if 0.0 < y < 1.0 else (inf if y == 0.0 else 1.0)


def _solve(u: float, x: float, at: Callable[[float], tuple[Tails, float]]) -> float:
    """Return the x with F(x) = u by Halley's method on the logarithms of the smaller tail and of x.

    `at` gives the tails, and the derivative of the logarithm of their weight by log x.
    """
    low, high = 0.0, inf
    for _ in range(200):
        if not 0.0 < x < inf:
            break
        tails, drift = at(x)
        part, wanted, sign = (tails.lower, u, 1.0) if u <= 0.5 else (tails.upper, 1.0 - u, -1.0)
        low, high = (low, x) if (part > wanted) == (u <= 0.5) else (x, high)
        # Far out, both may be too small for a float; then the interval is halved.
        if part > 0.0 and tails.weight > 0.0:
            error = log(part / wanted)
            slope = sign * tails.weight / part
            step = error / slope
            step /= max(0.5, 1.0 - 0.5 * step * (drift - slope))
            x *= exp(-max(-30.0, min(30.0, step)))
            # The error is cubed by every step, so the step just taken has left nothing.
            if abs(error) < 1e-6:
                break
        if not low < x < high:
            x = sqrt(low or 0.1 * high) * sqrt(high if high < inf else 10.0 * low)
    return x
