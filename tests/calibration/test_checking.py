"""A right posterior passes, and a wrong one is told what is wrong with it."""

import numpy as np
import pytest

from gsim_devs.calibration.checking import LEVEL, check_posterior

COLUMNS = {"level": slice(0, 1), "slope": slice(1, 2)}
NOISE = 0.5


def posterior(seed, width=1.0, shift=0.0, turn=1.0, count=300):
    """Two standard normal parameters, each seen with noise: the posterior is normal by a formula, here made wrong."""
    draws = np.random.default_rng(seed)
    truths = draws.standard_normal((count, 2))
    seen = truths + NOISE * draws.standard_normal((count, 2))
    gain, sd = 1 / (1 + NOISE**2), NOISE / np.sqrt(1 + NOISE**2)
    normal = draws.standard_normal((count, 200, 2))
    # Parameters that go together, though they should not; each alone stays as it is.
    normal[..., 1] = np.sqrt(1 - (1 - turn) ** 2) * normal[..., 1] + (1 - turn) * normal[..., 0]
    samples = gain * seen[:, None] + sd * normal * np.array([width, 1.0]) + np.array([shift * sd, 0.0])
    return truths, samples


def test_a_right_posterior_is_blamed_no_more_often_than_the_level_says():
    checks = [check_posterior(*posterior(seed, count=200), COLUMNS, seed) for seed in range(200)]

    blamed = sum(not one.passed for one in checks)
    # 200 times 1 %: more than 7 happen once in 5000 times.
    assert blamed <= 7
    assert checks[0].level == LEVEL == 0.01


def test_a_right_posterior_says_how_much_its_intervals_hold():
    check = check_posterior(*posterior(seed=3, count=2000), COLUMNS, 0)

    assert check.passed
    assert "nothing speaks against the posterior on 2000 simulations" in check.sentence
    for one in (*check.parameters.values(), check.together):
        held = [one.coverage[part] for part in ("50%", "80%", "90%")]
        assert held == pytest.approx([0.5, 0.8, 0.9], abs=0.04)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"width": 0.6}, "too narrow in level: its 90 % intervals hold"),
        ({"width": 1.7}, "too wide in level: its 90 % intervals hold"),
        ({"shift": 0.6}, "too high in level: its 90 % intervals hold"),
        ({"shift": -0.6}, "too low in level: its 90 % intervals hold"),
        ({"turn": 0.1}, "wrong in how parameters go together: regions that should hold 50, 80, 90 % hold"),
    ],
)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_wrong_posterior_is_named(wrong, words, seed):
    check = check_posterior(*posterior(seed, **wrong), COLUMNS, seed)

    assert not check.passed
    assert f"the posterior is {words}" in check.sentence
    assert "slope" not in check.sentence


def test_intervals_that_are_too_narrow_hold_what_the_formula_says():
    check = check_posterior(*posterior(0, width=0.6, count=4000), COLUMNS, 0)

    # Of a normal number, 1.645 * 0.6 standard deviations on either side hold 67.6 %.
    assert check.parameters["level"].coverage["90%"] == pytest.approx(0.676, abs=0.03)


def test_shares_are_one_parameter_and_the_worst_of_them_counts():
    truths, samples = posterior(0, width=0.5)

    check = check_posterior(truths, samples, {"mix": slice(0, 2)}, 0)

    assert "too narrow in mix" in check.sentence
