"""What is wrong with data, simulators and contracts ends in a sentence or in a result that says what it did."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pytest

from gsim_devs.cli import main
from tests.calibration.test_fitting import write_data
from tests.observation.sir import ARRAYS, TOWN, sir_simulator

HEADER = "trajectory,t,S,I,R"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The small epidemic, as components and as arrays, and data."""
    folder = tmp_path_factory.mktemp("bad")
    sir_simulator(folder / "sir", arrays=ARRAYS)
    write_data(folder / "data.csv", 6, days=8)
    return folder


@pytest.fixture
def call(folder, capfd, monkeypatch):
    """Run a command on the simulator and some files; its exit code, what it prints, and what it says on stderr."""
    monkeypatch.chdir(folder)

    def called(command: str, *files: str, simulator: str = "sir", options: tuple[str, ...] = ()):
        cheap = ("--budget", "24", "--method", "cma") if command == "calibrate" else ("--draws", "19")
        words = [
            command,
            simulator,
            "--data",
            *files,
            "--isolation",
            "none",
            *cheap,
            *options,
            "--json",
            "out.json",
        ]
        code = main(words)
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        assert "nan" not in said.out.lower().split()
        if code != 2:
            # Python writes NaN, which is no JSON.
            json.loads((folder / "out.json").read_text(), parse_constant=pytest.fail)
        return code, said.out, said.err

    return called


def rows(folder):
    return (folder / "data.csv").read_text().splitlines()[1:]


def written(folder, lines, header=HEADER):
    (folder / "bad.csv").write_text("\n".join([header, *lines]) + "\n")
    return "bad.csv"


def with_cell(lines, row, column, cell):
    cells = lines[row].split(",")
    cells[column] = cell
    return [*lines[:row], ",".join(cells), *lines[row + 1 :]]


REFUSED = {
    "a negative count": (
        lambda lines: with_cell(lines, 3, 2, "-3"),
        "line 5: S is -3; it should be at least 0",
    ),
    "text": (lambda lines: with_cell(lines, 3, 2, "many"), "line 5: S is 'many'; it should be a number"),
    "infinite": (lambda lines: with_cell(lines, 3, 2, "inf"), "line 5: S is infinite"),
    "a decimal comma": (lambda lines: with_cell(lines, 3, 1, '"2,5"'), "a number with a decimal point"),
    "a row twice": (lambda lines: [*lines[:4], *lines[3:]], "has t = 3 already in line 5"),
    "one row": (lambda lines: lines[:1], "nothing"),
    "no rows": (lambda lines: [], "has no rows"),
    "a step of a million million days": (
        lambda lines: ["a,0,90,10,0", "a,1e12,80,10,10"],
        "is t in the contract's unit of time?",
    ),
    "nothing but gaps": (lambda lines: ["a,0,,,", "a,1,,,", "b,0,,,", "b,1,,,"], "nothing to fit"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_cannot_be_used_are_refused_with_one_sentence(folder, call, what):
    change, said = REFUSED[what]
    code, _, errors = call("calibrate", written(folder, change(rows(folder))))

    assert code == 2
    assert said in errors.splitlines()[-1]


@pytest.mark.parametrize("what", ["a negative count", "text", "a row twice", "no rows"])
def test_a_diagnosis_refuses_them_too(folder, call, what):
    change, said = REFUSED[what]
    code, _, errors = call("diagnose", written(folder, change(rows(folder))))

    assert code == 2
    assert said in errors


def test_a_column_that_the_contract_does_not_know_is_refused(folder, call):
    lines = [f"{line},1" for line in rows(folder)]

    code, _, errors = call("calibrate", written(folder, lines, f"{HEADER},Q"))

    assert code == 2
    assert "the column 'Q' is no observable or action of sir" in errors


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"trajectory;t;S\na;0;1\n", "separated by semicolons"),
        (b"," * 3_000_000, "the row has more than"),
        (b"trajectory,t,S\n" + b"9" * 3_000_000, "the row has more than"),
        ("trajectory,t,S\na,0,1\n".encode("utf-16"), "not UTF-8"),
        (bytes(range(256)), "not UTF-8"),
    ],
)
def test_files_that_are_no_such_tables_are_refused(folder, call, content, said):
    (folder / "bad.csv").write_bytes(content)

    code, _, errors = call("calibrate", "bad.csv")

    assert code == 2
    assert said in errors


def test_bom_and_line_ends_change_nothing(folder, call):
    plain = (folder / "data.csv").read_text()
    (folder / "bad.csv").write_bytes(("\ufeff" + plain.replace("\n", "\r\n")).encode())

    expected = call("calibrate", "data.csv")[1]

    assert call("calibrate", "bad.csv")[1].split("\n")[:3] == expected.split("\n")[:3]


ODD = {
    "cells are missing": (
        lambda lines: [
            with_cell(lines, k, 2 + k % 3, "")[k] if k % 4 == 0 else lines[k] for k in range(len(lines))
        ],
        "",
    ),
    "rows are missing": (
        lambda lines: [one for k, one in enumerate(lines) if k % 5 != 3],
        "has a gap from t =",
    ),
    "constant": (
        lambda lines: [f"{k % 3},{k // 3},90,10,0" for k in range(12)],
        "nothing can be learned from that",
    ),
    "nobody is there": (
        lambda lines: [f"{k % 3},{k // 3},0,0,0" for k in range(12)],
        "nothing can be learned",
    ),
    "one trajectory": (lambda lines: lines[:9], "there is one trajectory only"),
    "two rows": (lambda lines: lines[:2], "there is one trajectory only"),
    "times go back": (
        lambda lines: [lines[1], lines[0], *lines[2:]],
        "goes back from t = 1 to 0; rows were put in order",
    ),
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("command", ["calibrate", "diagnose"])
def test_data_that_are_odd_are_used_and_that_is_said(folder, call, what, command):
    change, said = ODD[what]
    code, told, errors = call(command, written(folder, change(rows(folder))))

    assert code in (0, 1)
    assert said in errors
    assert told
    if command == "calibrate":
        point = json.loads((folder / "out.json").read_text())["point"]
        assert 0 <= point["beta"] <= 2
        assert 0 <= point["gamma"] <= 1


def test_files_with_other_columns_spans_and_rates_are_one(folder, call):
    lines = [one.split(",") for one in rows(folder)]
    (folder / "s.csv").write_text("\n".join(["trajectory,t,S", *(",".join(one[:3]) for one in lines)]) + "\n")
    some = [",".join((*one[:2], one[3])) for one in lines if int(one[1]) % 3 == 0 and one[0] != "town 2"]
    (folder / "i.csv").write_text("\n".join(["trajectory,t,I", *some]) + "\n")

    code, told, _ = call("calibrate", "s.csv", "i.csv")

    assert code == 0
    assert "beta = " in told


def failing(folder, name, *changes, arrays=None):
    town = TOWN
    for old, new in changes:
        assert old in town
        town = town.replace(old, new)
    shutil.rmtree(folder / name, ignore_errors=True)
    sir_simulator(folder / name, town, arrays)
    return name


BEGIN = "self.strength = 0.0"
SOME = "if beta > 1.2: "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((BEGIN, f"{BEGIN}\n        {SOME}raise ValueError('no such beta')"), "no such beta"),
        (
            ("S=self.S, I", "S=float('nan') if self.beta > 1.2 else self.S, I"),
            "of state cannot be reported",
        ),
        ((BEGIN, f"{BEGIN}\n        {SOME}import os; os._exit(3)"), "exited with code 3"),
    ],
)
def test_a_simulator_that_fails_in_a_third_of_the_box_is_calibrated_in_the_rest(folder, call, change, said):
    write_data(folder / "few.csv", 2, days=3)

    # For each process that is gone another one is started.
    few = ("--budget", "10") if "_exit" in change[1] else ()
    code, told, _ = call("calibrate", "few.csv", simulator=failing(folder, "failing", change), options=few)

    estimate = json.loads((folder / "out.json").read_text())
    assert code == 0
    assert 0.2 < estimate["failures"] / estimate["evaluations"] < 0.6
    assert estimate["point"]["beta"] <= 1.2
    assert "% of the candidates failed, most often with " in told
    assert said in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(BEGIN, "raise ValueError('never')")], "never"),
        ([('self.emit("state", S=self.S, I=self.I, R=self.R)', "pass")], "told no finite number of S, I, R"),
    ],
)
def test_a_simulator_that_tells_nothing_has_no_estimate_and_a_reason(folder, call, changes, said):
    code, told, _ = call("calibrate", "data.csv", simulator=failing(folder, "failing", *changes))

    assert code == 1
    assert "every one of" in told
    assert said in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"S": S - ill', '"S": (S - ill)[:1, None] * np.ones((1, 3))', "arrays.py: ValueError"),
        (
            "    ill,",
            "    if (parameters['beta'] > 1.2).any(): raise ValueError('beta')\n    ill,",
            "ValueError: beta",
        ),
    ],
)
def test_steps_of_arrays_that_fail_are_refused_with_what_to_do(folder, call, old, new, said):
    name = failing(folder, "failing", arrays=ARRAYS.replace(old, new))

    code, _, errors = call("calibrate", "data.csv", simulator=name)

    assert code == 2
    assert said in errors
    assert "without the file components are simulated" in errors


def test_arrays_that_are_no_numbers_for_a_part_of_the_box_fail_there_only(folder, call):
    part = ARRAYS.replace('"S": S - ill', '"S": np.where(parameters["beta"] > 1.2, np.nan, S - ill)')

    code, told, _ = call("calibrate", "data.csv", simulator=failing(folder, "failing", arrays=part))

    assert code == 0
    assert "% of the candidates failed" in told
    assert json.loads((folder / "out.json").read_text())["point"]["beta"] <= 1.2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"minimum": 1, "maximum": 1, "value": 1}, "nothing lies between 1.0 and 1.0"),
        ({"minimum": 2, "maximum": 1, "value": 1}, "nothing lies between 2.0 and 1.0"),
        ({"maximum": math.inf}, "Infinity is not a finite number"),
        ({"prior": {"kind": "normal", "mean": 50, "sd": 0.1}}, "its prior says that it lies nowhere between"),
    ],
)
def test_parameters_that_cannot_have_a_value_are_refused(folder, call, change, said):
    name = failing(folder, "failing", arrays=ARRAYS)
    contract = json.loads((folder / name / "contract.json").read_text())
    contract["parameters"]["beta"] |= change
    (folder / name / "contract.json").write_text(json.dumps(contract))

    code, _, errors = call("calibrate", "data.csv", simulator=name)

    assert code == 2
    assert said in errors


def test_draws_of_noise_in_a_file_are_data_or_one_sentence(folder, call):
    draws = np.random.default_rng(1)
    whole = (folder / "data.csv").read_bytes()

    for _ in range(20):
        damaged = bytearray(whole)
        for at in draws.integers(0, len(whole), 2):
            damaged[at] = draws.integers(0, 256)
        (folder / "bad.csv").write_bytes(bytes(damaged))
        code, told, errors = call("calibrate", "bad.csv", options=("--seconds", "20"))
        assert told if code != 2 else errors
