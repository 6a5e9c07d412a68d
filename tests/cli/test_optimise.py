"""`gsim-devs optimise`: from words to a policy."""

from __future__ import annotations

import csv
import json

import pytest

from gsim_devs.cli import main
from tests.observation.sir import ARRAYS, TOWN, sir_simulator

# Who is ill costs 1 a day, a bed 3; without a lockdown nearly all fall ill at once.
QUESTION = (
    "--over", "start=0:8:4", "--over", "beds=0,10,40", "--do", "scale beta by 0.1 from start to start + 8",
    "--arg", "days=20", "--cost", "sum(max(0, I - beds)) + 3 * beds + 0 * args.days",
)  # fmt: skip


@pytest.fixture
def town(tmp_path):
    return sir_simulator(tmp_path / "sir", arrays=ARRAYS)


def test_the_best_policy_is_told_with_a_table_and_kept(gsim_devs, tmp_path, town):
    ended = gsim_devs(
        "optimise", "sir", *QUESTION, "--replications", "20", "--json", "found.json", "--csv", "found.csv"
    )

    found = json.loads((tmp_path / "found.json").read_text())
    with (tmp_path / "found.csv").open() as file:
        rows = list(csv.DictReader(file))
    cheapest = min(rows, key=lambda row: float(row["mean"]))
    assert ended.returncode == 0, ended.stderr
    assert "9 points, " in ended.stdout
    assert "by steps of arrays" in ended.stdout
    assert f"best: start = {cheapest['start']}, beds = {cheapest['beds']}" in ended.stdout
    assert found["best"] == {"start": int(cheapest["start"]), "beds": int(cheapest["beds"])}
    assert len(rows) == len(found["points"]) == 9
    assert "start \\ beds" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("with beta = ")


@pytest.fixture
def optimise(capsys, monkeypatch, tmp_path):
    """The command in this process: its exit code, and what it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = main(["optimise", "sir", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_the_same_call_finds_the_same_and_another_seed_something_else(optimise, town):
    one, two, other = (
        optimise(*QUESTION, "--replications", "10", "--seed", seed)[1] for seed in ("1", "1", "2")
    )

    assert one == two
    assert one.splitlines()[2:] != other.splitlines()[2:]


def test_a_choice_is_judged_by_what_it_costs_in_another_simulator(optimise, tmp_path, town):
    # There nobody falls ill, so that beds are for nothing and a lockdown too.
    calm = sir_simulator(tmp_path / "calm", arrays=ARRAYS)
    (calm / "parameters.json").write_text('{"beta": 0.0, "gamma": 0.0}')
    question = ["--over", "beds=0,5,40", "--arg", "days=10", "--cost", "sum(max(0, I - beds)) + 3 * beds"]

    code, out, err = optimise(*question, "--replications", "20", "--against", "calm", "--json", "found.json")

    found = json.loads((tmp_path / "found.json").read_text())
    costs = {0: 110, 5: 55 + 15, 40: 120}
    assert code == 0, err
    assert found["against"]["best"] == {"beds": 5}
    assert found["against"]["regret"]["mean"] == pytest.approx(costs[found["best"]["beds"]] / 70 - 1)
    assert found["best"] != {"beds": 5}
    assert "in calm the best is beds = 5" in out


@pytest.mark.parametrize("extra", ["", " + 0 * count(town.infected)"])
def test_all_points_are_simulated_with_the_estimate_that_is_given(optimise, tmp_path, town, extra):
    told = {"method": "cma", "seed": 0, "status": "converged", "sentence": "done"}
    (tmp_path / "calm.json").write_text(json.dumps(told | {"point": {"beta": 0.0, "gamma": 0.0}}))
    question = [
        "--over",
        "beds=0,5,40",
        "--arg",
        "days=10",
        "--cost",
        f"sum(max(0, I - beds)) + 3 * beds{extra}",
    ]

    code, out, err = optimise(
        *question, "--estimate", "calm.json", "--replications", "5", "--json", "found.json"
    )

    # Ten are ill all the time, on 11 days.
    assert code == 0, err
    assert ("by components" in out) == bool(extra)
    found = json.loads((tmp_path / "found.json").read_text())
    assert [(one["beds"], one["mean"]) for one in found["points"]] == [(0, 110), (5, 70), (40, 120)]
    assert found["parameters"] == {"beta": 0.0, "gamma": 0.0}
    assert out.splitlines()[-1] == "with beta = 0, gamma = 0"


def test_commands_and_records_are_taken_too(optimise, tmp_path, town):
    (tmp_path / "orders.jsonl").write_text('{"command": "lockdown", "time": 0, "strength": 1}\n')

    code, out, err = optimise(
        "--over", "x=1,2", "--stdin", "orders.jsonl", "--arg", "days=5",
        "--cost", "sum(town.infected.people) + x", "--replications", "2",
    )  # fmt: skip

    assert code == 0, err
    assert "by components" in out
    assert "best: x = 1\ncost: 1 ± 0" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--over", "x=1", "--cost", "I"], "`I` is a series; wanted is one number"),
        (["--over", "x=1", "--cost", "sum(I)"], "the variable x decides nothing"),
        (["--over", "x=1", "--cost", "x"], "looks at nothing that is simulated"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--do", "close x"], "does not say what to do"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--arg", "days"], "--arg takes NAME=VALUE"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--stdin", "none.jsonl"], "cannot read none.jsonl"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--stdin", "bad.jsonl"], "stdin line 1"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--stdin", "blob"], "blob is not UTF-8 text"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--arg", "seed=1"], "each run has a seed of its own"),
        (["--over", "x=1", "--cost", "sum(I) + x", "--seed", "-1"], "--seed must be at least 0"),
        (
            ["--over", "x=1", "--cost", "sum(I) + x", "--replications", "1"],
            "1 replications tell nothing of chance",
        ),
        (["--over", "x=1", "--cost", "sum(I) + x", "--against", "nowhere"], "nowhere"),
        (["--over", "x=1", "--cost", "sum(I) / (x - 1)"], "divides by zero"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(optimise, tmp_path, town, words, said):
    (tmp_path / "bad.jsonl").write_text("{\n")
    (tmp_path / "blob").write_bytes(b"\xff\xfe")

    code, _, err = optimise(*words)

    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_simulator_that_always_fails_ends_in_one_line(optimise, tmp_path):
    failing = TOWN.replace("total = self.S", "raise ValueError('no')\n        total = self.S")
    sir_simulator(tmp_path / "sir", town=failing)

    code, _, err = optimise("--over", "x=1,2", "--cost", "sum(I) + x", "--replications", "3")

    assert code == 1
    assert "no point can be simulated" in err
    assert len(err.splitlines()) == 1
