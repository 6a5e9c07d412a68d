"""Rules as a part of the loss: what the data cannot tell, a rule under stress can."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.calibration import Budget, calibrate, problem_of, stressed
from gsim_devs.calibration.automatic import Detailed
from gsim_devs.calibration.problem import Identified, Ruled, Validated
from gsim_devs.execution import Pool
from gsim_devs.observation import Experiment, StressTest, load_dataset
from tests.calibration.test_fitting import write_data
from tests.observation.leaky import CASES, MOST, leaky_contract, leaky_simulator, write_files

GOOD = {"leak": 0.1, "beta": 0.7, "gamma": 0.2}
LOCKDOWN = "no-infection-in-a-full-lockdown"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaking")
    leaky_simulator(folder / "leaky", arrays=True)
    write_files(folder)
    write_data(folder / "data.csv", 6)
    return folder


@pytest.fixture(scope="module")
def experiment(folder):
    contract = leaky_contract()
    with Experiment(
        folder / "leaky", contract, load_dataset(folder / "data.csv", contract), workers=1
    ) as made:
        yield made


@pytest.fixture(scope="module")
def problem(folder, experiment):
    test = StressTest.of_files(leaky_contract(), folder / "rules.yaml", folder / "cases.yaml")
    with Pool(folder / "leaky", workers=1) as pool:
        yield stressed(problem_of(experiment), test, pool)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_breaks_rules_is_avoided_where_the_data_cannot_tell(problem, seed):
    estimate = calibrate(problem, "cma", Budget(simulations=150), seed=seed)

    assert estimate.point["leak"] <= MOST
    assert estimate.broken == {}
    assert "leak" not in estimate.untold
    assert "under stress: no rule is broken" in estimate.text


def test_without_rules_the_data_do_not_tell(experiment):
    found = [
        calibrate(problem_of(experiment), "cma", Budget(simulations=150), seed=seed) for seed in range(3)
    ]

    assert any(estimate.point["leak"] > MOST for estimate in found)
    assert all("leak" in estimate.untold for estimate in found)
    assert all(estimate.broken is None for estimate in found)


def test_the_loss_grows_with_the_share_that_is_broken_and_never_ties_with_a_clean_one(problem, experiment):
    plain = problem_of(experiment)
    leaks = [GOOD, GOOD | {"leak": MOST + 5e-4}, GOOD | {"leak": 0.9}]

    without = plain.losses(leaks, seed=3)
    clean, little, much = problem.losses(leaks, seed=3)

    assert (without == without[0]).all()
    assert clean == without[0]
    assert clean < little < much
    by_chance = np.array([plain.losses([GOOD], seed=seed)[0] for seed in range(20)]).std()
    assert little - clean > 5 * by_chance


def test_places_worth_a_second_look_are_found_by_data_alone(problem, experiment):
    leak = [GOOD | {"leak": 0.9}]

    assert problem.losses(leak, seed=3, share=0.5) == problem_of(experiment).losses(leak, seed=3, share=0.5)


def test_it_is_told_how_often_which_rule_is_broken(problem):
    assert problem.broken(GOOD) == {}
    assert problem.broken(GOOD | {"leak": 0.9}) == {LOCKDOWN: 20}


def test_data_that_were_put_aside_are_compared_with_rules_too(folder, experiment):
    test = StressTest.of_files(leaky_contract(), folder / "rules.yaml", folder / "cases.yaml")
    with Pool(folder / "leaky", workers=1) as pool:
        problem = stressed(problem_of(experiment, validation=experiment), test, pool)
        clean, broken = problem.validation_losses([GOOD, GOOD | {"leak": 0.9}], seed=1)

    assert clean < broken


def test_methods_see_what_it_is(problem, folder, tmp_path):
    (tmp_path / "cases.yaml").write_text(CASES.replace("days: 20", "days: 21"))
    other = StressTest.of_files(leaky_contract(), folder / "rules.yaml", tmp_path / "cases.yaml")

    assert isinstance(problem, Ruled)
    assert isinstance(problem, Identified)
    # Guessing from summaries would leave rules out.
    assert not isinstance(problem, Detailed)
    assert not isinstance(problem, Validated)
    with Pool(folder / "leaky", workers=1) as pool:
        changed = stressed(problem._fit, other, pool).identity
    assert [name for name, told in problem.identity.items() if changed[name] != told] == ["cases"]
