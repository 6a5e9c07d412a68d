"""Calibration of problems whose answers are known."""

import math

import numpy as np
import pytest

from gsim_devs.calibration import Budget, calibrate, load_estimate, save_estimate
from gsim_devs.contracts.parameters import LogRealParameter
from gsim_devs.errors import SimulationError, UsageError
from tests.calibration.problems import Formula, normal, poisson, real, shares, whole


def bowl(theta):
    return (theta["x"] - 0.3) ** 2 + 2 * (theta["y"] + 0.2) ** 2


BOWL = {"x": real(-1.0, 1.0), "y": real(-1.0, 1.0)}


def without_clock(estimate):
    return estimate.model_copy(update={"seconds": 0.0})


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_mean_and_a_standard_deviation_are_found(seed):
    estimate = calibrate(normal(), "cma", Budget(simulations=500), seed=seed)

    assert estimate.point["mean"] == pytest.approx(3.0, abs=0.2)
    assert estimate.point["sd"] == pytest.approx(2.0, abs=0.25)


def test_energy_finds_the_rate_of_a_poisson_number_and_mse_half_less():
    budget = Budget(simulations=300)

    assert calibrate(poisson("energy"), "cma", budget).point["rate"] == pytest.approx(5.0, abs=0.2)
    assert calibrate(poisson("mse"), "cma", budget).point["rate"] == pytest.approx(4.5, abs=0.2)


@pytest.mark.parametrize(("method", "near"), [("cma", 1e-3), ("ga", 0.05)])
def test_every_method_finds_the_bottom_of_a_bowl(method, near):
    estimate = calibrate(Formula(BOWL, bowl), method)

    assert estimate.status == "converged"
    assert (estimate.point["x"], estimate.point["y"]) == pytest.approx((0.3, -0.2), abs=near)


def test_the_deepest_of_many_hollows_is_found():
    def hollows(theta):
        wave = sum(10 - 10 * math.cos(2 * math.pi * (theta[k] - 1.7)) for k in "xy")
        return wave + sum((theta[k] - 1.7) ** 2 for k in "xy")

    space = {"x": real(-5.0, 5.0), "y": real(-5.0, 5.0)}
    found = [calibrate(Formula(space, hollows), "cma", seed=seed).loss for seed in range(5)]

    # The next deepest hollow is 1 deep.
    assert sum(one < 0.5 for one in found) >= 4


def test_integers_are_whole_and_right():
    def off(theta):
        return (theta["beds"] - 20) ** 2 / 100 + (theta["stay"] - 4.5) ** 2

    estimate = calibrate(Formula({"beds": whole(1, 60), "stay": real(0.0, 10.0)}, off, noise=0.002), "cma")

    assert estimate.point["beds"] == 20
    assert isinstance(estimate.point["beds"], int)


def test_where_there_are_few_values_each_is_tried():
    problem = Formula(
        {"a": whole(1, 6), "b": whole(0, 4)}, lambda theta: abs(theta["a"] - 4) + abs(theta["b"] - 1)
    )

    estimate = calibrate(problem, "cma")

    assert estimate.point == {"a": 4, "b": 1}
    assert estimate.evaluations <= 30 + 8 * 9 + 4 * 3


def test_shares_and_orders_of_magnitude_are_found():
    truth = (0.6, 0.3, 0.1)

    def off(theta):
        return (
            sum((a - b) ** 2 for a, b in zip(theta["mix"], truth, strict=True))
            + math.log(theta["rate"] / 1e-3) ** 2
        )

    rate = LogRealParameter(type="log-real", minimum=1e-6, maximum=1e3, value=1.0)
    estimate = calibrate(Formula({"mix": shares(3), "rate": rate}, off), "cma")

    assert estimate.point["mix"] == pytest.approx(truth, abs=0.01)
    assert estimate.point["rate"] == pytest.approx(1e-3, rel=0.02)


@pytest.mark.parametrize("method", ["cma", "ga"])
def test_failures_are_counted_and_do_not_lead_astray(method):
    problem = Formula(BOWL, bowl)
    # About a third of the square, with the best point near its edge.
    problem.fails = lambda theta: theta["x"] > 0.35

    estimate = calibrate(problem, method)

    assert (estimate.point["x"], estimate.point["y"]) == pytest.approx((0.3, -0.2), abs=0.05)
    assert 0 < estimate.failures < estimate.evaluations


def test_one_crash_does_not_take_the_others_with_it():
    def crashes(theta):
        if theta["x"] < -0.4:
            raise SimulationError("division by zero", component="ward.icu", time=3.0, event="arrival")
        return bowl(theta)

    estimate = calibrate(Formula(BOWL, crashes), "cma", Budget(simulations=300))

    assert estimate.point["x"] == pytest.approx(0.3, abs=0.05)
    assert estimate.failures > 0


def test_where_everything_fails_there_is_no_point_and_a_sentence():
    problem = Formula(BOWL, bowl)
    problem.fails = lambda theta: True

    estimate = calibrate(problem, "cma", Budget(simulations=100))

    assert (estimate.status, estimate.point) == ("failed", None)
    assert "every one of" in estimate.sentence


def test_where_parameters_make_no_difference_nothing_is_claimed():
    estimate = calibrate(Formula(BOWL, lambda theta: 1.0, noise=0.1), "cma", Budget(simulations=300))

    assert estimate.status == "undetermined"


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_parameter_that_makes_no_difference_is_named(noise):
    problem = Formula(BOWL | {"cost": real(0.0, 5.0)}, bowl, noise)

    estimate = calibrate(problem, "cma", Budget(simulations=600))

    assert estimate.untold == ("cost",)
    assert "the data do not tell cost" in estimate.sentence
    assert estimate.status != "undetermined"


def test_noise_is_measured_and_differences_below_it_are_ties():
    sharp = calibrate(Formula(BOWL, bowl), "cma", Budget(simulations=400))
    noisy = calibrate(Formula(BOWL, bowl, noise=0.1), "cma", Budget(simulations=400))

    assert sharp.noise == 0
    assert noisy.noise == pytest.approx(0.1, rel=0.8)
    assert noisy.tied > 0


def test_the_loss_is_of_fresh_seeds_and_not_of_the_luckiest():
    estimate = calibrate(Formula(BOWL, bowl, noise=0.1), "cma", Budget(simulations=600))

    luckiest = estimate.history[-1][1]
    assert luckiest < -0.1
    assert estimate.loss > -0.1


def test_the_point_at_a_bound_is_told():
    estimate = calibrate(Formula(BOWL, lambda theta: -theta["x"] + theta["y"] ** 2), "cma")

    assert estimate.point["x"] == pytest.approx(1.0, abs=0.01)
    assert "x at a bound" in estimate.sentence


@pytest.mark.parametrize("method", ["cma", "ga"])
def test_the_same_seed_gives_the_same_estimate(method):
    budget = Budget(simulations=900)
    once, again = (
        without_clock(calibrate(Formula(BOWL, bowl, 0.01), method, budget, seed=4)) for _ in range(2)
    )

    assert once == again
    assert once != without_clock(calibrate(Formula(BOWL, bowl, 0.01), method, budget, seed=5))


@pytest.mark.parametrize("simulations", [20, 100, 200])
def test_the_budget_is_kept(simulations):
    estimate = calibrate(Formula(BOWL, bowl), "cma", Budget(simulations=simulations))

    assert estimate.spent <= simulations
    assert estimate.status == "stopped"
    assert estimate.point is not None


def test_seconds_end_the_search():
    estimate = calibrate(Formula(BOWL, bowl, noise=1.0), "cma", Budget(simulations=10**9, seconds=0.3))

    assert estimate.evaluations < 10**6
    assert estimate.point is not None


class Killed(BaseException):
    pass


@pytest.mark.parametrize("method", ["cma", "ga"])
def test_killed_and_resumed_gives_the_same_estimate(method, tmp_path):
    budget, journal = Budget(simulations=1000), tmp_path / "journal"
    whole_run = calibrate(Formula(BOWL, bowl, 0.01), method, budget)
    dying = Formula(BOWL, bowl, 0.01)

    def die(theta):
        if dying.asked > 600:
            raise Killed
        return False

    dying.fails = die
    with pytest.raises(Killed):
        calibrate(dying, method, budget, resume=journal)
    # Death in the middle of a line.
    with journal.open("a") as file:
        file.write('{"asked": "12')
    rest = Formula(BOWL, bowl, 0.01)
    resumed = calibrate(rest, method, budget, resume=journal)

    assert without_clock(resumed) == without_clock(whole_run)
    assert rest.asked < whole_run.evaluations - 300


def test_the_journal_of_another_calibration_is_refused(tmp_path):
    journal = tmp_path / "journal"
    calibrate(Formula(BOWL, bowl), "cma", Budget(simulations=50), resume=journal)

    with pytest.raises(UsageError, match="another calibration.*seed 0 instead of 7"):
        calibrate(Formula(BOWL, bowl), "cma", Budget(simulations=50), seed=7, resume=journal)


@pytest.mark.parametrize("text", ["no journal\n", "[1, 2]\n", '{"a": 1}\n'])
def test_a_file_that_is_no_journal_is_refused(text, tmp_path):
    journal = tmp_path / "journal"
    journal.write_text(text)

    with pytest.raises(UsageError, match="journal"):
        calibrate(Formula(BOWL, bowl), "cma", Budget(simulations=50), resume=journal)
    assert journal.read_text() == text


def test_an_earlier_estimate_is_a_start_by_name_and_unit():
    # A needle that nobody finds who does not know where it is.
    def needle(theta):
        away = max(abs(theta["x"] - 0.3123), abs(theta["y"] + 0.2))
        return away if away < 1e-4 else 1.0 + 0.01 * theta["z"] ** 2

    three = BOWL | {"z": real(-1.0, 1.0)}
    known = calibrate(Formula(BOWL, bowl), "cma").model_copy(update={"point": {"x": 0.3123, "y": -0.2}})
    elsewhere = known.model_copy(update={"units": {"x": "h", "y": "h"}})
    budget = Budget(simulations=200)

    assert calibrate(Formula(three, needle), "cma", budget, start=known).loss < 1e-4
    assert calibrate(Formula(three, needle), "cma", budget, start=elsewhere).loss >= 1


def test_data_that_were_put_aside_decide():
    class Split(Formula):
        def validation_losses(self, thetas, *, seed):
            return np.array([float(abs(theta["n"] - 5)) for theta in thetas])

    def off(theta):
        return abs(theta["n"] - 4)

    assert calibrate(Formula({"n": whole(1, 9)}, off), "cma").point == {"n": 4}
    assert calibrate(Split({"n": whole(1, 9)}, off), "cma").point == {"n": 5}


def test_an_estimate_can_be_kept(tmp_path):
    estimate = calibrate(
        Formula({"beds": whole(1, 90), "mix": shares(3)}, lambda theta: theta["beds"]), "cma", Budget(100)
    )
    save_estimate(estimate, tmp_path / "estimate.json")

    assert load_estimate(tmp_path / "estimate.json") == estimate


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"method": 3}', "nothing"])
def test_what_is_no_estimate_is_refused(text, tmp_path):
    path = tmp_path / "estimate.json"
    path.write_text(text)

    with pytest.raises(UsageError, match="not an estimate"):
        load_estimate(path)


def test_an_unknown_method_is_refused():
    with pytest.raises(UsageError, match="unknown method 'hope'; there are auto"):
        calibrate(Formula(BOWL, bowl), "hope")


@pytest.mark.parametrize("method", ["cma", "ga"])
def test_a_posterior_is_not_asked_of_a_method_that_has_none(method):
    with pytest.raises(UsageError, match=f"the method {method} samples no posterior; take npe, or auto"):
        calibrate(Formula(BOWL, bowl), method, posterior=True)


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(simulations=600), "the budget ended before the search did"),
        (Budget(simulations=100_000), "a larger budget alone would not change that"),
    ],
)
def test_more_is_asked_for_only_where_it_would_be_spent(budget, said):
    problem = Formula(BOWL | {"cost": real(0.0, 5.0)}, bowl, noise=0.05)

    estimate = calibrate(problem, "ga", budget)

    assert estimate.status == "stopped"
    assert said in estimate.sentence
    assert estimate.spent < 10_000


def test_too_small_a_budget_for_a_generation_is_refused():
    with pytest.raises(UsageError, match="400 candidates in each generation"):
        calibrate(Formula(BOWL, bowl), "ga", Budget(simulations=100))


@pytest.mark.parametrize("budget", [{"simulations": 0}, {"seconds": 0}, {"seconds": math.nan}])
def test_a_budget_of_nothing_is_refused(budget):
    with pytest.raises(UsageError, match="is none"):
        Budget(**budget)
