from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gsim_devs.interventions.intervals import Interval, interval, t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 9, 49, 1000])
@pytest.mark.parametrize("beyond", [0.5, 0.1, 0.025, 1e-5])
def test_quantiles_are_those_of_scipy(beyond, freedom):
    assert t_quantile(beyond, freedom) == pytest.approx(stats.t.isf(beyond, freedom), rel=1e-9, abs=1e-12)


def test_an_interval_is_that_of_the_formula():
    found = interval([1.0, 2.0, 4.0, 9.0], 0.9)

    low, high = stats.t.interval(0.9, 3, loc=4.0, scale=stats.sem([1, 2, 4, 9]))
    assert (found.mean, found.count) == (4.0, 4)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_intervals_hold_the_truth_as_often_as_they_say():
    samples = np.random.default_rng(1).normal(3.0, 2.0, (2000, 5))

    held = [interval(sample, 0.8) for sample in samples]

    # Binomial with 2000 trials: a standard deviation of 0.9 %.
    assert np.mean([one.low <= 3.0 <= one.high for one in held]) == pytest.approx(0.8, abs=0.036)


def test_of_fewer_than_two_values_nothing_is_known():
    assert interval([2.0]).low == -math.inf
    assert interval([2.0]).mean == 2.0
    assert math.isnan(interval([]).mean)


def test_equal_values_have_no_width():
    assert interval([2.0, 2.0]) == Interval(2.0, 0.0, 2)
