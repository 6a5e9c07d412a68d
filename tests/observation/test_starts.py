"""What starts become on a command line and on stdin, for every type of argument."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gsim_devs.contracts import Contract, parse_yaml
from gsim_devs.errors import UsageError
from gsim_devs.observation import Dataset, Start, Trajectory
from gsim_devs.observation.starts import Inputs, paths_of, transitions_of

CONTRACT = """
id: shop
title: Shop
time: {unit: min}
horizon: {argument: until, closed: true}
arguments:
  until: {type: duration, format: "HH:MM:SS"}
  clerks: {type: integer, default: 1}
  stock: {type: number, default: 0}
  opened: {type: duration, format: "HH:MM", default: "00:00"}
  notes: {type: text, default: ""}
  clock: {type: number, default: 0}
  seed: {type: integer, default: 1}
stdin:
  form: jsonl
  discriminator: do
  commands:
    hire:
      fields: {at: {type: duration, format: "HH:MM:SS"}, number: {type: integer}}
      time: at
events:
  - {entity: shop, event: state, payload: {a: {type: number}, b: {type: number}, c: {type: number}, d: {type: string}}}
observables:
  a: {event: state, field: a}
  b: {event: state, field: b}
  c: {event: state, field: c}
  d: {event: state, field: d, type: text}
state:
  arguments: {clerks: a, stock: b, opened: c, notes: d}
  time: clock
actions:
  hired: {command: hire, field: number}
"""

START = Start("x", 100.5, {"a": 3.0, "b": 2.5, "c": 90.0, "d": "none"}, (1.0, 61.5), ((0.5, "hired", 2.0),))


def contract(*changes: tuple[str, str]) -> Contract:
    text = CONTRACT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return parse_yaml(Contract, text, "shop.yaml")


def test_values_are_written_as_their_arguments_want_them():
    found = Inputs(contract(), {}).arguments(START, 7)

    assert found == {
        "clerks": 3,
        "stock": 2.5,
        "opened": "01:30",
        "notes": "none",
        "clock": 100.5,
        "until": "01:01:30",
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("until", "closed", "last", "written"),
    [
        ('{type: duration, format: "HH:MM:SS"}', "true", 1 / 60 + 0.001, "00:00:02"),
        ('{type: duration, format: "HH:MM:SS:mmm"}', "false", 1.0, "00:01:00:001"),
        ('{type: duration, format: "HH:MM"}', "false", 1.0, "00:02"),
        ("{type: integer}", "true", 3.0, 3),
        ("{type: integer}", "true", 2.5, 3),
        ("{type: integer}", "false", 3.0, 4),
        ("{type: integer}", "true", 100.3 - 97.3, 3),
        ("{type: number}", "true", 2.5, 2.5),
    ],
)
def test_a_horizon_takes_in_the_last_look(until, closed, last, written):
    shop = contract(
        ('{type: duration, format: "HH:MM:SS"}\n  clerks', f"{until}\n  clerks"),
        ("closed: true", f"closed: {closed}"),
    )

    assert Inputs(shop, {}).arguments(Start("x", 0.0, {}, (last,)), 0)["until"] == written


def test_actions_are_written_as_their_command_wants_them():
    found = Inputs(contract(), {}).stdin(START)

    assert [json.loads(line) for line in found.splitlines()] == [
        {"do": "hire", "at": "00:00:30", "number": 2}
    ]


def test_what_the_data_do_not_tell_must_be_given():
    shop = contract(
        ("clock: {type: number, default: 0}", "clock: {type: number, default: 0}\n  size: {type: number}")
    )

    with pytest.raises(UsageError, match="needs the argument 'size', and the data do not tell it"):
        Inputs(shop, {})
    with pytest.raises(UsageError, match="no argument 'sise'"):
        Inputs(shop, {"sise": 1})

    assert Inputs(shop, {"size": 2.0}).arguments(START, 0)["size"] == 2.0


def rows(values: list[list[float]], notes: tuple[str, ...]) -> Dataset:
    one = Trajectory("x", np.arange(float(len(values))), np.array(values), texts={"d": notes})
    return Dataset(("a", "b", "c"), (one,))


def test_a_step_needs_all_of_the_state_and_something_after_it():
    nan = np.nan
    data = rows(
        [[1, 1, 1], [1, nan, 1], [1, 1, 1], [nan, nan, nan], [1, 1, 1], [nan, 2, nan]],
        ("n", "n", "", "n", "n", ""),
    )

    found = transitions_of(data, contract())

    # Row 1 lacks a number, row 2 its text, row 3 everything.
    assert found.times.tolist() == [0, 4]
    assert found.starts[1].state == {"a": 1, "b": 1, "c": 1, "d": "n"}
    np.testing.assert_array_equal(found.after, [[1, nan, 1], [nan, 2, nan]])


def test_a_run_begins_with_what_is_told_of_the_state():
    found = paths_of(rows([[1, np.nan, 2], [1, 1, 1]], ("", "n")), contract())

    assert found.starts[0].state == {"a": 1, "c": 2}
    assert found.times.tolist() == [[1]]
    arguments = Inputs(contract(), {}).arguments(found.starts[0], 0)
    assert "stock" not in arguments
    assert "notes" not in arguments


@pytest.mark.parametrize(
    ("times", "done", "steps", "looks"),
    [
        # All is known; a last row needs to say nothing.
        ([0, 1, 2, 3, 4, 5], [1, 1, 1, 1, 1, None], [0, 1, 2, 3, 4], 5),
        # What was done at 2 is not known.
        ([0, 1, 2, 3, 4, 5], [1, 1, None, 1, 1, None], [0, 1, 3, 4], 2),
        # Nor what was done at 2 and 3, of which there are no rows.
        ([0, 1, 4, 5, 6, 7], [1, 1, 1, 1, 1, None], [0, 4, 5, 6], 1),
        # Where only changes are told, a row without one has none.
        ([0, 1, 4, 5, 6, 7], [1, None, None, 2, None, None], [0, 1, 4, 5, 6], 5),
        # Where there is no usual step, there are no gaps.
        ([0, 1, 1.5, 4, 4.25, 9], [1, 1, 1, 1, 1, None], [0, 1, 1.5, 4, 4.25], 5),
    ],
)
def test_steps_in_which_it_is_not_known_what_was_done_are_left_out(times, done, steps, looks):
    model = contract(("{clerks: a, stock: b, opened: c, notes: d}", "{clerks: a}"), ("\n  time: clock", ""))
    actions = np.array([[np.nan if one is None else one] for one in done], dtype=float)
    held = Trajectory("x", np.array(times, dtype=float), np.ones((len(times), 1)), actions)
    dataset = Dataset(("a",), (held,), ("hired",))

    assert transitions_of(dataset, model).times.tolist() == steps
    (path,) = paths_of(dataset, model).starts
    assert len(path.looks) == looks
