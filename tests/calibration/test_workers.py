"""However many workers simulate the epidemic: the same seed gives the same estimate."""

from __future__ import annotations

import pytest

from gsim_devs.benchmarks import Systems
from gsim_devs.calibration import Budget, calibrate, problem_of
from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.observation import Experiment


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    return Systems(folder, lambda system, at: assembled_reference(scenario_of(system), at))


@pytest.mark.parametrize(("method", "simulations"), [("cma", 150), ("ga", 600), ("npe", 300), ("auto", 1500)])
def test_the_number_of_workers_changes_no_estimate(systems, method, simulations):
    data = systems.data("covid", split="train", trajectories=4, steps=20, seed=2)
    found = []
    for workers in (1, 2):
        with Experiment(
            systems.simulator("covid"), systems.contract("covid"), data, workers=workers
        ) as experiment:
            estimate = calibrate(problem_of(experiment), method, Budget(simulations), seed=6)
        found.append(estimate.model_copy(update={"seconds": 0.0}))

    assert found[0] == found[1]
    assert found[0].point is not None
