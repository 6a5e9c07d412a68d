import csv
import json
import math

import pytest

from tests.diagnostics.epidemics import NAMES, epidemics, fitted
from tests.observation.sir import ARRAYS, sir_simulator


def write_csv(path, observed):
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["trajectory", "t", *NAMES])
        for one in range(int(observed.trajectories.max()) + 1):
            rows = observed.trajectories == one
            states = [*observed.before[rows], observed.after[rows][-1]]
            table.writerows([one, at, *map(int, state)] for at, state in enumerate(states))


def diagnosis_of(truth, gsim_devs, folder, *more):
    training, observed = epidemics(truth, seed=1), epidemics(truth, seed=101)
    write_csv(folder / "training.csv", training)
    write_csv(folder / "data.csv", observed)
    beta, gamma = fitted(training)
    town = sir_simulator(folder / "sir", arrays=ARRAYS)
    # This simulator's gamma is the probability of a day.
    (town / "parameters.json").write_text(json.dumps({"beta": beta, "gamma": 1 - math.exp(-gamma)}))
    return gsim_devs("diagnose", "sir", "--data", "data.csv", "--fitted-to", "training.csv", *more)


def test_a_right_simulator_is_not_blamed_and_its_parameters_are_seen_at_work(gsim_devs, tmp_path):
    ended = diagnosis_of("as modelled", gsim_devs, tmp_path, "--sensitivity", "--json", "found.json")

    found = json.loads((tmp_path / "found.json").read_text())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "No error found: 600 transitions of 10 trajectories" in ended.stdout
    assert {one["name"]: one["kind"] for one in found["steps"]["effects"]} == {
        "beta": "seen",
        "gamma": "seen",
    }
    assert [one["name"] for one in found["paths"]] == list(NAMES)


def test_what_the_simulator_lacks_is_told(gsim_devs, tmp_path):
    ended = diagnosis_of("lockdown", gsim_devs, tmp_path)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "- The rate of the flow from `S` to `I` falls abruptly at time 1" in ended.stdout
    assert "the simulation strays from the data in" in ended.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--draws", "2"], "--draws must be at least 19, not 2"),
        (["--level", "5"], "the level of the tests is a probability between 0 and 1"),
        (["--estimate", "nothing.json"], "cannot read the estimate nothing.json"),
        (["--seed", "-1"], "--seed must be at least 0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(gsim_devs, tmp_path, words, said):
    ended = diagnosis_of("as modelled", gsim_devs, tmp_path, *words)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
