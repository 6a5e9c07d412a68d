"""Distances between two sets of points: how far would one have to move one to get the other?

Points are rows. Scaling and floors are the caller's: see `measuring`. Leaves out entropic approximations, which are
biased upwards.
"""

from __future__ import annotations

from math import lcm

import numpy as np
from numpy.typing import NDArray

from gsim_devs.errors import UsageError

Floats = NDArray[np.float64]

_MOST_POINTS = 5000
"""A matching of more points than that takes minutes and gigabytes."""
_MOST_FOR_KERNEL = 2000


def wasserstein(a: Floats, b: Floats) -> float:
    """The mean Euclidean distance that points move in the best matching of the two sets (exact)."""
    _examine(a, b)
    if a.shape[1] == 1:
        return float(marginal_wasserstein(a, b)[0])
    left, right, whole = _differences(a, b)
    if not len(left):
        return 0.0

    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]
    from scipy.spatial.distance import cdist  # type: ignore[import-untyped]

    costs = cdist(left, right)
    rows, columns = linear_sum_assignment(costs)
    return float(costs[rows, columns].sum() / whole)


def marginal_wasserstein(a: Floats, b: Floats) -> Floats:
    """The same for each column alone."""
    _examine(a, b)
    return _sorted_gap(a, b)


def sliced_wasserstein(a: Floats, b: Floats, *, projections: int = 100, seed: int = 0) -> float:
    """The mean over random directions of the distance along each; cheap, and little biased in many dimensions."""
    _examine(a, b)
    directions = np.random.default_rng(seed).normal(size=(a.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    return float(_sorted_gap(a @ directions, b @ directions).mean())


def mmd(a: Floats, b: Floats, *, bandwidth: float | None = None) -> float:
    """The maximum mean discrepancy with a Gaussian kernel, never below 0; without a bandwidth: the median heuristic.

    Distances are to be compared at one bandwidth. Of more than 2000 points, 2000 spread evenly are taken.
    """
    _examine(a, b)
    a, b = _thinned(a), _thinned(b)
    width = median_distance(a, b) if bandwidth is None else bandwidth
    if width <= 0.0:
        return 0.0
    value = _kernel_mean(a, a, width) + _kernel_mean(b, b, width) - 2.0 * _kernel_mean(a, b, width)
    return float(np.sqrt(max(0.0, value)))


def median_distance(a: Floats, b: Floats) -> float:
    """The median distance of all points; the mean of the positive ones where most are 0; 0 if all points are one."""
    from scipy.spatial.distance import pdist

    between = pdist(np.concatenate((_thinned(a), _thinned(b))))
    median = float(np.median(between))
    if median > 0.0:
        return median
    positive = between[between > 0.0]
    return float(positive.mean()) if len(positive) else 0.0


def _examine(a: Floats, b: Floats) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not len(a) or not len(b):
        raise UsageError(
            f"a distance needs two sets of points of the same dimension, not arrays of shape {a.shape} and {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise UsageError("a distance needs finite points; leave out those with missing values")


def _differences(a: Floats, b: Floats) -> tuple[Floats, Floats, int]:
    """What is left of either set once points that both have are taken away, as many of one as of the other.

    Mass that both sets have at one place stays there in some best matching, by the triangle inequality. The third
    value is into how many parts the whole was split.
    """
    whole = lcm(len(a), len(b))
    points, where = np.unique(np.concatenate((a, b)), axis=0, return_inverse=True)
    where = where.reshape(-1)
    surplus = np.bincount(where[: len(a)], minlength=len(points)) * (whole // len(a))
    surplus -= np.bincount(where[len(a) :], minlength=len(points)) * (whole // len(b))
    amount = int(np.maximum(surplus, 0).sum())
    if amount > _MOST_POINTS:
        raise UsageError(
            f"an exact matching of {len(a)} with {len(b)} points is too large ({amount} pairs, at most "
            f"{_MOST_POINTS}); take as many of one as of the other, or fewer"
        )
    left = np.repeat(points, np.maximum(surplus, 0), axis=0)
    right = np.repeat(points, np.maximum(-surplus, 0), axis=0)
    return left, right, whole


def _sorted_gap(a: Floats, b: Floats) -> Floats:
    """The area between the quantile functions of each column."""
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    if len(a) == len(b):
        gap: Floats = np.abs(a - b).mean(axis=0)
        return gap
    levels = np.union1d(np.arange(1, len(a) + 1) / len(a), np.arange(1, len(b) + 1) / len(b))
    widths = np.diff(levels, prepend=0.0)
    middles = levels - widths / 2.0
    at_a = np.minimum((middles * len(a)).astype(int), len(a) - 1)
    at_b = np.minimum((middles * len(b)).astype(int), len(b) - 1)
    area: Floats = (np.abs(a[at_a] - b[at_b]) * widths[:, None]).sum(axis=0)
    return area


def _kernel_mean(a: Floats, b: Floats, width: float) -> float:
    from scipy.spatial.distance import cdist

    return float(np.exp(-cdist(a, b, "sqeuclidean") / (2.0 * width**2)).mean())


def _thinned(points: Floats) -> Floats:
    if len(points) <= _MOST_FOR_KERNEL:
        return points
    thinned: Floats = points[np.linspace(0, len(points) - 1, _MOST_FOR_KERNEL).astype(int)]
    return thinned
