"""Free runs beside trajectories: random walks, whose law is known."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.diagnostics import check_paths
from gsim_devs.diagnostics.paths import about_paths
from gsim_devs.errors import UsageError


def walks(seed, *shape, drift=0.0):
    return np.random.default_rng(seed).normal(drift, 1.0, size=(*shape, 30, 1)).cumsum(axis=-2)


def test_walks_of_the_same_law_stay_where_the_data_are():
    wrong = [
        check_paths(("x",), walks(seed, 8), walks(1000 + seed, 40, 8))[0].is_wrong for seed in range(100)
    ]

    # At a level of 5 %, 11 or more of 100 are less probable than 1 in 100.
    assert sum(wrong) <= 11


def test_the_shares_inside_are_those_that_were_promised():
    (check,) = check_paths(("x",), walks(1, 400), walks(2, 99, 400))

    assert check.coverage == pytest.approx((0.5, 0.8, 0.9), abs=0.04)
    assert about_paths([check])[0].endswith("its 90% bands hold 90% of the observed values.")


def test_a_drift_that_the_model_lacks_is_seen():
    times = np.tile(np.arange(30) + 10.0, (8, 1))

    (check,) = check_paths(("x",), walks(1, 8, drift=0.8), walks(2, 40, 8), times=times)

    assert check.is_wrong
    assert check.coverage[2] < 0.7
    # After n steps the data are 0.8 n above walks whose standard deviation is the root of n.
    assert check.stray.is_above
    assert (check.stray.end, check.stray.at) == (39.0, 39.0)
    assert check.stray.gap == pytest.approx(0.8 * 30, abs=5.0)
    (said,) = about_paths([check])
    assert "strays from the data in `x`" in said
    assert "It is below the data in `x` from time" in said


def test_one_trajectory_that_is_elsewhere_is_not_said_to_stay():
    (check,) = check_paths(("x",), walks(1, 1, drift=3.0), walks(2, 40, 1), level=0.01)

    # The furthest of 41 is no rarer than one in 41.
    assert not check.is_wrong
    assert check.coverage[2] < 0.5
    (said,) = about_paths([check])
    assert "stays" not in said
    assert said.endswith("of the observed values; 1 trajectory cannot tell whether that is chance.")


def test_a_dimension_that_nobody_observed_is_not_judged():
    data, runs = walks(1, 8), walks(2, 40, 8)

    checks = check_paths(
        ("x", "y"), np.concatenate((data, np.nan * data), axis=-1), np.concatenate((runs, runs), axis=-1)
    )

    assert [one.name for one in checks] == ["x"]


def test_arrays_that_do_not_fit_and_too_few_runs_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        check_paths(("x",), walks(1, 8), walks(2, 40, 7))
    with pytest.raises(UsageError, match="too few"):
        check_paths(("x",), walks(1, 8), walks(2, 10, 8))
