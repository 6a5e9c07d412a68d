"""Cell-DEVS: xdevs' SIR example on a small grid, cell by cell and step by step, as under xdevs' Coordinator."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import xdevs.examples
from xdevs.sim import Coordinator

from gsim_devs.runtime import Kernel

STEPS = 15
SIR = Path(xdevs.examples.__file__).parent / "celldevs_sir"
NAMES = ("sir_cell", "sir_coupled", "sir_sink")


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Build the example's model: a grid with one infected cell, and a component that adds up what cells report."""
    neighbours = {"type": "von_neumann", "range": 1, "vicinity": {"connectivity": 1, "mobility": 0.5}}
    here = {"type": "relative", "neighbors": [[0, 0]], "vicinity": {"connectivity": 1, "mobility": 1}}
    healthy = {"population": 100, "susceptible": 1, "infected": 0, "recovered": 0}
    cell = {
        "delay": "inertial",
        "cell_type": "sir",
        "state": healthy,
        "config": {"virulence": 0.4, "recovery": 0.15},
        "neighborhood": [neighbours, here],
        "eoc": [["out_celldevs", "out_sink"]],
    }
    ill = {"state": {**healthy, "susceptible": 0.7, "infected": 0.3}, "cell_map": [[1, 2]]}
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({"scenario": {"shape": [4, 5]}, "cells": {"default": cell, "ill": ill}}))
    # The example's modules import one another as if their folder were the only one.
    monkeypatch.syspath_prepend(str(SIR))
    import main as example  # type: ignore[import-not-found]

    yield lambda: example.SIRModel(str(scenario))
    for name in ("main", *NAMES):
        sys.modules.pop(name, None)


def states(model: Any) -> list[tuple[Any, ...]]:
    """Every cell with its state."""
    cells = [(cell.name, cell.cell_state) for cell in model.celldevs.components]
    return sorted((name, state.susceptible, state.infected, state.recovered) for name, state in cells)


def test_the_sir_example_has_the_same_states_as_under_xdevs(grid: Any) -> None:
    ours, theirs = grid(), grid()
    kernel, coordinator = Kernel(ours), Coordinator(theirs)
    coordinator.initialize()
    coordinator.clock.time = coordinator.time_next
    infected = []

    for step in range(STEPS):
        kernel.run(step)
        while coordinator.clock.time <= step:
            coordinator.lambdaf()
            coordinator.deltfcn()
            coordinator.clear()
            coordinator.clock.time = coordinator.time_next

        assert states(ours) == states(theirs)
        report, reference = ours.sink.scenario_report, theirs.sink.scenario_report
        assert report.infected == pytest.approx(reference.infected)
        assert report.recovered == pytest.approx(reference.recovered)
        infected.append(sum(state[2] > 0 for state in states(ours)))

    # From one cell to its four neighbours at once, and then to all.
    assert infected[0] == 5
    assert infected == sorted(infected)
    assert infected[-1] == 20
