"""Policies on the references: steps of arrays against the components, whose changes are tested where they are made."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.contracts import load_contract
from gsim_devs.interventions.array_trials import ArrayCosting, costing_of
from gsim_devs.interventions.costing import RecordCosting
from gsim_devs.interventions.costs import compiled
from gsim_devs.interventions.grids import grid_of, points_of
from gsim_devs.interventions.trials import Trials
from gsim_devs.runtime.program import load

ROOT = Path(__file__).parents[2]
ORDERS = "".join(json.dumps({"command": "order", "time": day, "units": 5}) + "\n" for day in range(14))
# Each with a policy that does nothing at 0 and much at 1.
POLICIES = {
    "covid": (
        "sum(I) + 3 * last(R)",
        [
            "scale infection_rate by 1 - 0.9 * much from 3 to 9",
            "set recovery_probability to 0.1 + 0.2 * much from 12",
        ],
        {"days": "15", "infective": "30"},
        "",
    ),
    "supply": (
        "sum(holding_cost * inventory + backlog_cost * backlog) + 0.1 * sum(pipeline)",
        ["set lead_time to 2 + 5 * much from 2 to 9", "scale demand_mean by 1 + much from 10"],
        {"days": "14"},
        ORDERS,
    ),
    "hospital": (
        "sum(standard) + 2 * sum(icu) + 0.1 * sum(remaining_1)",
        [
            "scale arrival_rate_1 by 1 - 0.8 * much from 2 to 6",
            "set icu_capacity to 5 - 3 * much from 5",
            "set standard_capacity to 20 + 10 * much",
        ],
        {"days": "9"},
        "",
    ),
}


@pytest.mark.parametrize("system", POLICIES)
def test_steps_of_arrays_do_what_components_do(tmp_path, system):
    text, do, arguments, stdin = POLICIES[system]
    simulator = assembled_reference(scenario_of(f"{ROOT}/scenarios/{system}"), tmp_path / system)
    contract = load_contract(simulator / "contract.json")
    points = points_of(
        grid_of(contract, ["much=0,1"], do=do, arguments=arguments, stdin=stdin), load(simulator)
    )
    cost = compiled(text, contract, ["much"])

    with costing_of(simulator, contract, cost, points, seed=1, workers=1) as quick:
        assert isinstance(quick, ArrayCosting)
        one = quick.costs(points, 0, 800)
    with Trials(simulator, contract, workers=1) as trials:
        two = RecordCosting(trials, cost, 2).costs(points, 0, 80)

    error = np.sqrt(one.var(axis=1) / 800 + two.var(axis=1) / 80)
    assert (abs(one.mean(axis=1) - two.mean(axis=1)) < 4.5 * error).all()
    assert abs(np.diff(one.mean(axis=1))) > 10 * error.max()
    assert one.std(axis=1) / two.std(axis=1) == pytest.approx(np.ones(2), abs=0.35)
