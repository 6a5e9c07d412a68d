"""Candidates whose simulations hang, die or eat all memory: given up after a few, and no harm to the others."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.execution import Limits
from gsim_devs.observation import Experiment, load_dataset
from tests.observation.sir import TOWN, sir_contract, sir_simulator

BEGIN = "self.strength = 0.0"
GOOD, BAD = {"beta": 0.5, "gamma": 0.1}, {"beta": 1.5, "gamma": 0.1}


@pytest.fixture
def dataset(tmp_path):
    rows = "".join(f"{name},{t},{90 - t},{10 + t},0\n" for name in range(4) for t in range(11))
    (tmp_path / "data.csv").write_text("trajectory,t,S,I,R\n" + rows)
    return load_dataset(tmp_path / "data.csv", sir_contract())


def simulated(folder, dataset, town, thetas, *, workers=1, limits=None):
    simulator = sir_simulator(folder / "sir", town)
    with Experiment(simulator, sir_contract(), dataset, workers=workers, limits=limits) as experiment:
        told = experiment.one_step(thetas, experiment.transitions(), seed=3, draws=2)
        return told, experiment.reasons, experiment


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while beta > 1.2: pass", "still running after"),
        ("if beta > 1.2: import os; os._exit(3)", "exited with code 3"),
        ("if beta > 1.2: import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9"),
    ],
)
def test_a_hopeless_candidate_is_given_up_after_a_few_of_its_simulations(tmp_path, dataset, code, said):
    town = TOWN.replace(BEGIN, f"{BEGIN}\n        {code}")
    expected, _, _ = simulated(tmp_path / "right", dataset, TOWN, [GOOD])

    told, reasons, experiment = simulated(
        tmp_path / "wrong", dataset, town, [BAD, GOOD], limits=Limits(seconds=1.0)
    )

    assert np.isnan(told[0]).all()
    np.testing.assert_array_equal(told[1], expected[0])
    # Of its 80 simulations.
    assert experiment.failures <= 3
    assert said in next(iter(reasons))


def test_a_candidate_that_fails_in_the_ordinary_way_is_tried_from_every_start(tmp_path, dataset):
    # Only in the last of the simulated states there is anything wrong.
    town = TOWN.replace(BEGIN, f"{BEGIN}\n        assert beta < 1.2 or susceptible > 82")

    told, _, experiment = simulated(tmp_path, dataset, town, [BAD])

    assert experiment.failures == 2 * 4 * 2
    assert np.isnan(told[0, :, :, 0]).sum() == experiment.failures


def test_the_same_is_found_with_one_worker_and_with_two(tmp_path, dataset):
    # It dies from some starts only.
    town = TOWN.replace(
        BEGIN, f"{BEGIN}\n        if beta > 1.2 and susceptible == 85: import os; os._exit(1)"
    )
    thetas, dataset = [GOOD, BAD], dataset.only(["0"])

    one, _, _ = simulated(tmp_path / "one", dataset, town, thetas, workers=1)
    two, _, _ = simulated(tmp_path / "two", dataset, town, thetas, workers=2)

    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one[0]).all()
    assert np.isnan(one[1]).any()


def test_patience_is_learnt_from_the_simulators_own_parameters(tmp_path, dataset):
    quick, _, experiment = simulated(tmp_path, dataset, TOWN, [GOOD])

    assert np.isfinite(quick).all()
    assert experiment._pool.patience < 20.0


def test_patience_that_is_given_is_kept(tmp_path, dataset):
    _, _, experiment = simulated(tmp_path, dataset, TOWN, [GOOD], limits=Limits(seconds=13.0))

    assert experiment._pool.patience == 13.0
