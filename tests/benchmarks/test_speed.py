"""The benchmark of speed in the small: that it compares like with like. How fast anything is, is not for a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gsim_devs.benchmarks import Systems, speed
from gsim_devs.cli.conform import assembled_reference, scenario_of


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    return Systems(folder, lambda system, at: assembled_reference(scenario_of(system), at))


SMALL = speed.Sizes(trajectories=6, steps=3, candidates=10, states=12, courses=6, coordinated=(2, 2))


def test_all_three_simulate_the_same(systems):
    part = speed.measured(systems, [0], lambda sentence: None, SMALL)

    bars = {bar.what: bar for bar in part.bars}
    assert len(bars) == 8
    assert bars["single steps: simulations that differ from the Coordinator's, of 24"].value == 0
    assert bars["whole trajectories: simulations that differ from the Coordinator's, of 12"].value == 0
    assert all(bar.met for bar in part.bars if "differ" in bar.what or "apart" in bar.what)
    assert "ga on all 18 steps" in part.notes[-1]


def test_arrays_that_simulate_something_else_are_noticed(systems, tmp_path):
    def spoiled(system, at):
        folder = assembled_reference(scenario_of(system), at)
        text = (folder / "arrays.py").read_text()
        (folder / "arrays.py").write_text(
            text.replace("recovered + recoveries", "recovered + recoveries + 50")
        )
        return folder

    part = speed.measured(
        Systems(tmp_path, spoiled), [0], lambda sentence: None, replace(SMALL, calibrates=False)
    )

    missed = {bar.what for bar in part.bars if not bar.met and "apart" in bar.what}
    assert len(missed) == 2
