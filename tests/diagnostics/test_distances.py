"""Distances against definitions: every matching tried, other formulas, shifts whose distance is known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from gsim_devs.diagnostics import (
    beside_truth,
    marginal_wasserstein,
    median_distance,
    mmd,
    sliced_wasserstein,
    wasserstein,
)
from gsim_devs.errors import UsageError

RNG = np.random.default_rng(3)


def test_the_best_of_all_matchings():
    a, b = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 3))
    best = min(np.linalg.norm(a - b[list(order)], axis=1).mean() for order in permutations(range(6)))

    assert wasserstein(a, b) == pytest.approx(best)


def test_points_that_both_sets_have_change_nothing():
    a, b = RNG.poisson(1.0, size=(7, 2)).astype(float), RNG.poisson(1.5, size=(7, 2)).astype(float)
    best = min(np.linalg.norm(a - b[list(order)], axis=1).mean() for order in permutations(range(7)))

    assert wasserstein(a, b) == pytest.approx(best)


def test_sets_of_different_sizes_are_weighed():
    a, b = RNG.normal(size=(4, 2)), RNG.normal(size=(6, 2))

    assert wasserstein(a, b) == pytest.approx(wasserstein(np.repeat(a, 3, axis=0), np.repeat(b, 2, axis=0)))
    assert marginal_wasserstein(a, b) == pytest.approx(
        [wasserstein_distance(a[:, 0], b[:, 0]), wasserstein_distance(a[:, 1], b[:, 1])]
    )


@pytest.mark.parametrize("shift", [(3.0, 4.0), (0.0, -2.0)])
def test_a_shift_moves_every_point_by_its_length(shift):
    a = RNG.normal(size=(50, 2))
    b = (a + shift)[RNG.permutation(50)]

    assert wasserstein(a, b) == pytest.approx(np.hypot(*shift))
    assert marginal_wasserstein(a, b) == pytest.approx(np.abs(shift))
    # The mean of |cos| over all directions of the plane is 2 / pi.
    assert sliced_wasserstein(a, b, projections=4000) == pytest.approx(np.hypot(*shift) * 2 / np.pi, rel=0.03)


def test_one_dimension_is_matched_in_order():
    a, b = RNG.normal(size=(40, 1)), RNG.normal(1.0, size=(40, 1))

    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a[:, 0], b[:, 0]))


def test_the_discrepancy_is_that_of_its_formula():
    a, b = RNG.normal(size=(12, 2)), RNG.normal(1.0, size=(9, 2))

    def kernel(x, y):
        return np.mean([[np.exp(-((p - q) @ (p - q)) / 2) for q in y] for p in x])

    expected = np.sqrt(kernel(a, a) + kernel(b, b) - 2 * kernel(a, b))
    assert mmd(a, b, bandwidth=1.0) == pytest.approx(expected)
    assert mmd(a, a) == 0.0


def test_a_median_of_zero_gives_way_to_the_mean_of_what_differs():
    a = np.zeros((9, 1))
    b = np.array([[0.0], [0.0], [4.0]])

    assert median_distance(a, b) == 4.0
    assert median_distance(a, a) == 0.0
    assert mmd(a, a[:3]) == 0.0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1))),
        (np.zeros((0, 2)), np.zeros((3, 2))),
        (np.zeros(3), np.zeros(3)),
        (np.full((3, 2), np.nan), np.zeros((3, 2))),
    ],
)
def test_what_are_no_points_is_refused(a, b):
    for distance in (wasserstein, marginal_wasserstein, sliced_wasserstein, mmd):
        with pytest.raises(UsageError):
            distance(a, b)


def test_a_matching_beyond_all_memory_is_refused():
    with pytest.raises(UsageError, match="too large"):
        wasserstein(RNG.normal(size=(997, 2)), RNG.normal(size=(1009, 2)))


def test_beside_the_truth_a_shift_shows_above_the_floor():
    before = np.zeros((8, 2))
    truth, again, right = (np.random.default_rng(seed).normal(size=(100, 8, 2)) for seed in range(3))

    exact, *_ = beside_truth(("a", "b"), before, right, truth, again, scaling="raw")
    shifted, *_ = beside_truth(("a", "b"), before, right + np.array([3.0, 4.0]), truth, again, scaling="raw")

    assert exact.low < 0.0 < exact.high
    assert exact.ratio == pytest.approx(1.0, abs=0.15)
    assert shifted.value == pytest.approx(5.0, abs=0.3)
    assert shifted.excess == pytest.approx(shifted.value - shifted.floor)
    assert shifted.low > 4.0
    # All truth is moved to one place, its mean: the mean length of a standard normal in the plane.
    assert shifted.conditional_mean == pytest.approx(np.sqrt(np.pi / 2), rel=0.05)
    assert (shifted.n, shifted.states, shifted.scaling) == (100, "next states from each of 8 states", "raw")
