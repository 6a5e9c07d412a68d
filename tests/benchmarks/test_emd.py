"""The distance of calibrated simulators from the true one, measured in the small."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.benchmarks import Systems
from gsim_devs.benchmarks.emd import CASES, Yardstick, measured
from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.observation import Experiment


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    return Systems(folder, lambda system, at: assembled_reference(scenario_of(system), at))


def test_the_further_from_the_truth_the_larger_the_distance(systems):
    (case,) = (one for one in CASES if one.system == "covid")
    data = systems.data("covid", split="test", trajectories=10, steps=20, seed=3)
    with Experiment(systems.simulator("covid"), systems.contract("covid"), data, workers=1) as test:
        scale = Yardstick(test, case, seed=0, samples=200)
        rates = (0.5, 0.6, 0.8)
        found = np.array([scale.distances({"infection_rate": rate}) for rate in rates])

    # The same values, though in other simulations, are as far as the truth is from itself.
    assert tuple(found[0]) == scale.floors
    assert (np.diff(found, axis=0) > 0.05).all()


def test_a_part_tells_every_method_beside_the_floor_and_what_was_published(systems):
    part = measured(
        systems, [0], lambda sentence: None, names=["covid"], methods=["auto"], trajectories=10, samples=200
    )

    rows = {row[0]: row[1] for row in part.rows}
    assert [*rows] == ["covid, auto", "covid, floor", "covid, published: evolution", "covid, published: SBI"]
    assert rows["covid, auto"] < rows["covid, floor"] + 0.3
    assert [bar.what for bar in part.bars] == [
        "covid, auto: W1 at t0, worst of 1 seeds",
        "covid, auto: seconds",
    ]
    assert any("infection_rate 0.5: 0.5" in note or "infection_rate 0.5: 0.4" in note for note in part.notes)
