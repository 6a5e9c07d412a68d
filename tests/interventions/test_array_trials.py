"""What policies cost, by components and by steps of arrays: against formulas, and against each other."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest

from gsim_devs.errors import UsageError
from gsim_devs.interventions.array_trials import ArrayCosting, costing_of
from gsim_devs.interventions.costing import RecordCosting
from gsim_devs.interventions.costs import compiled
from gsim_devs.interventions.grids import grid_of, points_of
from gsim_devs.runtime.program import load
from tests.observation.sir import ARRAYS, TOWN, sir_contract, sir_simulator

CONTRACT = sir_contract()
CALM = "set beta to 0"


def lockdown(*orders: tuple[float, float]) -> str:
    return "".join(json.dumps({"command": "lockdown", "time": t, "strength": s}) + "\n" for t, s in orders)


@pytest.fixture(scope="module")
def with_arrays(tmp_path_factory):
    return sir_simulator(tmp_path_factory.mktemp("policies") / "arrays", arrays=ARRAYS)


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    return sir_simulator(tmp_path_factory.mktemp("policies") / "components")


@pytest.fixture(params=["with_arrays", "without"])
def either(request):
    return request.getfixturevalue(request.param)


@contextmanager
def costing(folder, cost, over=("x=0",), do=(), arguments=None, stdin="", seed=1):
    grid = grid_of(CONTRACT, over, do=do, arguments={"days": "10"} | (arguments or {}), stdin=stdin)
    points = points_of(grid, load(folder))
    measure = compiled(cost, CONTRACT, [one.name for one in grid.variables])
    with costing_of(folder, CONTRACT, measure, points, seed=seed, workers=1) as made:
        yield made, points


def costs(folder, cost, count, **question):
    with costing(folder, cost, **question) as (made, points):
        return made.costs(points, 0, count)


def test_steps_of_arrays_are_used_where_there_are_some(with_arrays, without):
    for folder, kind in ((with_arrays, ArrayCosting), (without, RecordCosting)):
        with costing(folder, "sum(I)") as (made, _):
            assert isinstance(made, kind)


def test_everybody_recovers_in_the_update_at_which_that_begins(either):
    over = ["tau=0,1,2,3.5,10,20"]

    found = costs(either, "sum(I)", 2, over=over, do=[CALM, "set gamma to 0", "set gamma to 1 from tau"])

    # Ten are infective at 0, which a change at 0 cannot help, and in each update before the change; 11 times in all.
    assert found.tolist() == [[10, 10], [10, 10], [20, 20], [40, 40], [100, 100], [110, 110]]


def test_a_change_that_ends_is_taken_back(either):
    do = [CALM, "set gamma to 0", "set gamma to 1 from 4 to 5"]

    assert costs(either, "sum(I) + 0 * x", 1, do=do).tolist() == [[40]]


def test_arguments_that_are_the_state_may_be_chosen_too(either):
    found = costs(
        either,
        "sum(I) + first(S)",
        1,
        over=["ill=1,7"],
        do=[CALM, "set gamma to 0"],
        arguments={"infective": "ill"},
    )

    assert found.tolist() == [[11 + 90], [77 + 90]]


def test_an_observable_without_a_value_at_the_beginning_has_none(either):
    question = {"do": [CALM], "over": ["x=1"]}

    assert costs(either, "count(new >= 0) + time_of_max(new)", 1, **question).tolist() == [[11]]


def test_policies_that_differ_in_the_cost_alone_share_their_simulations(either):
    with costing(either, "sum(max(0, I - beds)) + 10 * beds", over=["beds=0,5,10"]) as (made, points):
        found = made.costs(points, 0, 4)

        assert made.simulations == 4
    assert (np.diff(found - 10 * np.array([[0], [5], [10]]), axis=0) <= 0).all()


def test_a_replication_is_the_same_whatever_is_asked_with_it(either):
    question = {"over": ["tau=0,3"], "do": ["scale beta by 0.1 from tau to tau + 4"]}
    with costing(either, "sum(I)", **question) as (made, points):
        together = made.costs(points, 0, 6)
        apart = np.concatenate([made.costs(points[1:], 0, 2), made.costs(points[1:], 2, 4)], axis=1)

    assert (together[1] == apart[0]).all()
    assert len(set(together[1])) > 3


def test_arrays_and_components_agree_about_means_and_scatter(with_arrays, without):
    question = {
        "over": ["tau=1,8"],
        "do": ["scale beta by 0.3 from tau to tau + 3"],
        "arguments": {"susceptible": "90", "infective": "10"},
        "stdin": lockdown((1.0, 0.4), (4.0, 0.0)),
    }

    with costing(with_arrays, "sum(I) + 5 * sum(new)", **question) as (made, _):
        assert made.means == "steps of arrays"
    one = costs(with_arrays, "sum(I) + 5 * sum(new)", 2000, **question)
    two = costs(without, "sum(I) + 5 * sum(new)", 150, **question)

    error = np.sqrt(one.var(axis=1) / 2000 + two.var(axis=1) / 150)
    assert (abs(one.mean(axis=1) - two.mean(axis=1)) < 4 * error).all()
    # Not for want of power: the two policies differ by more than that.
    assert abs(np.diff(one.mean(axis=1))) > 4 * error.max()
    assert one.std(axis=1) / two.std(axis=1) == pytest.approx(np.ones(2), abs=0.25)


@pytest.mark.parametrize(
    ("cost", "question"),
    [
        ("count(town.infected)", {}),
        ("sum(town.state.I)", {}),
        ("sum(I)", {"stdin": lockdown((0.5, 0.4))}),
        ("sum(I)", {"stdin": lockdown((2.0, 0.4), (2.0, 0.5))}),
        ("sum(I)", {"arguments": {"days": "0"}}),
    ],
)
def test_what_steps_cannot_take_is_left_to_the_components(with_arrays, cost, question):
    with costing(with_arrays, cost, **question) as (made, points):
        assert made.means == "components"
        assert np.isfinite(made.costs(points, 0, 2)).all()


def test_a_cost_that_looks_at_nothing_is_refused(either):
    with pytest.raises(UsageError, match="looks at nothing that is simulated"), costing(either, "10 * x"):
        pass


def test_replications_that_fail_are_missing_and_counted(tmp_path):
    failing = TOWN.replace(
        "total = self.S", "if self.I > 11: raise ValueError('too many')\n        total = self.S"
    )
    folder = sir_simulator(tmp_path / "failing", town=failing)

    with costing(folder, "sum(I)", do=["set beta to 0.1"]) as (made, points):
        found = made.costs(points, 0, 20)

    assert 0 < np.isnan(found).sum() < 20
    assert sum(made.reasons.values()) == np.isnan(found).sum()
    assert "too many" in next(iter(made.reasons))


def test_arrays_that_hold_no_number_are_missing_and_counted(tmp_path):
    arrays = ARRAYS.replace("return {", "I = np.where(I > 11, np.nan, I)\n    return {")
    folder = sir_simulator(tmp_path / "failing", arrays=arrays)

    with costing(folder, "sum(I)", do=["set beta to 0.1"]) as (made, points):
        found = made.costs(points, 0, 20)

    assert 0 < np.isnan(found).sum() < 20
    assert sum(made.reasons.values()) == np.isnan(found).sum()


def test_arrays_that_never_hold_a_number_are_missing_and_counted(tmp_path):
    arrays = ARRAYS.replace("return {", "I = I * np.nan\n    return {")
    folder = sir_simulator(tmp_path / "failing", arrays=arrays)

    with costing(folder, "mean(I)") as (made, points):
        assert np.isnan(made.costs(points, 0, 5)).all()
        assert sum(made.reasons.values()) == 5
