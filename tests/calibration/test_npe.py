"""Posteriors that are known, or must not be."""

from typing import ClassVar

import numpy as np
import pytest
from scipy import stats

from gsim_devs.calibration import Budget, calibrate, load_estimate, save_estimate
from gsim_devs.calibration.asking import Answer, Task
from gsim_devs.calibration.npe import npe
from gsim_devs.calibration.seeds import Seeds
from gsim_devs.calibration.space import Space
from gsim_devs.errors import UsageError
from tests.calibration.problems import Formula, normal, real, whole

TRUTH = {"mean": 1.0, "log_sd": 0.5, "nothing": 0.0}
COUNT = 60


class Sample:
    """The mean and the logarithm of the standard deviation of a sample; a third parameter does nothing."""

    parameters: ClassVar = {"mean": real(-5.0, 5.0), "log_sd": real(-2.0, 2.0), "nothing": real(-1.0, 1.0)}
    failing = False

    def __init__(self):
        # What has exactly these statistics; so the posterior lies about the truth.
        self.observed_summary = np.array([1.0, 0.5, 7.0, *np.zeros(5)])

    def summaries(self, thetas, *, seed):
        draws = np.random.default_rng(seed)
        rows = []
        for theta in thetas:
            sample = theta["mean"] + np.exp(theta["log_sd"]) * draws.standard_normal(COUNT)
            rows.append([sample.mean(), np.log(sample.std()), 7.0, *draws.standard_normal(5)])
        told = np.array(rows)
        if self.failing:
            told[draws.random(len(told)) < 0.3] = np.nan
        return told

    def trajectories(self, thetas, *, seed):
        return self.summaries(thetas, seed=seed)

    @property
    def observed_trajectory(self):
        return self.observed_summary

    def losses(self, thetas, *, seed, share=1.0):
        """They see the mean only."""
        return np.array([(theta["mean"] - 1) ** 2 for theta in thetas])


class Linear:
    """Two numbers that are seen with noise, in sums: their posterior is a normal distribution by a formula."""

    parameters: ClassVar = {"a": real(-10.0, 10.0), "b": real(-10.0, 10.0)}
    mixed = np.array([[1.0, 0.3], [0.5, 1.0], [1.0, -1.0], [0.2, 0.1]])
    observed_summary = np.array([1.2, -0.7, 2.1, 0.3])

    def summaries(self, thetas, *, seed):
        pairs = np.array([[theta["a"], theta["b"]] for theta in thetas])
        return pairs @ self.mixed.T + np.random.default_rng(seed).standard_normal((len(thetas), 4))

    def losses(self, thetas, *, seed, share=1.0):
        return ((self.summaries(thetas, seed=seed) - self.observed_summary) ** 2).sum(axis=1)

    @property
    def posterior(self):
        """Its mean and covariance; the bounds are more than ten standard deviations away."""
        covariance = np.linalg.inv(self.mixed.T @ self.mixed)
        return covariance @ self.mixed.T @ self.observed_summary, covariance


@pytest.fixture(scope="module")
def linear():
    return calibrate(Linear(), "npe", Budget(simulations=1500), seed=2, check=True)


@pytest.fixture(scope="module")
def estimate():
    return calibrate(Sample(), "npe", Budget(simulations=464), seed=1)


def test_the_posterior_of_a_linear_problem_is_that_of_the_formula(linear):
    mean, covariance = Linear().posterior
    drawn = np.column_stack([linear.samples["a"], linear.samples["b"]])
    sd = np.sqrt(np.diag(covariance))

    # A thousand samples leave 3 % in a mean, and 2 % in a standard deviation; the rest is what was learnt.
    assert (np.abs(drawn.mean(axis=0) - mean) < 0.25 * sd).all()
    assert drawn.std(axis=0) == pytest.approx(sd, rel=0.2)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(covariance[0, 1] / sd.prod(), abs=0.15)


def test_the_check_of_a_right_posterior_is_told_and_kept(linear, tmp_path):
    save_estimate(linear, tmp_path / "estimate.json")

    assert linear.check.passed
    assert linear.check.simulations == pytest.approx(1500 / 5, rel=0.1)
    assert f"check: {linear.check.sentence}" in linear.text
    assert load_estimate(tmp_path / "estimate.json") == linear


def test_a_posterior_that_cannot_be_right_is_blamed():
    class Folded(Linear):
        """What is seen tells a parameter up to its sign; where it is fewer simulations than that takes, it shows."""

        observed_summary = np.array([4.0])

        def summaries(self, thetas, *, seed):
            draws = np.random.default_rng(seed)
            return np.array([[theta["a"] ** 2] for theta in thetas]) + 0.1 * draws.standard_normal(
                (len(thetas), 1)
            )

    estimate = calibrate(Folded(), "npe", Budget(simulations=600), check=True)

    assert not estimate.check.passed
    assert "in a: " in estimate.check.sentence


def test_where_there_is_no_posterior_there_is_nothing_to_check():
    with pytest.raises(UsageError, match="the method cma samples no posterior"):
        calibrate(Linear(), "cma", check=True)


def test_the_posterior_is_about_the_truth_and_as_wide_as_it_should_be(estimate):
    spread = np.exp(0.5) / np.sqrt(COUNT)

    assert estimate.samples["mean"].mean() == pytest.approx(1.0, abs=0.5 * spread)
    assert spread * 0.7 < estimate.samples["mean"].std() < spread * 1.4
    assert estimate.samples["log_sd"].mean() == pytest.approx(0.5, abs=0.06)
    assert 0.7 / np.sqrt(2 * COUNT) < estimate.samples["log_sd"].std() < 1.5 / np.sqrt(2 * COUNT)


def test_what_the_data_do_not_tell_keeps_its_prior_and_is_named(estimate):
    assert estimate.contraction["nothing"] < 0.1
    assert estimate.contraction["mean"] > 0.8
    assert "do not tell nothing:" in estimate.sentence
    # What a loss does not see, the posterior may.
    assert estimate.untold == ("nothing",)
    assert stats.kstest(estimate.samples["nothing"], stats.uniform(-1, 2).cdf).statistic < 0.15


def test_samples_keep_the_bounds_and_can_be_kept(estimate, tmp_path):
    save_estimate(estimate, tmp_path / "estimate.json")

    assert np.abs(estimate.samples["nothing"]).max() <= 1
    assert load_estimate(tmp_path / "estimate.json") == estimate


def test_a_third_of_failures_is_survived_and_counted():
    problem = Sample()
    problem.failing = True

    estimate = calibrate(problem, "npe", Budget(simulations=500))

    assert estimate.point["mean"] == pytest.approx(1.0, abs=0.3)
    assert estimate.failures == pytest.approx(0.3 * 436, rel=0.3)
    assert "candidates failed" in estimate.sentence


def test_whole_series_work_too_and_leave_no_file_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    estimate = calibrate(Sample(), "npe-trajectory", Budget(simulations=200))

    assert estimate.point["mean"] == pytest.approx(1.0, abs=0.7)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_two_methods_that_disagree_are_told():
    class Torn(Sample):
        def losses(self, thetas, *, seed, share=1.0):
            return np.array(
                [(theta["mean"] + 3) ** 2 + theta["log_sd"] ** 2 + theta["nothing"] ** 2 for theta in thetas]
            )

    estimate = calibrate(Torn(), "auto", Budget(simulations=700), posterior=True)

    assert estimate.point["mean"] == pytest.approx(-3.0, abs=0.1)
    assert "outside the posterior in mean" in estimate.sentence
    assert estimate.within is None


def test_killed_and_resumed_gives_the_same_posterior(estimate, tmp_path):
    class Dying(Sample):
        batches = 0

        def summaries(self, thetas, *, seed):
            Dying.batches += 1
            if Dying.batches == 3:
                raise KeyboardInterrupt
            return super().summaries(thetas, seed=seed)

    budget = Budget(simulations=464)
    with pytest.raises(KeyboardInterrupt):
        calibrate(Dying(), "npe", budget, seed=1, resume=tmp_path / "journal")

    resumed = calibrate(Sample(), "npe", budget, seed=1, resume=tmp_path / "journal")

    assert resumed.model_copy(update={"seconds": estimate.seconds}) == estimate


def test_an_integer_and_one_parameter_alone_have_posteriors():
    class Count:
        parameters: ClassVar = {"n": whole(1, 12)}
        observed_summary = np.array([7.0])

        def summaries(self, thetas, *, seed):
            return np.array([[theta["n"]] for theta in thetas]) + np.random.default_rng(seed).normal(
                0, 0.3, (len(thetas), 1)
            )

        def losses(self, thetas, *, seed, share=1.0):
            return np.array([float(abs(theta["n"] - 7)) for theta in thetas])

    estimate = calibrate(Count(), "npe", Budget(simulations=500))

    assert estimate.point == {"n": 7}
    assert np.isin(estimate.posterior["n"], [6, 7, 8]).mean() > 0.9


@pytest.mark.parametrize("method", ["npe", "npe-trajectory"])
def test_a_problem_that_tells_losses_only_is_refused(method):
    with pytest.raises(UsageError, match=f"the method {method} needs"):
        calibrate(normal(), method)


def test_where_the_budget_ends_early_what_was_made_by_then_is_learnt_from():
    problem, space = Linear(), Space(Linear.parameters)
    search = npe(Task(problem, space, Seeds(1), simulations=2000))
    ask = next(search)
    for _ in range(2):
        ask = search.send(Answer(problem.summaries(space.values(ask.points), seed=ask.seed)))

    with pytest.raises(StopIteration) as ended:
        search.send(Answer(np.empty((0, 0)), over=True))

    found = ended.value.value
    mean, covariance = problem.posterior
    assert not found.converged
    assert np.abs(found.posterior.mean(axis=0) * 20 - 10 - mean).max() < np.sqrt(np.diag(covariance)).min()


def test_summaries_that_do_not_depend_on_anything_are_refused():
    class Silent(Sample):
        def summaries(self, thetas, *, seed):
            return np.ones((len(thetas), 8))

    with pytest.raises(UsageError, match="no summary depends on the parameters"):
        calibrate(Silent(), "npe", Budget(simulations=300))


def test_auto_takes_losses_alone_where_no_posterior_is_wanted():
    estimate = calibrate(Formula({"x": real(0, 1)}, lambda theta: (theta["x"] - 0.5) ** 2), "auto")

    assert estimate.posterior is None
    assert estimate.point["x"] == pytest.approx(0.5, abs=0.01)
