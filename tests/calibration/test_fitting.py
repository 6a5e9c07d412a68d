"""A small epidemic whose truth is known, beside data that were drawn without it."""

import csv
import json

import numpy as np
import pytest

from gsim_devs.calibration import Budget, apply_estimate, calibrate, problem_of
from gsim_devs.errors import UsageError
from gsim_devs.observation import Experiment, load_dataset
from tests.observation.sir import ARRAYS, TOWN, sir_contract, sir_simulator

BETA, GAMMA = 0.7, 0.2
TRUE = {"beta": BETA, "gamma": GAMMA}


def write_data(path, trajectories, days=20, columns=("S", "I", "R")):
    """The epidemic again, in five lines."""
    draws = np.random.default_rng(5)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["trajectory", "t", *columns])
        for k in range(trajectories):
            state = {"S": 90 - k, "I": 10 + k, "R": 0}
            for t in range(days + 1):
                table.writerow([f"town {k}", t, *(state[name] for name in columns)])
                ill = draws.binomial(state["S"], 1 - np.exp(-BETA * state["I"] / 100))
                well = draws.binomial(state["I"], GAMMA)
                state = {"S": state["S"] - ill, "I": state["I"] + ill - well, "R": state["R"] + well}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    sir_simulator(folder / "sir", arrays=ARRAYS)
    write_data(folder / "data.csv", 10)
    write_data(folder / "ill.csv", 10, columns=("I",))
    return folder


@pytest.fixture(scope="module")
def experiment(folder):
    with Experiment(
        folder / "sir", sir_contract(), load_dataset(folder / "data.csv", sir_contract())
    ) as made:
        yield made


def test_the_truth_fits_better_than_others(experiment):
    problem = problem_of(experiment)
    others = [TRUE | {"beta": 0.4}, TRUE | {"beta": 1.1}, TRUE | {"gamma": 0.1}, TRUE | {"gamma": 0.35}]

    losses = problem.losses([TRUE, *others], seed=1)

    assert losses.argmin() == 0
    assert (losses == problem.losses([TRUE, *others], seed=1)).all()


def test_the_epidemic_is_found_by_its_steps(experiment):
    estimate = calibrate(problem_of(experiment), "cma", Budget(simulations=500))

    assert estimate.point["beta"] == pytest.approx(BETA, abs=0.12)
    assert estimate.point["gamma"] == pytest.approx(GAMMA, abs=0.03)
    assert estimate.failures == 0


def test_where_the_state_is_not_observed_whole_courses_are_compared(folder):
    dataset = load_dataset(folder / "ill.csv", sir_contract())
    with Experiment(folder / "sir", sir_contract(), dataset) as experiment:
        problem = problem_of(experiment)
        losses = problem.losses([TRUE, TRUE | {"gamma": 0.5}], seed=1)
        rows = problem.summaries([TRUE, TRUE], seed=1)

    assert losses[0] < losses[1]
    assert rows.shape == (2, len(problem.observed_summary))
    assert not np.isnan(rows).all(axis=0).all()


def test_a_share_of_whole_courses_costs_a_share_of_the_simulations(folder):
    dataset = load_dataset(folder / "data.csv", sir_contract())
    with Experiment(folder / "sir", sir_contract(), dataset, workers=1) as experiment:
        problem = problem_of(experiment, courses=True, draws=2)
        (fifth,) = problem.losses([TRUE], seed=1, share=0.2)
        first = experiment.simulations
        (whole,) = problem.losses([TRUE], seed=1)

    assert (first, experiment.simulations - first) == (4, 20)
    assert fifth != whole
    assert fifth == pytest.approx(whole, rel=0.5)


def test_whole_courses_can_be_compared_though_steps_could(experiment):
    estimate = calibrate(problem_of(experiment, courses=True), "cma", Budget(simulations=300))

    assert estimate.point["beta"] == pytest.approx(BETA, abs=0.15)
    assert estimate.point["gamma"] == pytest.approx(GAMMA, abs=0.04)


def test_summaries_have_random_numbers_of_their_own_and_are_those_of_the_data(experiment):
    problem = problem_of(experiment)

    rows = problem.summaries([TRUE] * 40, seed=3)

    spread = rows.std(axis=0)
    assert (spread[~np.isclose(problem.observed_summary, rows.mean(axis=0))] > 0).all()
    away = np.abs(problem.observed_summary - rows.mean(axis=0))[spread > 0] / spread[spread > 0]
    assert np.median(away) < 2
    assert len(problem.trajectories([TRUE], seed=1)[0]) == len(problem.observed_trajectory)


def test_a_simulator_that_cannot_run_with_some_values_is_a_failure_for_those(folder):
    fragile = sir_simulator(
        folder / "fragile", TOWN.replace("self.strength = 0.0", "self.strength = 1 / (self.beta > 1)")
    )
    write_data(folder / "few.csv", 1, days=3)
    dataset = load_dataset(folder / "few.csv", sir_contract())
    with Experiment(fragile, sir_contract(), dataset, workers=1) as experiment:
        losses = problem_of(experiment).losses([TRUE, TRUE | {"beta": 1.5}], seed=0)

    assert np.isnan(losses).tolist() == [True, False]


def test_other_arguments_make_another_problem(folder):
    dataset = load_dataset(folder / "ill.csv", sir_contract())
    losses, identities = [], []
    for arguments in ({}, {"susceptible": 90}, {"susceptible": 1000}):
        with Experiment(
            folder / "sir", sir_contract(), dataset, arguments=arguments, workers=1
        ) as experiment:
            problem = problem_of(experiment)
            losses += list(problem.losses([TRUE], seed=1))
            identities.append(problem.identity)

    assert losses[0] == losses[1] < losses[2]
    assert identities[1] != identities[2] != identities[0]


def test_an_estimate_becomes_the_simulators_own(folder, experiment):
    simulator = sir_simulator(folder / "applied")
    estimate = calibrate(problem_of(experiment), "cma", Budget(simulations=60))

    apply_estimate(estimate, simulator)

    assert json.loads((simulator / "parameters.json").read_text()) == estimate.point
    assert {path.name for path in simulator.iterdir()} >= {"contract.json", "manifest.json"}


def test_what_the_data_do_not_tell_stays_as_the_simulator_has_it(folder, experiment):
    simulator = sir_simulator(folder / "kept")
    before = json.loads((simulator / "parameters.json").read_text())
    estimate = calibrate(problem_of(experiment), "cma", Budget(simulations=60))

    apply_estimate(estimate.model_copy(update={"untold": ("gamma",)}), simulator)

    held = json.loads((simulator / "parameters.json").read_text())
    assert held == {"beta": estimate.point["beta"], "gamma": before["gamma"]}
    assert before["gamma"] != estimate.point["gamma"]


def test_where_first_rows_alone_tell_the_state_whole_courses_are_compared(folder, tmp_path):
    """Ten steps of two hundred would be left of them, all from the first day."""
    with (folder / "data.csv").open() as file:
        rows = list(csv.reader(file))
    for row in rows[1:]:
        if row[1] != "0":
            row[2] = row[4] = ""
    with (tmp_path / "first.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    dataset = load_dataset(tmp_path / "first.csv", sir_contract())

    with Experiment(folder / "sir", sir_contract(), dataset) as experiment:
        problem = problem_of(experiment, validation=experiment)
        aside = problem.validation_losses([TRUE], seed=1)

        assert problem.identity["objective"].endswith("courses")
        assert aside == problem.losses([TRUE], seed=1)
        assert problem.losses([TRUE, TRUE | {"gamma": 0.5}], seed=1).argmin() == 0


def test_an_estimate_of_another_model_is_refused(folder, experiment):
    simulator = sir_simulator(folder / "other")
    (simulator / "parameters.json").write_text('{"alpha": 1}')
    estimate = calibrate(problem_of(experiment), "cma", Budget(simulations=60))

    with pytest.raises(UsageError, match="has no parameter 'beta'"):
        apply_estimate(estimate, simulator)
    assert (simulator / "parameters.json").read_text() == '{"alpha": 1}'


def test_a_journal_is_not_continued_with_other_data(folder, experiment, tmp_path):
    calibrate(problem_of(experiment), "cma", Budget(simulations=60), resume=tmp_path / "journal")

    with pytest.raises(UsageError, match="another calibration"):
        calibrate(problem_of(experiment, "crps"), "cma", Budget(simulations=60), resume=tmp_path / "journal")


def failing_where(folder, name, condition):
    """The same epidemic, of which steps from some states come to nothing."""
    arrays = ARRAYS.replace("    return {", f"    S = np.where({condition}, np.nan, S)\n    return {{")
    return sir_simulator(folder / name, arrays=arrays)


def test_a_step_in_a_hundred_that_fails_counts_as_far_off_and_does_not_spoil_the_rest(folder, experiment):
    dataset = load_dataset(folder / "data.csv", sir_contract())
    simulator = failing_where(folder, "seldom", "S == 90")
    with Experiment(simulator, sir_contract(), dataset, workers=1) as failing:
        problem = problem_of(failing)
        whole, spoilt = (one.losses([TRUE], seed=1)[0] for one in (problem_of(experiment), problem))
        share = problem.failed([TRUE], seed=1)[0, 0]
        rows = problem.summaries([TRUE], seed=1)
        estimate = calibrate(problem, "cma", Budget(simulations=200))

    assert 0 < share < 0.05
    # Three observed groups, each taken to be ten units off.
    assert spoilt - whole == pytest.approx(share * 10 * np.sqrt(3), rel=0.2)
    assert np.isfinite(rows[:, ~np.isnan(problem.observed_summary)]).all()
    assert estimate.point["gamma"] == pytest.approx(GAMMA, abs=0.04)
    assert "% of its simulations failed" in estimate.sentence


def test_a_candidate_fails_if_many_of_its_steps_do(folder):
    dataset = load_dataset(folder / "data.csv", sir_contract())
    simulator = failing_where(folder, "often", "S > 60")
    with Experiment(simulator, sir_contract(), dataset, workers=1) as failing:
        problem = problem_of(failing)

        assert np.isnan(problem.losses([TRUE], seed=1)).all()
        assert np.isnan(problem.summaries([TRUE], seed=1)).any()
