"""Keyed draws of many runs at once, for models that are also written as steps of numpy's arrays.

What `draws` does for one run is done here for a row of each: a row's k-th draw starts from a uniform number that
belongs to its key and k, whatever its parameters and whatever the other rows are; and a number becomes a value by the
same inverse distribution functions. The values are floats. A row whose parameters are impossible gets nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .quantiles import (
    ALMOST_ONE,
    FEW,
    HUGE,
    NEAR,
    binomial_quantile,
    central,
    cornish_fisher,
    doubt,
    poisson_quantile,
    shoulder,
    tail,
)

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

# SplitMix64: a row's numbers are those of that generator, started at its key.
_STRIDE = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_MOST_TRIALS = 2.0**53


class ArrayDraw:
    """The draws of many rows; every draw takes one uniform number of every row.

    Where parameters have a second axis, each of its columns is a draw of its own.
    """

    def __init__(self, keys: Keys) -> None:
        """Begin with the first draw of each key: 64 bits that are as good as random."""
        self._keys = keys
        self._position = 0

    def uniform(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> Floats:
        """Draw a number between low and high."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        return np.where(low <= high, low + (high - low) * self._next(low, high), np.nan)

    def exponential(self, rate: ArrayLike) -> Floats:
        """Draw an exponential time; its mean is 1 / rate."""
        rate = np.asarray(rate, float)
        return -np.log1p(-self._next(rate)) / np.where((rate > 0) & (rate < np.inf), rate, np.nan)

    def normal(self, mean: ArrayLike, sd: ArrayLike) -> Floats:
        """Draw a normal number from its mean and standard deviation."""
        mean, sd = np.asarray(mean, float), np.asarray(sd, float)
        spread: Floats = np.where(sd >= 0, sd, np.nan)
        return mean + spread * normal_quantiles(self._next(mean, sd))

    def bernoulli(self, p: ArrayLike) -> Floats:
        """Draw 1 with probability p, else 0."""
        p = np.asarray(p, float)
        return np.where((p >= 0) & (p <= 1), self._next(p) > 1.0 - p, np.nan)

    def binomial(self, n: ArrayLike, p: ArrayLike) -> Floats:
        """Draw the number of successes in n trials with probability p each."""
        n, p = np.asarray(n, float), np.asarray(p, float)
        u, n, p = np.broadcast_arrays(self._next(n, p), n, p)
        return _where(
            (n >= 0) & (n <= _MOST_TRIALS) & (np.floor(n) == n) & (p >= 0) & (p <= 1), _binomial, u, n, p
        )

    def poisson(self, mean: ArrayLike) -> Floats:
        """Draw the number of events where `mean` are expected."""
        mean = np.asarray(mean, float)
        u, mean = np.broadcast_arrays(self._next(mean), mean)
        return _where((mean >= 0) & (mean < np.inf), _poisson, u, mean)

    def _next(self, *parameters: Floats) -> Floats:
        """Return uniform numbers from 2**-53 to 1 - 2**-53, like those of `draws`: one for each row and column."""
        widths = [one.shape[1] for one in parameters if one.ndim == 2]
        if not widths:
            self._position += 1
            return _uniforms(self._keys + np.uint64(self._position * _STRIDE % 2**64))
        width = max(widths)
        steps = [(self._position + k) * _STRIDE % 2**64 for k in range(1, width + 1)]
        self._position += width
        return _uniforms(self._keys[:, None] + np.array(steps, dtype=np.uint64))


def _uniforms(bits: Keys) -> Floats:
    for shift, factor in _MIX:
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits = bits ^ (bits >> np.uint64(31))
    return (bits >> np.uint64(12)).astype(np.float64) * 2.0**-52 + 2.0**-53


def normal_quantiles(u: Floats) -> Floats:
    """Return standard normal quantiles."""
    q = u - 0.5
    z = central(q)
    outer = np.abs(q) > 0.425
    below, v = q[outer] < 0, u[outer]
    r = np.sqrt(-np.log(np.where(below, v, 1.0 - v)))
    size = shoulder(r)
    far = r > 5.0
    size[far] = tail(r[far])
    z[outer] = np.where(below, -size, size)
    return z


def _where(sound: NDArray[np.bool_], quantile: Callable[..., Floats], *columns: Floats) -> Floats:
    """Apply to the rows that are sound; the others are nan."""
    if sound.ndim == 1 and sound.all():
        return quantile(*columns)
    out = np.full(sound.shape, np.nan)
    out[sound] = quantile(*(column[sound] for column in columns))
    return out


def _binomial(u: Floats, n: Floats, p: Floats) -> Floats:
    # Counted in failures where those are rarer, as `binomial_quantile` does.
    turned = p > 0.5
    v, rare = u, p
    if turned.any():
        v = np.where(turned, np.minimum(np.nextafter(1.0 - u, 1.0), ALMOST_ONE), u)
        rare = np.where(turned, 1.0 - p, p)
    k = np.empty(len(u))
    few = n * rare < FEW
    rows = np.flatnonzero(few)
    success, trials = rare[rows], n[rows]
    k[rows] = _stepped(
        v[rows],
        np.exp(trials * np.log1p(-success)),
        trials,
        lambda k, n, odds: (n - k + 1) * odds / k,
        trials,
        success / (1.0 - success),
    )
    many = ~few
    if many.any():
        w, trials, success = v[many], n[many], rare[many]
        failure = 1.0 - success
        variance = trials * success * failure
        k[many] = _expanded(
            w,
            trials * success,
            variance,
            failure - success,
            1.0 - 6.0 * success * failure,
            1.0 / np.sqrt(variance),
            lambda row: binomial_quantile(float(w[row]), int(trials[row]), float(success[row])),
        )
    return np.where(turned, n - k, k)


def _poisson(u: Floats, mean: Floats) -> Floats:
    k = np.empty(len(u))
    few = mean < FEW
    no_end = np.full(int(few.sum()), np.inf)
    k[few] = _stepped(u[few], np.exp(-mean[few]), no_end, lambda k, mean: mean / k, mean[few])
    many = ~few
    if many.any():
        v, large = u[many], mean[many]
        ones = np.ones(len(large))
        k[many] = _expanded(
            v,
            large,
            large,
            ones,
            ones,
            1.0 / np.sqrt(large),
            lambda row: poisson_quantile(float(v[row]), float(large[row])),
        )
    return k


def _stepped(
    u: Floats, first: Floats, last: Floats, ratio: Callable[..., Floats], *parameters: Floats
) -> Floats:
    """Step up from 0, term by term, until the sum reaches u; `ratio` is that of the k-th term to the one before."""
    out = np.zeros(len(u))
    rows = np.flatnonzero((first < u) & (last > 0))
    term, total = first[rows], first[rows]
    k = 0
    while len(rows):
        k += 1
        term = term * ratio(k, *(one[rows] for one in parameters))
        before, total = total, total + term
        out[rows] = k
        more = (total < u[rows]) & (k < last[rows]) & (total != before)
        rows, term, total = rows[more], term[more], total[more]
    return out


def _expanded(
    u: Floats,
    mean: Floats,
    variance: Floats,
    third: Floats,
    fourth: Floats,
    strength: Floats,
    exactly: Callable[[int], Any],
) -> Floats:
    """Take the expansion where it decides between two whole numbers, else the quantile of that row alone."""
    z = normal_quantiles(u)
    zz = z * z
    corrected = variance - 1.0 / 12.0
    sd = np.sqrt(corrected)
    share = variance / corrected
    whole = np.floor(mean)
    steps = cornish_fisher(z, zz, third * share / sd, fourth * share / corrected)
    beyond = mean - whole - 0.5 + sd * steps
    k: Floats = np.maximum(0.0, whole + np.ceil(beyond))
    part = beyond - np.floor(beyond)
    margin = doubt(zz, mean, sd, strength)
    is_clear = (margin < part) & (part < 1.0 - margin) & (strength * (1.0 + np.abs(z)) <= NEAR)
    for row in np.flatnonzero(~is_clear & (variance <= HUGE)).tolist():
        k[row] = exactly(row)
    return k
