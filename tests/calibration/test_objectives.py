"""Which parameters an objective likes best, where that is known."""

import numpy as np
import pytest
from scipy import stats

from gsim_devs.calibration import LEAST_DRAWS, OBJECTIVES, loss
from gsim_devs.errors import UsageError

COUNT, DRAWS = 6000, 6
RATES = np.arange(4.0, 6.01, 0.25)


@pytest.fixture(scope="module")
def observed():
    return stats.poisson.ppf((np.arange(COUNT) + 0.5) / COUNT, 5.0)[:, None]


def best_rate(name, observed):
    uniform = np.random.default_rng(1).random((DRAWS, COUNT, 1))
    losses = [loss(name, stats.poisson.ppf(uniform, rate), observed) for rate in RATES]
    return RATES[int(np.argmin(losses))]


@pytest.mark.parametrize("name", ["energy", "crps", "mse-of-mean", "mmd", "dawid-sebastiani"])
def test_what_is_unbiased_likes_the_truth_best(name, observed):
    assert best_rate(name, observed) == pytest.approx(5.0, abs=0.25)


def test_mse_likes_a_poisson_rate_best_that_is_half_too_small(observed):
    assert best_rate("mse", observed) == pytest.approx(4.5, abs=0.25)


def test_the_energy_score_of_two_normals_is_what_the_formula_says():
    # E|X - Y| - E|X - X'| / 2 of independent normals: standard deviations times 2 / sqrt(pi).
    draws = np.random.default_rng(2)
    simulated, observed = draws.normal(size=(2, 200_000, 1)), draws.normal(size=(200_000, 1))

    assert loss("energy", simulated, observed) == pytest.approx(1 / np.sqrt(np.pi), abs=0.01)


def test_in_one_dimension_energy_and_crps_are_the_same():
    draws = np.random.default_rng(3)
    simulated, observed = draws.normal(size=(4, 50, 1)), draws.normal(size=(50, 1))

    assert loss("energy", simulated, observed) == pytest.approx(loss("crps", simulated, observed))


@pytest.mark.parametrize("name", ["energy", "crps", "mse-of-mean"])
def test_the_number_of_draws_does_not_change_the_loss_on_average(name):
    draws = np.random.default_rng(4)
    simulated, observed = draws.normal(1.0, 1.0, size=(8, 40_000, 1)), draws.normal(size=(40_000, 1))

    assert loss(name, simulated[:2], observed) == pytest.approx(loss(name, simulated, observed), abs=0.04)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_scale_makes_units_irrelevant(name):
    draws = np.random.default_rng(5)
    simulated, observed = draws.normal(size=(5, 30, 2)), draws.normal(size=(30, 2))
    grams = np.array([1000.0, 1.0])

    assert loss(name, simulated * grams, observed * grams, grams) == pytest.approx(
        loss(name, simulated, observed)
    )


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if name != "mmd"])
def test_what_was_not_observed_does_not_count(name):
    draws = np.random.default_rng(6)
    simulated, observed = draws.normal(size=(5, 40, 2)), draws.normal(size=(40, 2))
    holes = observed.copy()
    holes[20:] = np.nan
    elsewhere = simulated.copy()
    elsewhere[:, 20:] = 1e6

    assert loss(name, elsewhere, holes) == pytest.approx(loss(name, simulated[:, :20], observed[:20]))


def test_a_value_that_is_missing_where_one_was_observed_is_a_failure():
    assert np.isnan(loss("energy", np.full((2, 3, 1), np.nan), np.zeros((3, 1))))


@pytest.mark.parametrize("name", [name for name, least in LEAST_DRAWS.items() if least > 1])
def test_too_few_draws_are_refused(name):
    with pytest.raises(UsageError, match=f"{name} needs at least {LEAST_DRAWS[name]} draws"):
        loss(name, np.zeros((1, 3, 1)), np.zeros((3, 1)))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match=r"should be \(draws, n, d\) and \(n, d\)"):
        loss("energy", np.zeros((2, 3, 1)), np.zeros((4, 1)))


def test_an_unknown_objective_is_refused_by_name():
    with pytest.raises(UsageError, match="unknown objective 'rmse'; there are energy"):
        loss("rmse", np.zeros((2, 3, 1)), np.zeros((3, 1)))
