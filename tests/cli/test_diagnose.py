import csv
import json
import math

import pytest

from gsim_devs.calibration import Estimate, save_estimate
from tests.diagnostics.epidemics import NAMES, epidemics, fitted
from tests.observation.sir import ARRAYS, TOWN, sir_simulator

RULES = """
system: sir
rules:
  - id: nobody-comes
    clause: Nobody comes.
    level: component
    kind: derived
    on: town.state
    value: S + I + R
    equals: args.susceptible + args.infective + args.recovered
"""

CASES = """
system: sir
cases:
  - {id: few-days, level: stress, arguments: {days: 3}}
"""


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
    # Of the usual 5 % steps and free runs have one half each.
    assert "at a common level of 2.5 %, and free runs at 2.5 % too." in ended.stdout.splitlines()[0]
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


def test_rules_that_break_under_stress_and_the_numbers_are_shown(gsim_devs, tmp_path):
    town = sir_simulator(tmp_path / "sir", TOWN.replace("self.I + ill", "self.I + 1 + ill"))
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "cases.yaml").write_text(CASES)
    write_csv(tmp_path / "data.csv", epidemics("as modelled", seed=1, trajectories=2, days=5))

    ended = gsim_devs(
        "diagnose", town, "--data", "data.csv", "--rules", "rules.yaml", "--cases", "cases.yaml", "--tables"
    )

    assert ended.returncode == 1, ended.stdout + ended.stderr
    first, second, *_ = ended.stdout.splitlines()
    assert first.startswith("The model is wrong")
    # It gains somebody on each of three days, and so in three of four states.
    assert second == "- Under stress `nobody-comes` is broken 3 times: “Nobody comes.”"
    assert "predictive bands hold  step 50%" in ended.stdout


def test_data_of_the_fit_are_told_from_those_beside_it(gsim_devs, tmp_path):
    sir_simulator(tmp_path / "sir", arrays=ARRAYS)
    write_csv(tmp_path / "data.csv", epidemics("as modelled", seed=1, trajectories=1))

    ended = gsim_devs("diagnose", "sir", "--data", "data.csv", "--fitted-to", "./data.csv")

    assert ended.returncode in (0, 1), ended.stderr
    shared, *warnings = ended.stderr.splitlines()
    assert shared.startswith("gsim-devs: data.csv is in --data and in --fitted-to: ")
    # A line that is there twice would say nothing new.
    assert len(set(warnings)) == len(warnings)
    assert sum(": --fitted-to: there is one trajectory only" in one for one in warnings) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--draws", "2"], "--draws must be at least 19, not 2"),
        (["--level", "5"], "--level is a probability between 0 and 1, not 5.0"),
        (["--estimate", "nothing.json"], "cannot read the estimate nothing.json"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--rules", "rules.yaml"], "--rules and --cases go together"),
        (["--posterior"], "--posterior needs an --estimate with samples"),
        (["--estimate", "point.json", "--posterior"], "--posterior needs an --estimate with samples"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(gsim_devs, tmp_path, words, said):
    point = Estimate(method="cma", seed=0, status="converged", sentence="Found.", point={"beta": 0.5})
    save_estimate(point, tmp_path / "point.json")

    ended = gsim_devs("diagnose", "sir", "--data", "data.csv", *words)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
