"""A simulator beside data: what is asked of it, and what is said of data that tell little."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gsim_devs.diagnostics import check_up
from gsim_devs.errors import UsageError
from gsim_devs.observation import Dataset, Experiment, StressResult, Trajectory
from gsim_devs.rules import Violation
from tests.observation.sir import ARRAYS, sir_contract, sir_simulator

TRUE = {"beta": 0.5, "gamma": 0.1}
NAMES = ("S", "I", "R")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return sir_simulator(tmp_path_factory.mktemp("town") / "sir", arrays=ARRAYS)


def beside(town, dataset):
    return Experiment(town, sir_contract(), dataset, workers=1)


def dataset(states, names=NAMES):
    """Trajectories of states (M, T, D), one row a day."""
    times = np.arange(states.shape[1], dtype=float)
    return Dataset(names, tuple(Trajectory(str(at), times, one) for at, one in enumerate(states)))


def towns(seed=0, count=6, days=30):
    rng = np.random.default_rng(seed)
    states = [np.tile([180.0, 20.0, 0.0], (count, 1))]
    for _ in range(days):
        susceptible, infective, recovered = states[-1].T.astype(int)
        infections = rng.binomial(susceptible, 1 - np.exp(-TRUE["beta"] * infective / 200))
        recoveries = rng.binomial(infective, TRUE["gamma"])
        following = (susceptible - infections, infective + infections - recoveries, recovered + recoveries)
        states.append(np.stack(following, axis=-1).astype(float))
    return np.stack(states, axis=1)


def test_draws_of_a_posterior_allow_for_what_is_uncertain(town):
    """A rate that is 15 % off is an error, unless the posterior is as wide."""
    off = {"beta": 0.575, "gamma": 0.1}
    rng = np.random.default_rng(0)
    wide = {"beta": rng.normal(0.575, 0.08, 200).tolist(), "gamma": [0.1] * 200}
    with beside(town, dataset(towns(count=10))) as experiment:
        certain = check_up(experiment, off)
        uncertain = check_up(experiment, off, posterior=wide)

    assert certain.verdict == "wrong"
    assert uncertain.verdict == "consistent"
    assert uncertain.tables.startswith("posterior-predictive bands hold")
    # Courses with uncertain rates hold what those with a wrong one do not.
    assert uncertain.paths[0].coverage[2] > certain.paths[0].coverage[2]


def test_a_posterior_of_other_parameters_or_without_samples_is_refused(town):
    with beside(town, dataset(towns())) as experiment:
        with pytest.raises(UsageError, match="'delta', which is no parameter"):
            check_up(experiment, TRUE, posterior={"delta": [1.0]})
        with pytest.raises(UsageError, match="as many samples of each"):
            check_up(experiment, TRUE, posterior={"beta": [0.5], "gamma": []})


def test_a_rule_that_is_broken_under_stress_comes_first(town):
    broken = StressResult(
        due=100,
        broken={"nobody-is-lost": 7},
        share=0.07,
        failures={"case-2": "memory ran out"},
        examples=(Violation("nobody-is-lost", "Nobody is born.", "system", "200", "201"),),
    )
    clean = StressResult(due=100, broken={}, share=0.0, failures={})
    with beside(town, dataset(towns())) as experiment:
        found = check_up(experiment, TRUE, stress=broken, untold=["gamma"])
        fine = check_up(experiment, TRUE, stress=clean)

    assert found.is_wrong
    assert [one.label for one in found.causes] == ["rules broken", "runs fail"]
    assert found.said[0] == "Under stress `nobody-is-lost` is broken 7 times: “Nobody is born.”"
    assert "of `case-2`: memory ran out." in found.said[1]
    assert found.text.startswith("The model is wrong, though its steps are not: 180 transitions")
    assert "`gamma` is not determined by the data of the fit." in found.said
    assert not fine.is_wrong
    assert "Under stress every rule holds (100 obligations)." in fine.said


def test_what_is_seen_in_part_is_compared_in_free_runs(town):
    with beside(town, dataset(towns()[:, :, 1:2], ("I",))) as experiment:
        right = check_up(experiment, {**TRUE})
        wrong = check_up(experiment, {**TRUE, "gamma": 0.4})

    # The simulation begins with the usual 90 susceptible, the data with 180.
    assert right.steps is None
    assert right.said[0] == "No row of the data tells the whole state."
    assert wrong.is_wrong
    assert [one.label for one in wrong.causes] == ["courses stray"]
    assert "It is below the data in `I` from time" in wrong.text


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (np.tile([150.0, 0.0, 50.0], (4, 20, 1)), "undecided"),
        (towns(count=1), "undecided"),
        (towns(count=1, days=1), "undecided"),
        (np.tile([150.0, 50.0, 0.0], (4, 20, 1)), "wrong"),
    ],
    ids=["nothing moves", "one trajectory", "two rows", "constant where it should move"],
)
def test_data_that_tell_little_have_a_sound_diagnosis(town, states, verdict):
    with beside(town, dataset(states)) as experiment:
        found = check_up(experiment, TRUE, sensitivity=True)

    assert found.verdict == verdict
    json.dumps(found.data, allow_nan=False)
    assert "nan" not in found.text + found.tables
    assert "inf" not in (found.text + found.tables).replace("infective", "")


def test_rows_that_are_missing_leave_the_others_to_compare(town):
    states = towns()
    rng = np.random.default_rng(1)
    states[rng.random(states.shape) < 0.2] = np.nan
    with beside(town, dataset(states)) as experiment:
        found = check_up(experiment, TRUE)

    assert not found.is_wrong
    assert found.steps is not None
    assert 0 < found.steps.transitions < 100


def test_why_simulations_fail_is_told(town):
    with beside(town, dataset(towns())) as experiment:
        found = check_up(experiment, {"beta": 3.0, "gamma": 0.1})

    assert found.verdict == "undecided"
    assert "100 % of the simulated steps failed; they are left out." in found.said
    assert "100 % of the free runs failed; they are left out." in found.said
    assert "did so because: a parameter is out of its bounds" in found.said[-1]
