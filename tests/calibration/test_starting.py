"""Earlier estimates: what is taken over, what is not, and that it helps."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.calibration import Budget, Estimate, calibrate, left_out
from gsim_devs.calibration.space import Space
from gsim_devs.calibration.starting import known
from tests.calibration.problems import Formula, real, whole

HERE = {
    "rate": real(0.0, 2.0, unit="1/day"),
    "stay": real(1.0, 30.0, unit="days"),
    "beds": whole(1, 50),
    "share": real(0.0, 1.0),
}


def estimate(units, **point):
    return Estimate(method="cma", seed=0, status="converged", sentence="", point=point, units=units)


def test_what_has_the_same_name_and_unit_is_taken_over_and_nothing_else():
    start = estimate(
        {"rate": "1/day", "stay": "hours", "beds": None, "share": "%", "cost": None},
        rate=0.5, stay=24.0, beds=70, share=0.5, cost=3.0,
    )  # fmt: skip

    point = known(start, Space(HERE))

    assert point[0] == pytest.approx(0.25)
    assert np.isnan(point[1:]).all()
    assert left_out(start, HERE) == [
        "stay is not taken over: its unit is hours in the estimate, and days here",
        "beds is not taken over: 70 is not within its bounds here",
        "share is not taken over: its unit is % in the estimate, and no unit here",
    ]


def test_an_estimate_that_tells_nothing_is_none():
    assert known(estimate({"rate": "1/week"}, rate=0.5), Space(HERE)) is None
    assert known(Estimate(method="cma", seed=0, status="failed", sentence=""), Space(HERE)) is None
    assert left_out(estimate({"rate": "1/day"}, rate=0.5), HERE) == []


def valley(theta):
    """Four parameters that matter within a hundredth of their range."""
    off = [(theta[name] - at) / 0.02 for name, at in zip("abcd", (0.21, -0.43, 0.65, -0.87), strict=True)]
    return 1 - np.exp(-(sum(one**2 for one in off) ** 0.5) / 10)


def simulations_until(limit, found):
    return next(spent for spent, loss in found.history if loss < limit)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_estimate_of_another_model_saves_simulations_for_what_both_have(seed):
    space = {name: real(-1.0, 1.0) for name in "abcd"}
    other = estimate(dict.fromkeys("abcx"), a=0.21, b=-0.43, c=0.65, x=0.9)
    foreign = estimate(dict.fromkeys("abcx", "km"), a=0.21, b=-0.43, c=0.65, x=0.9)

    alone, helped, not_helped = (
        calibrate(Formula(space, valley), "cma", Budget(simulations=3000), seed=seed, start=start)
        for start in (None, other, foreign)
    )

    assert simulations_until(0.05, helped) < 0.7 * simulations_until(0.05, alone)
    assert simulations_until(0.05, not_helped) == simulations_until(0.05, alone)
    assert helped.point["d"] == pytest.approx(-0.87, abs=0.02)
