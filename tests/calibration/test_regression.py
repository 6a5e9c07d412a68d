"""Guesses from summaries whose best answers are known."""

import re

import numpy as np
import pytest

from gsim_devs.calibration import Budget, calibrate
from tests.calibration.problems import real, whole

COUNT = 500


class Sample:
    """A sample of a normal distribution; each candidate is another one. One parameter does nothing."""

    price = 2.0

    def __init__(self, truth, parameters, seed=0):
        self.parameters, self.truth = parameters, truth
        self.data = self.drawn(truth, COUNT, np.random.default_rng([9, seed]))
        self.asked = 0
        self.failing = lambda theta: False

    @staticmethod
    def drawn(theta, count, draws):
        return theta["mean"] + theta.get("sd", 1.0) * draws.standard_normal(count)

    @staticmethod
    def told(sample):
        return np.array([sample.mean(), sample.std(), *np.quantile(sample, [0.1, 0.9]), sample.min(), 3.0])

    @property
    def observed_summary(self):
        return self.told(self.data[: COUNT // 2])

    @property
    def observed_details(self):
        return self.told(self.data)

    def summaries(self, thetas, *, seed):
        return self.rows(thetas, seed, COUNT // 2)

    def details(self, thetas, *, seed):
        return self.rows(thetas, seed, COUNT)

    def rows(self, thetas, seed, count):
        draws = np.random.default_rng(seed)
        self.asked += len(thetas)
        rows = np.array([self.told(self.drawn(theta, count, draws)) for theta in thetas])
        rows[[self.failing(theta) for theta in thetas]] = np.nan
        return rows

    def losses(self, thetas, *, seed, share=1.0):
        """Energy scores, and in them some noise."""
        self.asked += len(thetas)
        uniform = np.random.default_rng(seed)
        seen = self.data[uniform.integers(0, COUNT, 50)]
        one, other = uniform.standard_normal((2, 50))
        losses = []
        for theta in thetas:
            sd = theta.get("sd", 1.0)
            a, b = theta["mean"] + sd * one, theta["mean"] + sd * other
            losses.append((abs(a - seen) + abs(b - seen) - abs(a - b)).mean() / 2)
        return np.array(
            [np.nan if self.failing(theta) else one for theta, one in zip(thetas, losses, strict=True)]
        )


TWO = {"mean": real(-10.0, 10.0), "sd": real(0.1, 10.0), "cost": real(0.0, 5.0)}


def test_the_guess_is_about_as_good_as_the_data_allow():
    off_mean, off_sd, held = [], [], 0
    for seed in range(8):
        problem = Sample({"mean": 3.0, "sd": 2.0}, TWO, seed)
        estimate = calibrate(problem, "auto", seed=seed)
        off_mean.append(estimate.point["mean"] - problem.data.mean())
        off_sd.append(estimate.point["sd"] - problem.data.std())
        low, high = estimate.within["mean"]
        held += low <= 3.0 <= high
        assert estimate.status == "converged"
        assert high - low == pytest.approx(2 * 1.645 * 2.0 / np.sqrt(COUNT), rel=0.35)

    # Nothing beats the mean of the sample; its own error is this.
    assert np.sqrt(np.mean(np.square(off_mean))) < 0.5 * 2.0 / np.sqrt(COUNT)
    assert np.sqrt(np.mean(np.square(off_sd))) < 0.7 * 2.0 / np.sqrt(2 * COUNT)
    assert held >= 6


def test_what_summaries_do_not_depend_on_is_named_and_keeps_its_range():
    estimate = calibrate(Sample({"mean": 3.0, "sd": 2.0}, TWO), "auto")

    assert estimate.untold == ("cost",)
    assert estimate.contraction["cost"] < 0.1
    assert estimate.contraction["mean"] > 0.9
    low, high = estimate.within["cost"]
    assert high - low > 4.0


def test_no_more_digits_are_shown_than_are_known():
    text = calibrate(Sample({"mean": 3.0, "sd": 2.0}, TWO), "auto").text

    # The mean is known to a tenth, the cost not at all.
    (mean, cost) = (re.search(rf"{name} = (\S+)", text).group(1) for name in ("mean", "cost"))
    assert len(mean.replace(".", "")) <= 3
    assert len(cost.replace(".", "")) <= 2


def test_a_whole_number_is_found():
    problem = Sample({"mean": 7}, {"mean": whole(-20, 20)})

    assert calibrate(problem, "auto", Budget(simulations=3000)).point == {"mean": 7}


def test_candidates_that_cannot_run_are_left_out():
    problem = Sample({"mean": 3.0, "sd": 2.0}, TWO)
    problem.failing = lambda theta: theta["mean"] + theta["sd"] > 5.5

    estimate = calibrate(problem, "auto")

    assert estimate.point["mean"] == pytest.approx(problem.data.mean(), abs=0.1)
    assert estimate.failures > 0


def test_summaries_that_mislead_are_overruled_by_the_loss():
    class Mirrored(Sample):
        """Its summaries cannot tell -3 from 3."""

        @staticmethod
        def told(sample):
            return np.array([abs(sample.mean()), sample.std()])

    estimate = calibrate(Mirrored({"mean": 3.0, "sd": 1.0}, TWO), "auto")

    assert estimate.point["mean"] == pytest.approx(3.0, abs=0.15)
    low, high = estimate.within["mean"]
    assert low < 3.0 < high < low + 0.5


def without_clock(estimate):
    return estimate.model_copy(update={"seconds": 0.0})


class Killed(BaseException):
    pass


def test_killed_and_resumed_gives_the_same_estimate(tmp_path):
    whole_run = calibrate(Sample({"mean": 3.0, "sd": 2.0}, TWO), "auto", seed=2)
    dying, rest = (Sample({"mean": 3.0, "sd": 2.0}, TWO) for _ in range(2))

    def die(theta):
        if dying.asked > 1200:
            raise Killed
        return False

    dying.failing = die
    with pytest.raises(Killed):
        calibrate(dying, "auto", seed=2, resume=tmp_path / "journal")
    resumed = calibrate(rest, "auto", seed=2, resume=tmp_path / "journal")

    assert without_clock(resumed) == without_clock(whole_run)
    assert rest.asked < whole_run.evaluations - 900


@pytest.mark.parametrize("simulations", [40, 500, 900])
def test_the_budget_is_kept_and_its_end_is_told(simulations):
    estimate = calibrate(Sample({"mean": 3.0, "sd": 2.0}, TWO), "auto", Budget(simulations=simulations))

    assert estimate.spent <= simulations
    assert estimate.status != "converged"
    assert estimate.point is not None


@pytest.mark.parametrize("most", [5.5, 8.0])
def test_why_candidates_fail_is_said_though_no_loss_told_it(most):
    class Fragile(Sample):
        """Only summaries fail."""

        def losses(self, thetas, *, seed, share=1.0):
            failing, self.failing = self.failing, lambda theta: False
            told = super().losses(thetas, seed=seed, share=share)
            self.failing = failing
            return told

        def reasons(self, thetas, *, seed):
            return {"too much of both": sum(map(self.failing, thetas))}

    problem = Fragile({"mean": 3.0, "sd": 2.0}, TWO)
    problem.failing = lambda theta: theta["mean"] + theta["sd"] > most

    estimate = calibrate(problem, "auto")

    assert "% of the candidates failed, most often with 'too much of both'" in estimate.sentence


def test_what_is_not_observed_is_no_failure():
    class Partly(Sample):
        @staticmethod
        def told(sample):
            return np.array([sample.mean(), np.nan, sample.std()])

    estimate = calibrate(Partly({"mean": 3.0, "sd": 2.0}, TWO), "auto")

    assert estimate.failures == 0
    assert estimate.point["mean"] == pytest.approx(3.0, abs=0.3)


def test_a_point_that_the_loss_moved_lies_in_its_interval_and_that_holds_the_guess():
    class Shifted(Sample):
        """What summaries tell is off by a little; the loss knows better."""

        @property
        def observed_summary(self):
            return self.told(self.data[: COUNT // 2] + 0.2)

        @property
        def observed_details(self):
            return self.told(self.data + 0.2)

        def losses(self, thetas, *, seed, share=1.0):
            return np.array([abs(theta["mean"] - 3.0) + abs(theta["sd"] - 2.0) for theta in thetas])

    problem = Shifted({"mean": 3.0, "sd": 2.0}, TWO)
    estimate = calibrate(problem, "auto")

    low, high = estimate.within["mean"]
    assert low < estimate.point["mean"] < high
    assert estimate.point["mean"] == pytest.approx(3.0, abs=0.01)
    assert low < problem.data.mean() + 0.2 < high
