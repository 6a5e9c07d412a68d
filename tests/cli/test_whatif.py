"""`gsim-devs whatif`: what a user sees, gets in files, and is refused."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace

import pytest

from gsim_devs.cli import main
from tests.interventions.references import ROOT, desk, reference

INFECTION = (ROOT / "scenarios/covid/reference/components/infection.py").read_text()


@pytest.fixture(scope="module")
def covid(tmp_path_factory):
    return reference("covid", tmp_path_factory.mktemp("whatif") / "covid")


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=told.out, stderr=told.err)

    return call


def test_a_variant_is_compared_told_and_kept(gsim_devs, tmp_path, covid):
    words = ["--scale", "infection_rate=0.3", "--from", "10", "--to", "40", "--replications", "20"]
    measures = ["--measure", "mean(I)", "--measure", "count(policy.lockdown)"]

    ended = gsim_devs("whatif", covid, *words, *measures, "--json", "found.json", "--csv", "courses.csv")

    assert (ended.returncode, ended.stderr) == (0, "")
    title, pairs, parameters, _, head, *lines = ended.stdout.splitlines()
    assert title == "covid: infection_rate x 0.3 from 10 to 40"
    assert pairs == "20 pairs of runs under common random numbers"
    assert parameters == "with infection_rate = 0.5, recovery_probability = 0.1"
    assert [line.split()[0] for line in (head, *lines[:2])] == [
        "measure",
        "mean(I)",
        "count(policy.lockdown)",
    ]
    assert lines[3].startswith("mean(I) falls by ")
    assert "The same in each pair: count(policy.lockdown)." in lines
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["pairs"], found["failures"], found["variant"]) == (20, 0, title.removeprefix("covid: "))
    assert found["measures"][0]["difference"]["high"] < 0
    assert found["measures"][0]["clear"] is True
    rows = list(csv.DictReader((tmp_path / "courses.csv").read_text().splitlines()))
    assert {row["observable"] for row in rows} == {"S", "I", "R"}
    differs = {float(row["t"]) for row in rows if float(row["difference"])}
    assert min(differs) == 10


def test_without_measures_every_observable_is_looked_at(here, covid):
    ended = here("whatif", covid, "--set", "infection_rate=1", "--replications", "5", "--arg", "days=20")

    told = [line.split()[0] for line in ended.stdout.splitlines()[5:17]]
    assert told == [f"{how}({name})" for name in "SIR" for how in ("mean", "max", "time_of_max", "last")]
    assert "take 10 or more" in ended.stdout


def test_several_things_can_be_done_at_times_of_their_own(here, tmp_path, covid):
    lockdown = {"command": "lockdown", "time": 3, "strength": 0.9}
    (tmp_path / "both").write_text(json.dumps(lockdown))
    (tmp_path / "more").write_text(json.dumps(lockdown | {"time": 1}) + "\n")

    ended = here(
        "whatif", covid, "--stdin", "both", "--variant-stdin", "more", "--do", "set infection_rate to 2 from 5 to 6",
        "--do", "scale recovery_probability by 2 from 7", "--replications", "3", "--arg", "days=8",
        "--measure", "count(policy.lockdown)", "--measure", "count(infection.infected)",
    )  # fmt: skip

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "count(policy.lockdown) rises by 1 (1 to 1), from 1 to 2 (+100 %)." in ended.stdout
    assert ended.stdout.splitlines()[0] == (
        "covid: set infection_rate to 2 from 5 to 6; scale recovery_probability by 2 from 7; the commands in more"
    )


def test_a_component_can_be_swapped_and_calibrated_values_stay(here, tmp_path):
    covid = reference("covid", tmp_path / "covid")
    (tmp_path / "swapped.py").write_text(INFECTION.replace("(1 - self.strength)", "0"))
    (covid / "parameters.json").write_text('{"infection_rate": 1.5}')

    ended = here(
        "whatif", covid, "--swap", "infection=swapped.py", "--replications", "3", "--arg", "days=3",
        "--measure", "last(I)", "--measure", "infection_rate",
    )  # fmt: skip

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "The same in each pair: infection_rate." in ended.stdout
    assert "last(I) falls" in ended.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Output(Movement)",
            "Output(Sizes)",
            "The port infected_out must be infected_out = Output(Movement)",
        ),
        (
            "infection_rate: float",
            "rate: float",
            "__init__ must take (self, infection_rate), not (self, rate).",
        ),
        ('"infected"', '"sick"', "'sick' is no event of this component"),
        (
            "class Infection",
            "class Infection(Atomic): ...\nclass Other",
            "it has 2 classes derived from Atomic",
        ),
    ],
)
def test_a_component_that_does_not_fit_is_refused(here, tmp_path, covid, old, new, said):
    (tmp_path / "other.py").write_text(INFECTION.replace(old, new))

    ended = here("whatif", covid, "--swap", "infection=other.py")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert all(
        line.startswith("gsim-devs: --swap infection=other.py: ") for line in ended.stderr.splitlines()
    )
    assert said in ended.stderr


def test_simulations_that_fail_are_told_by_the_exit_code(here, tmp_path):
    simulator = desk(tmp_path / "desk")

    ended = here("whatif", simulator, "--set", "risk=0.5", "--replications", "20", "--json", "found.json")

    assert (ended.returncode, ended.stderr) == (1, "")
    assert "2 pairs of runs failed beside" in ended.stdout
    assert "the desk is broken" in ended.stdout
    assert json.loads((tmp_path / "found.json").read_text())["measures"] == []


SET = ["--set", "infection_rate=1"]


@pytest.fixture
def estimate(tmp_path):
    """A file with an estimate that has this point."""

    def write(point):
        file = tmp_path / "estimate.json"
        told = {"method": "cma", "seed": 0, "status": "converged", "sentence": "done", "point": point}
        file.write_text(json.dumps(told))
        return file

    return write


def test_both_sides_are_simulated_with_the_estimate_that_is_given(here, covid, estimate):
    file = estimate({"infection_rate": 2.0})

    ended = here(
        "whatif", covid, "--do", "scale infection_rate by 0.5 from 5", "--do",
        "set recovery_probability to infection_rate / 4 from 1", "--estimate", file, "--replications", "3",
        "--arg", "days=9", "--measure", "infection_rate", "--measure", "mean(I)", "--json", "found.json",
    )  # fmt: skip
    plain = here(
        "whatif", covid, "--set", "infection_rate=2", "--replications", "3", "--arg", "days=9",
        "--measure", "mean(I)", "--json", "plain.json",
    )  # fmt: skip

    found, own = (json.loads((file.parent / name).read_text()) for name in ("found.json", "plain.json"))
    assert (ended.returncode, plain.returncode) == (0, 0), ended.stderr
    assert ended.stdout.splitlines()[2] == "with infection_rate = 2, recovery_probability = 0.1"
    assert found["parameters"] == {"infection_rate": 2.0, "recovery_probability": 0.1}
    rate, mean = found["measures"]
    assert rate["baseline"]["mean"] == 2
    assert mean["baseline"]["mean"] == own["measures"][0]["variant"]["mean"]
    assert mean["variant"]["mean"] < mean["baseline"]["mean"]


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (None, "the estimate has no point"),
        ({"rate": 1.0}, "unknown parameter rate; there are infection_rate"),
        ({"infection_rate": 7.0}, "parameter infection_rate must be at most 2.0, not 7.0"),
    ],
)
def test_an_estimate_that_cannot_be_simulated_with_is_refused(here, covid, estimate, point, said):
    file = estimate(point)

    ended = here("whatif", covid, *SET, "--estimate", file)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"gsim-devs: {file}: {said}" in ended.stderr


def test_where_nothing_differs_it_is_asked_whether_anything_could(here, covid):
    words = ["--replications", "2", "--arg", "days=3", "--arg", "infective=0"]

    same = here("whatif", covid, *SET, *words)
    other = here("whatif", covid, *SET, *words, "--measure", "infection_rate")

    said = "Does anything in this run use infection_rate? Commands come with --stdin."
    assert same.stdout.splitlines()[-1] == said
    assert "Does anything" not in other.stdout


def test_what_happens_at_the_very_end_of_a_run_may_still_change_something(here, covid):
    words = ["--arg", "days=9", "--from", "9", "--replications", "5", "--measure", "last(S)"]

    ended = here("whatif", covid, "--set", "infection_rate=2", *words)

    assert "last(S) falls by" in ended.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is different; say what with --set"),
        (["--set", "rate=1"], "unknown parameter rate; there are infection_rate"),
        (["--set", "infection_rate"], "--set takes NAME=VALUE"),
        (["--scale", "infection_rate=much"], "--scale infection_rate takes a number, not 'much'"),
        (["--scale", "infection_rate=nan"], "--scale infection_rate takes a number, not 'nan'"),
        (["--do", "stop"], "'stop' does not say what to do"),
        (
            ["--set", "infection_rate=+0.1"],
            "would set 0.1; write that, or --do 'set infection_rate to infection_rate + 0.1'",
        ),
        ([*SET, *SET], "--set infection_rate is there twice"),
        ([*SET, "--do", "set infection_rate to 2"], "infection_rate is set twice over the same time"),
        ([*SET, "--from", "61"], "infection_rate would change at 61, when the run has ended: days is 60"),
        (["--do", "scale infection_rate by 2 from 9", "--arg", "days=8"], "would change at 9, when the run"),
        ([*SET, "--from", "9", "--to", "3"], "the end must come after the beginning"),
        (["--do", "set infection_rate to 1", "--from", "9"], "--from and --to are for --set and --scale"),
        ([*SET, "--arg", "day=1"], "unknown argument day"),
        ([*SET, "--arg", "seed=1"], "--arg seed: each pair of runs has a seed of its own"),
        ([*SET, "--arg", "days=x"], "--days must be a whole number"),
        ([*SET, "--measure", "max(Q)"], "there is no 'Q'"),
        ([*SET, "--measure", "I"], "wanted is one number"),
        ([*SET, "--replications", "1"], "--replications must be from 2"),
        ([*SET, "--level", "1"], "--level must be between 0 and 1"),
        ([*SET, "--seed", "-1"], "--seed must be at least 0"),
        (["--variant-stdin", "nowhere"], "cannot read nowhere: No such file"),
        (["--stdin", "bad", *SET], "bad: stdin line 1: strength must be at most 1, not 2"),
        (
            ["--stdin", "good", "--variant-stdin", "bad"],
            "bad: stdin line 1: strength must be at most 1, not 2",
        ),
        (["--swap", "infection=nowhere.py"], "--swap infection=nowhere.py: cannot read nowhere.py"),
        (["--swap", "virus=bad"], "--swap virus=bad: there is no component 'virus'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(here, tmp_path, covid, words, said):
    (tmp_path / "bad").write_text('{"command": "lockdown", "time": 1, "strength": 2}\n')
    (tmp_path / "good").write_text('{"command": "lockdown", "time": 1, "strength": 1}\n')

    ended = here("whatif", covid, *words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_commands_for_who_takes_none_are_refused(here, tmp_path):
    (tmp_path / "commands").write_text("hurry\n")

    ended = here("whatif", desk(tmp_path / "desk"), "--variant-stdin", "commands")

    assert (ended.returncode, ended.stderr) == (2, "gsim-devs: commands: desk takes no commands\n")


def test_what_is_no_simulator_is_refused(here, tmp_path):
    ended = here("whatif", tmp_path, *SET)

    assert ended.returncode == 2
    assert "contract.json: cannot be read" in ended.stderr
