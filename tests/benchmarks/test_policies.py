"""The part about policies, small; and its questions, whose best answers are inside their grids."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gsim_devs.benchmarks import Systems
from gsim_devs.benchmarks.policies import _QUESTIONS, Size, measure
from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.interventions.array_trials import ArrayCosting, costing_of
from gsim_devs.interventions.costs import compiled
from gsim_devs.interventions.grids import grid_of, points_of
from gsim_devs.interventions.optimising import optimise
from gsim_devs.runtime.program import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    return Systems(
        tmp_path_factory.mktemp("policies"),
        lambda system, folder: assembled_reference(scenario_of(f"{ROOT}/scenarios/{system}"), folder),
    )


def test_the_part_tells_a_row_for_each_choice_and_a_bar_for_each_question(systems, monkeypatch):
    monkeypatch.chdir(ROOT)
    told = []

    part = measure(systems, [3], told.append, Size({"covid": 20}, {"covid": 20}, 40, candidates=300))

    assert [row[0] for row in part.rows] == [
        "beds and a lockdown",
        "beds and a lockdown",
        *(f"lockdown, factor = {factor}" for factor in (0.05, 0.1, 0.15, 0.3)),
    ]
    assert [bar.what for bar in part.bars] == [
        "beds and a lockdown: regret at worst",
        "lockdown: distance at worst",
    ]
    assert float(part.rows[1][4].split()[0]) > 20
    # Twenty cities tell both parameters to some percent.
    assert all(bar.value < 0.1 for bar in part.bars)
    assert part.text
    assert "policies: calibrating covid, seed 3" in told


@pytest.mark.parametrize("question", _QUESTIONS, ids=[one.name for one in _QUESTIONS])
def test_what_must_be_paid_for_keeps_the_answer_inside_the_grid(systems, monkeypatch, question):
    monkeypatch.chdir(ROOT)
    contract, simulator = systems.contract(question.system), systems.simulator(question.system)
    grid = grid_of(
        contract, question.over, do=question.do, arguments=question.arguments, stdin=question.stdin
    )
    cost = compiled(question.cost, contract, [variable.name for variable in grid.variables])
    points = points_of(grid, load(simulator))

    with costing_of(simulator, contract, cost, points, seed=0, workers=1) as costing:
        assert isinstance(costing, ArrayCosting)
        found = optimise(costing, points, replications=20)

    paid_for = grid.variables[-1]
    assert found.point.values[paid_for.name] not in (paid_for.values[0], paid_for.values[-1])
    assert found.fresh.mean > 0


def test_a_simulator_with_other_parameters_makes_other_choices(systems, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    (question,) = (one for one in _QUESTIONS if one.system == "supply")
    contract = systems.contract("supply")
    wrong = tmp_path / "wrong"
    shutil.copytree(systems.simulator("supply"), wrong)
    (wrong / "parameters.json").write_text(
        '{"demand_mean": 3.5, "holding_cost": 1.0, "backlog_cost": 2.0, "lead_time": 2}'
    )
    grid = grid_of(
        contract, question.over, do=question.do, arguments=question.arguments, stdin=question.stdin
    )
    cost = compiled(question.cost, contract, [variable.name for variable in grid.variables])

    chosen = []
    for simulator in (systems.simulator("supply"), wrong):
        points = points_of(grid, load(simulator))
        with costing_of(simulator, contract, cost, points, seed=0, workers=1) as costing:
            chosen.append(optimise(costing, points, replications=50).point.values)

    assert chosen[0] != chosen[1]
