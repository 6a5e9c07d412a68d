"""A simulator as a function: what arrives, what is refused, what belongs to each run alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.simulators import dice, inbox, own_modules, trouble


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("simulators")
    return {make.__name__: make(root / make.__name__) for make in (dice, inbox, trouble)}


@pytest.fixture
def program(folders, request) -> Iterator[Any]:
    """A program, loaded with its own runtime."""
    with own_modules(folders[request.param]):
        from runtime.program import load

        yield load(folders[request.param])


def loaded(name: str) -> Any:
    return pytest.mark.parametrize("program", [name], indirect=True)


def refusal(call: Any, *args: Any) -> str:
    """What a UsageError says; it is the simulator's own class, not ours."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call(*args)
    assert type(caught.value).__name__ == "UsageError"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def kept(program: Any, *args: Any, **how: Any) -> list[tuple[Any, ...]]:
    """The records of a run: time, entity, event, payload, component."""
    keeper = program.keeper()
    program.run(*args, sink=keeper.write, **how)
    return [tuple(record) for record in keeper.all]


@loaded("inbox")
def test_defaults_are_filled_in_and_arrive_as_if_given(program):
    assert program.settle({"limit": "10.0"}) == {
        "until": 100_000,
        "limit": 10,
        "since": 1000.0,
        "rows": ({"a": "1"},),
        "tree": {"a": [1]},
        "lines": ({"a": 1},),
        "text": "dear",
    }


@loaded("inbox")
def test_files_arrive_as_their_defaults_do(program, tmp_path):
    (tmp_path / "table").write_text("a\n1\n")
    (tmp_path / "lines").write_text('{"a": 1}\n')
    given = {"rows": str(tmp_path / "table"), "lines": str(tmp_path / "lines"), "limit": 1}

    assert program.settle(given) == program.settle({"limit": 1})


@loaded("inbox")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "--limit is required: integer"),
        ({"limt": 1}, "unknown argument limt; there are until, limit, since, rows, tree, lines, text"),
        ({"limit": "x"}, "--limit must be a whole number, not 'x'"),
        ({"limit": -1}, "--limit must be at least 0, not -1"),
        ({"limit": 1, "until": 999}, "--since must be at most until (999), not 1000.0"),
        ({"limit": 1, "since": "1"}, "--since must be a time like HH:MM:SS[:mmm], not '1'"),
        ({"limit": 1, "rows": "nowhere"}, "--rows cannot read the file 'nowhere': No such file or directory"),
        ({"limit": 1, "rows": None}, "--rows must be a text, not null"),
    ],
)
def test_arguments_are_refused_by_name(program, given, said):
    assert refusal(program.settle, given) == said


@loaded("dice")
def test_a_horizon_before_the_beginning_is_refused(program):
    assert refusal(program.settle, {"until": -0.5, "pause": 0.1}).startswith(
        "--pause must be at most until (-0.5)"
    )
    program.contract["arguments"]["pause"]["maximum"] = None
    assert refusal(program.settle, {"until": -0.5}) == "--until must not be negative, but is -0.5"


@loaded("dice")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rat": 1}, "unknown parameter rat; there are rate, sides, mix"),
        ({"rate": "0.4"}, "parameter rate must be at least 0.5, not 0.4"),
        ({"rate": "fast"}, "parameter rate must be a number, not 'fast'"),
        ({"rate": True}, "parameter rate must be a finite number, not true"),
        ({"sides": "2.5"}, "parameter sides must be a whole number, not '2.5'"),
        ({"sides": 1}, "parameter sides must be at least 2, not 1"),
        *[
            ({"mix": mix}, f"parameter mix must be 2 shares, separated by commas, not {shown}")
            for mix, shown in (
                ("1", "'1'"),
                ((0.2, 0.3, 0.5), "[0.2, 0.3, 0.5]"),
                ([], "[]"),
                (0.5, "0.5"),
                (None, "null"),
            )
        ],
        ({"mix": "0.5,0.6"}, "parameter mix must be shares that add up to 1, not '0.5,0.6'"),
        ({"mix": [2, -1]}, "parameter mix must be shares that add up to 1, not [2, -1]"),
        ({"mix": "0.5,x"}, "parameter mix must be a number, not 'x'"),
        ({"mix": "0.5,nan"}, "parameter mix must be a number, not 'nan'"),
        ({"mix": "1,"}, "parameter mix must be a number, not ''"),
    ],
)
def test_parameters_are_refused_by_name(program, given, said):
    assert refusal(program.settle_parameters, given) == said


@loaded("dice")
def test_the_last_value_of_a_parameter_wins(program):
    program.parameters.update(rate=3, sides=6.0)

    assert program.settle_parameters({"rate": "4", "mix": "1,0"}) == {
        "rate": 4.0,
        "sides": 6,
        "mix": (1.0, 0.0),
    }
    assert type(program.settle_parameters({})["sides"]) is int


@loaded("dice")
def test_a_run_depends_on_its_seed_and_replication_alone(program):
    runs = {key: kept(program, {}, seed=key[0], replication=key[1]) for key in ((1, 0), (1, 1), (2, 0))}

    assert kept(program, {}, seed=1, replication=0) == runs[1, 0]
    assert len({repr(records) for records in runs.values()}) == 3
    assert program.has_drawn


@loaded("dice")
def test_nothing_happens_at_a_horizon_that_is_half_open(program):
    times = [time for time, _, event, *_ in kept(program, {"until": 3, "pause": 1.5}) if event == "rolled"]
    last = kept(program, {"until": 1, "pause": 1})[-1]

    assert times == [0.0, 0.0, 1.5, 1.5]
    assert last == (1.0, "clerk", "closed", {}, "clerk")


@loaded("dice")
def test_a_half_open_horizon_of_zero_leaves_what_start_and_stop_say(program):
    program.contract["arguments"]["pause"]["maximum"] = None

    assert [(time, event) for time, _, event, *_ in kept(program, {"until": 0})] == [
        (0.0, "rolled"),
        (0.0, "rolled"),
        (0.0, "opened"),
        (0.0, "closed"),
    ]


@loaded("inbox")
def test_commands_take_effect_at_their_times_and_in_their_orders(program):
    lines = [
        {"command": "letter", "time": "00:00:05:000", "text": "late", "weight": 1},
        {"command": "letter", "time": "00:00:01:500", "text": "one", "weight": 0},
        {"command": "bell", "time": 1500, "loud": False},
        {"command": "letter", "time": "00:00:01:500", "text": "two", "weight": 10},
        {"command": "bell", "time": 10_001, "loud": True},
        {"command": "bell", "time": 10_000, "loud": True},
        {"command": "bell", "time": 1e300, "loud": True},
    ]

    records = kept(program, {"limit": 10, "until": 10_000}, "\n".join(map(json.dumps, lines)))

    assert [(time, payload["kind"], payload["value"]) for time, _, _, payload, _ in records[6:]] == [
        (1500.0, "bell", False),
        (1500.0, "letter", ["one", 0.0]),
        (1500.0, "letter", ["two", 10.0]),
        (5000.0, "letter", ["late", 1.0]),
        (10_000.0, "bell", True),
    ]


@loaded("inbox")
def test_commands_of_one_instant_take_effect_line_by_line_whatever_their_kind(program):
    commands = program.contract["stdin"]["commands"]
    commands["bell"]["order"] = commands["letter"]["order"]
    bell = {"command": "bell", "time": 1500, "loud": True}
    letter = {"command": "letter", "time": "00:00:01:500", "text": "x", "weight": 1}
    lines = [letter, bell, bell, letter, bell]

    records = kept(program, {"limit": 10, "until": 10_000}, "\n".join(map(json.dumps, lines)))

    told = [payload["kind"] for _, _, _, payload, _ in records[6:]]
    assert told == ["letter", "bell", "bell", "letter", "bell"]


@loaded("inbox")
def test_bounds_of_commands_may_name_arguments(program):
    line = json.dumps({"command": "letter", "time": "00:00:00:000", "text": "", "weight": 11})

    assert (
        refusal(program.run, {"limit": 10}, line)
        == "stdin line 1: weight must be at most limit (10), not 11.0"
    )


@loaded("inbox")
def test_each_run_has_its_own_copy_of_what_it_read(program):
    first = kept(program, {"limit": 1})

    assert kept(program, {"limit": 1}) == first
    assert program.settle({"limit": 1})["tree"] == {"a": [1]}


@loaded("dice")
def test_seeds_of_runs_that_are_given_none(program):
    seeds = {program.fresh_seed() for _ in range(100)}

    assert len(seeds) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)
    program.contract["seed"] = 7
    assert program.fresh_seed() == 7


@loaded("trouble")
def test_a_process_runs_the_simulator_of_one_folder(program, folders):
    from runtime.program import load

    kept(program, {})
    assert "is loaded already" in refusal(kept, load(folders["dice"]), {})


@loaded("trouble")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "contract.json").unlink(), "is no simulator: it has no contract.json"),
        (lambda folder: (folder / "parameters.json").unlink(), "is no simulator: it has no parameters.json"),
        (lambda folder: (folder / "contract.json").write_text("{"), "is a damaged simulator: contract.json"),
        (
            lambda folder: (folder / "contract.json").write_bytes(b"\xff"),
            "is a damaged simulator: contract.json",
        ),
    ],
)
def test_what_is_no_simulator_is_refused(program, tmp_path, spoil, said):
    from runtime.program import load

    for name in ("contract.json", "parameters.json"):
        (tmp_path / name).write_text("{}")
    spoil(tmp_path)

    assert said in refusal(load, tmp_path)
