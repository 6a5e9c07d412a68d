"""What texts say about policies, held against variants by hand."""

from __future__ import annotations

import math

import pytest

from gsim_devs.errors import UsageError
from gsim_devs.interventions.costs import compiled
from gsim_devs.interventions.grids import grid_of, points_of, unused
from gsim_devs.interventions.variants import Change
from gsim_devs.runtime.program import Program
from tests.interventions.shop import contract_of_a_shop

CONTRACT = contract_of_a_shop()
PROGRAM = Program("nowhere", CONTRACT.model_dump(mode="json"), {"rate": 0.25})


def points(over, do=(), arguments=None):
    return points_of(grid_of(CONTRACT, over, do=do, arguments=arguments), PROGRAM)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x=0:95:5", [*range(0, 96, 5)]),
        ("x=0:1:0.1", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("x=0:7:5", [0, 5]),
        ("x=-1:1:1", [-1, 0, 1]),
        ("x=3:3:1", [3]),
        ("x=4, 1,2.5", [4, 1, 2.5]),
        ("x=1e2", [100]),
    ],
)
def test_a_variable_has_the_values_that_are_written(text, values):
    (variable,) = grid_of(CONTRACT, [text]).variables

    assert variable.name == "x"
    assert list(variable.values) == values
    assert all(isinstance(value, int) == float(value).is_integer() for value in variable.values)


def test_points_are_all_combinations_the_first_variable_slowest():
    assert [tuple(point.values.values()) for point in points(["a=1,2", "b=3,4"])] == [
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
    ]


def test_what_is_done_becomes_changes_of_the_simulators_own_values():
    at_once, later = points(
        ["begin=0,5", "factor=2"],
        ["scale rate by factor from begin to begin + args.days"],
        {"days": "4 * factor"},
    )

    assert at_once.variant.parameters == {"rate": 0.5}
    assert at_once.variant.changes == (Change(8, "rate", 0.25),)
    assert later.variant.parameters == {}
    assert later.variant.changes == (Change(5, "rate", 0.5), Change(13, "rate", 0.25))
    assert later.variant.arguments == {"days": 8}


def test_a_value_may_be_set_for_the_whole_run_or_until_some_time_and_may_use_parameters():
    (point,) = points(["x=0.1"], ["set rate to rate + x to 3"])

    assert point.variant.parameters == {"rate": pytest.approx(0.35)}
    assert point.variant.changes == (Change(3, "rate", 0.25),)


def test_a_cost_sees_the_values_with_which_a_run_begins():
    (point,) = points(["x=1"], ["set rate to x"], {"days": "7"})

    assert compiled("rate + args.days + x", CONTRACT, ["x"]).known(point.scope) == 9


def test_a_variable_that_decides_nothing_is_found():
    grid = grid_of(
        CONTRACT, ["a=1", "b=1", "c=1", "d=1"], do=["set rate to 0.1 from a to 9"], arguments={"days": "b"}
    )

    assert unused(grid, compiled("sum(stock) + c", CONTRACT, ["a", "b", "c", "d"])) == ["d"]


def test_texts_among_the_arguments_stand_for_themselves():
    (point,) = points(["x=1"], arguments={"name": "x + 1"})

    assert point.variant.arguments == {"name": "x + 1"}


@pytest.mark.parametrize(
    ("over", "do", "arguments", "said"),
    [
        (["x"], [], {}, "'x' is no variable; write NAME=FIRST:LAST:STEP"),
        (["2x=1"], [], {}, "is no variable"),
        (["x=1:2"], [], {}, "is no range; write"),
        (["x=2:1:1"], [], {}, "the last value must not be below the first"),
        (["x=1:2:0"], [], {}, "the step above 0"),
        (["x=1:2:-1"], [], {}, "the step above 0"),
        (["x=1,1.0"], [], {}, "has a value twice"),
        (["x=one"], [], {}, "'one' is no number"),
        (["x="], [], {}, "'' is no number"),
        (["x=nan"], [], {}, "'nan' is no number that can be used here"),
        (["x=1e999999999"], [], {}, "no number that can be used here"),
        (["x=0:1:1e-90"], [], {}, "too many values"),
        (["x=0:99:1", "y=0:999:1"], [], {}, "100000 points are too many; at most 10000"),
        (["x=1", "x=2"], [], {}, "the variable x is there twice"),
        (["stock=1"], [], {}, "stock is an observable already"),
        (["rate=1"], [], {}, "rate is a parameter already"),
        (["to=1"], [], {}, "to is a word already"),
        (["x=1"], ["rate x"], {}, "does not say what to do; write 'set NAME to VALUE'"),
        (["x=1"], ["set rate by 2"], {}, "does not say what to do"),
        (["x=1"], ["set speed to 2"], {}, "shop has no parameter 'speed'; there are rate, shares"),
        (["x=1"], ["set rate to stock"], {}, "stock is known only when a simulation has run"),
        (["x=1"], ["set rate to y"], {}, "there is no 'y'"),
        (["x=1"], ["set rate to"], {}, "does not say what to do"),
        (["x=1"], ["set rate to 2"], {}, "at x = 1: parameter rate must be at most 1"),
        (["x=5"], ["scale rate by x"], {}, "at x = 5: parameter rate must be at most 1"),
        (["x=1"], ["set rate to 1 from 5 to 5"], {}, "the end must come after the beginning"),
        (["x=-1"], ["set rate to 1 from x"], {}, "times are at least 0"),
        (["x=1"], ["scale shares by 2"], {}, "cannot be scaled"),
        (["x=1"], ["set rate to 1 / (x - 1)"], {}, "divides by zero"),
        (["x=1"], [], {"weeks": "x"}, "shop has no argument 'weeks'"),
        (["x=1.5"], [], {"days": "x"}, "at x = 1.5: --days must be a whole number"),
        (["x=1"], [], {"days": "args.days"}, "must not depend on other arguments"),
        (["x=1"], ["set rate to 1 " + "from x " * 1000], {}, "does not say what to do"),
    ],
)
def test_what_is_no_grid_is_refused_in_one_sentence(over, do, arguments, said):
    with pytest.raises(UsageError) as caught:
        points(over, do, arguments)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_commands_for_a_simulator_that_takes_none_are_refused():
    with pytest.raises(UsageError, match="at x = 1: shop takes no commands"):
        points_of(grid_of(CONTRACT, ["x=1"], stdin="close\n"), PROGRAM)


def test_a_point_is_told_in_words():
    assert points(["start=5", "share=0.5"])[0].text == "start = 5, share = 0.5"
    assert math.isfinite(points(["x=1e50"])[0].values["x"])
