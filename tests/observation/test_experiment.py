"""Simulations beside data: what the arrays hold is compared with formulas and with runs of the simulator alone."""

from __future__ import annotations

import json
from math import exp

import numpy as np
import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Pool, run
from gsim_devs.observation import Experiment, load_dataset
from gsim_devs.observation.series import Observer
from gsim_devs.observation.starts import Inputs, seed_of
from tests.observation.sir import TOWN, check_moments, sir_simulator

TRUTH = {"beta": 0.5, "gamma": 0.1}
ROWS = "trajectory,t,S,I,R\na,0,90,10,0\na,1,85,14,1\na,2,80,17,3\nb,5,40,20,0\nb,6,35,22,3\n"


@pytest.fixture
def data(tmp_path, contract):
    """A dataset from the text of a CSV file."""

    def load(text: str):
        path = tmp_path / "data.csv"
        path.write_text(text)
        return load_dataset(path, contract)

    return load


@pytest.fixture
def experiment(simulator, contract, data):
    with Experiment(simulator, contract, data(ROWS), workers=1) as made:
        yield made


def test_transitions_start_from_every_row_that_has_a_next_one(experiment):
    found = experiment.transitions()

    assert found.names == ("S", "I", "R")
    assert found.trajectories == ("a", "a", "b")
    assert found.before.tolist() == [[90, 10, 0], [85, 14, 1], [40, 20, 0]]
    assert found.after.tolist() == [[85, 14, 1], [80, 17, 3], [35, 22, 3]]
    assert found.times.tolist() == [0, 1, 5]


def test_one_step_has_the_moments_of_the_binomial_formula(experiment):
    found = experiment.transitions()

    simulated = experiment.one_step([TRUTH], found, seed=1, draws=300)

    assert simulated.shape == (1, 300, 3, 3)
    check_moments(simulated[0], found.before, 300, least=0.6, most=1.6)


def test_candidates_are_compared_under_common_random_numbers(experiment):
    thetas = [{"beta": beta, "gamma": 0.1} for beta in (0.3, 0.5, 0.7)]

    simulated = experiment.one_step(thetas, experiment.transitions(), seed=3, draws=20)

    infected = -np.diff(simulated[..., 0], axis=0)
    assert (infected >= 0).all()
    assert (simulated[0, ..., 2] == simulated[1, ..., 2]).all()


def test_a_result_depends_neither_on_its_company_nor_on_the_workers(simulator, contract, data):
    with Experiment(simulator, contract, data(ROWS), workers=2) as two:
        steps = two.transitions()
        together = two.one_step([{"beta": 0.9}, TRUTH], steps, seed=4, draws=2)
    with Experiment(simulator, contract, data(ROWS), workers=1) as one:
        alone = one.simulate([TRUTH], steps.starts[2:], seed=4, draws=2)

    assert alone[0, :, 0, 0].tolist() == together[1, :, 2].tolist()


def test_what_is_observed_is_what_the_records_say(experiment, simulator, contract):
    thetas = [{"beta": k / 10, "gamma": 1 - k / 20} for k in range(12)]
    steps = experiment.transitions()

    simulated = experiment.one_step(thetas, steps, seed=2, draws=2)

    inputs = Inputs(contract, {})
    observer = Observer(contract, ("S", "I", "R"))
    runs = [(theta, draw, start) for theta in thetas for draw in range(2) for start in steps.starts]
    keyed = [(theta, start, seed_of(2, start, draw)) for theta, draw, start in runs]
    jobs = [Job(inputs.arguments(start, own), seed=own, parameters=theta) for theta, start, own in keyed]
    with Pool(simulator, workers=1) as pool:
        told = [observer.at(result.records, (1.0,)) for result in pool.run(jobs)]
    assert simulated.tolist() == np.reshape(told, simulated.shape).tolist()


def test_a_seed_for_each_candidate_gives_what_it_would_have_alone(experiment):
    steps = experiment.transitions()

    simulated = experiment.one_step([TRUTH, TRUTH], steps, seed=[3, 4])

    assert (simulated[1] == experiment.one_step([TRUTH], steps, seed=4)[0]).all()
    assert (simulated[0] == experiment.one_step([TRUTH], steps, seed=3)[0]).all()


def test_another_seed_or_draw_gives_other_results(experiment):
    steps = experiment.transitions()

    one = experiment.one_step([TRUTH], steps, seed=1, draws=20)
    two = experiment.one_step([TRUTH], steps, seed=2, draws=20)

    assert (one != two).any()
    assert len({tuple(draw.ravel()) for draw in one[0]}) > 10


def test_a_free_run_is_what_the_simulator_prints(experiment, simulator):
    paths = experiment.paths()

    simulated = experiment.free_run([{"beta": 0.0, "gamma": 1.0}], paths, seed=5)

    result = run(
        simulator, {"days": 2, "susceptible": 90, "infective": 10}, parameters={"beta": 0, "gamma": 1}
    )
    states = [json.loads(line) for line in result.trace.splitlines()]
    printed = [[*one["payload"].values()] for one in states if one["event"] == "state"]
    assert simulated.shape == (1, 1, 2, 2, 3)
    assert simulated[0, 0, 0].tolist() == printed[1:]
    assert simulated[0, 0, 1, 0].tolist() == [40, 0, 20]
    assert np.isnan(simulated[0, 0, 1, 1]).all()
    assert np.isnan(paths.observed[1, 1]).all()


def test_actions_become_commands_at_their_rows(simulator, contract, data):
    text = "trajectory,t,S,I,R,closed\na,3,90,10,0,1\na,4,90,9,1,\na,5,90,9,1,0\na,6,80,17,3,1\n"
    theta = [{"beta": 2.0, "gamma": 0.0}]
    with Experiment(simulator, contract, data(text), workers=1) as made:
        paths = made.paths()
        free = made.free_run(theta, paths, seed=1, draws=5)
        steps = made.transitions()
        stepped = made.one_step(theta, steps, seed=1, draws=5)

    assert paths.starts[0].actions == ((0.0, "closed", 1.0), (2.0, "closed", 0.0))
    # At t = 5 the town is opened again, after that day's infections.
    assert (free[0, :, 0, :2, 0] == 90).all()
    assert (free[0, :, 0, 2, 0] < 90).all()
    assert (stepped[0, :, 0, 0] == 90).all()
    # A step knows of what was done at its own row only.
    assert (stepped[0, :, 1:, 0] < 90).all()


def test_what_is_not_of_the_state_is_observed_after_the_step(simulator, contract, data):
    text = "trajectory,t,S,I,R,new\na,0,90,10,0,\na,1,85,14,1,5\na,2,80,17,3,5\n"
    with Experiment(simulator, contract, data(text), workers=1) as made:
        steps = made.transitions()
        simulated = made.one_step([TRUTH], steps, seed=1, draws=30)

    assert steps.names == ("S", "I", "R", "new")
    assert np.isnan(steps.before[0, 3])
    assert (simulated[0, :, :, 3] == steps.before[:, 0] - simulated[0, :, :, 0]).all()


def test_without_an_observed_state_runs_are_free(simulator, contract, data):
    with Experiment(simulator, contract, data("trajectory,t,new\na,1,5\na,2,6\na,4,1\n"), workers=1) as made:
        paths = made.paths()
        simulated = made.free_run([TRUTH], paths, seed=1, draws=50)

    assert made.transitions().starts == ()
    assert paths.starts[0].looks == (1, 2, 4)
    # The first day begins with 90 susceptible and 10 infective, as the arguments say.
    assert abs(simulated[0, :, 0, 0, 0].mean() - 90 * (1 - exp(-0.05))) < 5 * (4.2 / 50) ** 0.5


def test_failures_are_missing_and_counted(experiment):
    simulated = experiment.one_step([{"beta": 5.0}, TRUTH], experiment.transitions(), seed=1)

    assert np.isnan(simulated[0]).all()
    assert np.isfinite(simulated[1]).all()
    assert (experiment.failures, experiment.simulations) == (3, 6)
    assert [*experiment.reasons.values()] == [3]
    assert "beta" in next(iter(experiment.reasons))


IMPURE = {
    "a counter": (
        "class Town",
        "CALLS = []\n\n\nclass Town",
        "        CALLS.append(1)\n",
        "self.R + len(CALLS)",
    ),
    "the first state": (
        "class Town",
        "FIRST = []\n\n\nclass Town",
        "        FIRST.append(self.S)\n",
        "FIRST[0]",
    ),
}


@pytest.mark.parametrize("kind", IMPURE)
def test_a_simulator_that_remembers_earlier_runs_is_refused(kind, tmp_path, contract, data):
    before, after, line, wrong = IMPURE[kind]
    town = TOWN.replace(before, after)
    town = town.replace("        self.strength = 0.0\n", f"        self.strength = 0.0\n{line}")
    town = town.replace(
        'self.emit("state", S=self.S, I=self.I, R=self.R)',
        f'self.emit("state", S=self.S, I=self.I, R={wrong})',
    )
    folder = sir_simulator(tmp_path / "sir", town)

    with (
        Experiment(folder, contract, data(ROWS), workers=1) as made,
        pytest.raises(UsageError, match="keeps something between runs"),
    ):
        made.one_step([TRUTH], made.transitions(), seed=1)


def test_a_smaller_share_is_a_part_of_a_larger_one(experiment):
    one, two = (experiment.transitions(share=share, seed=7) for share in (0.34, 0.67))

    assert (len(one.starts), len(two.starts)) == (1, 2)
    assert set(one.starts[0].looks) <= {look for start in two.starts for look in start.looks}
    assert one.before.tolist()[0] in two.before.tolist()


def test_an_array_of_candidates_has_the_parameters_in_their_order(experiment):
    steps = experiment.transitions()

    by_name = experiment.one_step([TRUTH], steps, seed=1)
    by_column = experiment.one_step(np.array([[0.5, 0.1]]), steps, seed=1)

    assert (by_name == by_column).all()
    with pytest.raises(UsageError, match=r"needs \(any number, 2\)"):
        experiment.one_step(np.zeros((1, 3)), steps, seed=1)
