"""A regression that tells what it would have guessed of rows that it has not seen."""

import numpy as np
import pytest

from gsim_devs.calibration.ridge import Ridge
from gsim_devs.errors import UsageError


def rows(count, width, seed=0):
    """Numbers, a few of which tell the first of two aims; nothing tells the second."""
    draws = np.random.default_rng(seed)
    told = draws.standard_normal((count, width))
    first = told[:, :3].sum(axis=1) + 0.5 * draws.standard_normal(count)
    return told, np.column_stack([first, draws.random(count)])


@pytest.mark.parametrize("width", [10, 200])
def test_errors_on_rows_left_out_are_those_on_new_rows(width):
    told, aims = rows(120, width)
    new, wanted = rows(3000, width, seed=1)
    ridge = Ridge(told, aims, np.ones(width, dtype=bool))

    left_out = (aims - ridge.left_out).std(axis=0)
    fresh = (wanted - ridge.guess(new)).std(axis=0)

    assert left_out == pytest.approx(fresh, rel=0.2)


@pytest.mark.parametrize("width", [10, 200])
def test_a_guess_does_not_give_its_own_row_away(width):
    found = []
    for seed in range(30):
        told, aims = rows(120, width, seed)
        ridge = Ridge(told, aims, np.ones(width, dtype=bool))
        found.append(np.corrcoef(ridge.left_out[:, 1], aims[:, 1])[0, 1])

    # Of 120 pairs that have nothing to do with each other, the mean of 30 correlations is below 3 / sqrt(120 * 30).
    assert abs(np.mean(found)) < 0.05


def test_numbers_that_were_not_observed_or_never_change_are_left_out():
    told, aims = rows(120, 6)
    told[:, 3] = 7.0
    told[:, 5] *= 1e307
    seen = np.array([True, True, True, True, False, True])

    one = Ridge(told, aims, seen).guess(told[:4])
    told[:, 4] = np.nan
    other = Ridge(told, aims, seen).guess(told[:4])

    assert (one == other).all()
    assert np.isfinite(one).all()


def test_a_number_far_off_counts_as_a_little_off():
    told, aims = rows(120, 5)
    ridge = Ridge(told, aims, np.ones(5, dtype=bool))
    far = told[:1].copy()
    far[0, 0] = 1e9

    assert abs(ridge.guess(far)[0, 0]) < 20


def test_nothing_that_depends_on_anything_is_refused():
    with pytest.raises(UsageError, match="no summary depends on the parameters"):
        Ridge(np.ones((50, 3)), np.random.default_rng(0).random((50, 2)), np.ones(3, dtype=bool))
