"""What a diagnosis says about models whose faults are known."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from gsim_devs.diagnostics import Transitions, diagnose
from gsim_devs.diagnostics.causes import causes_of
from gsim_devs.diagnostics.findings import inquire
from gsim_devs.diagnostics.words import sentences
from gsim_devs.errors import UsageError

from .epidemics import NAMES, PEOPLE, epidemics, fitted, model


@cache
def of_epidemics(truth, seed):
    """What is found, without distances, which take most of the time."""
    training, observed = epidemics(truth, seed=seed), epidemics(truth, seed=100 + seed)
    beta, gamma = fitted(training)
    draws = model(observed, beta, gamma, draws=40)(seed)
    return inquire(observed, draws, level=0.05, fitted_share=1.0, seed=seed)


def said_of(truth, seed):
    """The first cause, and everything that is said."""
    found = of_epidemics(truth, seed)
    causes = causes_of(found)
    return causes[0].label, " ".join([*(one.sentence for one in causes), *sentences(found)])


def series(after, before=None, *, trajectories=10, name="x"):
    """Steps of one dimension, from 0 if not told otherwise."""
    after = np.asarray(after, dtype=float).reshape(-1, 1)
    before = np.zeros_like(after) if before is None else before
    per = len(after) // trajectories
    return Transitions(
        before, after, np.tile(np.arange(per), trajectories), np.repeat(np.arange(trajectories), per), (name,)
    )


def noise(scale=1.0, n=500, draws=40, mean=0.0):
    return lambda seed: np.random.default_rng(1000 + seed).normal(mean, scale, size=(draws, n, 1))


@pytest.mark.parametrize("seed", range(4))
def test_a_right_model_is_not_blamed(seed):
    found = of_epidemics("as modelled", seed)

    assert not found.findings
    assert sentences(found) == ["`S`, `I` and `R` are within noise."]


@pytest.mark.parametrize("seed", range(2))
def test_a_lockdown_in_the_data_is_a_rate_that_changes_abruptly(seed):
    first, said = said_of("lockdown", seed)

    assert first == "rate jumps with time"
    assert "The rate of the flow from `S` to `I` falls abruptly at time 1" in said
    assert "`R` is within noise" in said
    assert "Trajectories differ" not in said


@pytest.mark.parametrize("day", [19, 20])
def test_a_lockdown_of_trajectories_that_are_alike_is_one_in_time(day):
    """They reach the same state at the same time, so that a jump where S is small explains as much."""
    rng = np.random.default_rng(day)
    states = [np.tile([20_000, 60, 0], (8, 1))]
    for now in range(80):
        susceptible, infectious, immune = states[-1].T
        rate = 0.15 if now >= day else 0.4
        infections = rng.binomial(susceptible, 1 - np.exp(-rate * infectious / 20_000))
        recoveries = rng.binomial(infectious, 1 - np.exp(-0.1))
        states.append(
            np.stack([susceptible - infections, infectious + infections - recoveries, immune + recoveries], 1)
        )
    before, after = (np.concatenate(part).astype(float) for part in (states[:-1], states[1:]))
    observed = Transitions(before, after, np.repeat(np.arange(80), 8), np.tile(np.arange(8), 80), NAMES)
    # The model's rate is of a town of 1,000.
    draws = model(observed, 0.25 * PEOPLE / 20_000, 0.1, draws=40)(0)

    (first, *_) = causes_of(inquire(observed, draws, level=0.05, fitted_share=0.0, seed=0))

    assert f"falls abruptly at time {day}, as by an intervention" in first.sentence


@pytest.mark.parametrize("seed", range(2))
def test_waning_immunity_is_a_missing_flow_that_grows_with_the_immune(seed):
    first, said = said_of("immunity wanes", seed)

    assert first == "amount grows with R"
    assert "A flow from `R` to `S` that grows with `R` is missing." in said
    assert "`S` is under-predicted where `R` is at least" in said


@pytest.mark.parametrize("seed", range(2))
def test_a_recovery_that_slows_is_a_rate_that_changes_gradually(seed):
    first, said = said_of("recovery slows", seed)

    assert first == "rate drifts with time"
    assert "The rate of the flow from `I` to `R` falls gradually with time" in said
    assert "`S` is within noise" in said


@pytest.mark.parametrize("seed", range(2))
def test_rates_that_differ_between_trajectories_are_told_apart_from_bias(seed):
    first, said = said_of("rates differ", seed)

    assert first == "trajectories differ"
    assert "Trajectories differ in `S`" in said
    assert "`R` is within noise" in said


def test_a_flow_that_the_data_lack_is_too_much_in_the_simulation():
    """The other way round: the model's immune lose their immunity, those of the data do not."""
    observed = epidemics("as modelled", seed=1)

    def waning(seed):
        rng = np.random.default_rng(seed)
        draws = model(observed, 0.5, 0.1, draws=40)(seed)
        lost = rng.binomial(observed.before[:, 2].astype(int), 0.05, draws.shape[:2])
        return draws + np.stack([lost, 0 * lost, -lost], axis=-1)

    first, *_ = causes_of(inquire(observed, waning(0), level=0.05, fitted_share=0.0, seed=0))

    assert first.label == "amount grows with R"
    assert "The simulation has too much of a flow from `R` to `S` that grows with `R`" in first.sentence


def test_what_never_moves_in_the_data_should_not_in_the_simulation():
    diagnosis = diagnose(series(np.zeros(500)), noise(mean=0.5))

    assert diagnosis.causes[0].label == "never changes"
    assert diagnosis.said[0].startswith("`x` never changes in the data, and does in the simulation")


def test_what_seldom_moves_may_well_not_move_in_the_data():
    """It moves once in 500 steps; that it never does in 500 others has a probability of one third."""

    def seldom(seed):
        return (np.random.default_rng(seed).random((40, 500, 1)) < 0.002).astype(float)

    assert not diagnose(series(np.zeros(500)), seldom).causes


def test_data_of_the_fit_help_to_tell_that_trajectories_differ():
    """Three trajectories do not tell; with seven others, which the same model was fitted to, they do."""
    rng = np.random.default_rng(0)
    levels = rng.normal(0.0, 0.5, 10).repeat(50).reshape(10, 50)
    values = levels - levels.mean() + rng.normal(0.0, 1.0, (10, 50))
    held_out, training = series(values[:3], trajectories=3), series(values[3:], trajectories=7)

    alone = diagnose(held_out, noise(n=150), training=training)
    both = diagnose(held_out, noise(n=150), training=training, simulate_training=noise(n=350))

    assert alone.inquiry.dimensions[0].spread_ratio is None
    assert both.causes[0].label == "trajectories differ"


def test_few_trajectories_with_a_jump_are_no_memory():
    """Errors of a wrong level persist, too; but they are gone once the level is taken away."""
    training = epidemics("lockdown", seed=0, trajectories=5, days=40)
    observed = epidemics("lockdown", seed=100, trajectories=5, days=40)

    diagnosis = diagnose(observed, model(observed, *fitted(training)), training=training)

    assert [one.label for one in diagnosis.causes] == ["rate jumps with time"]


def test_a_wrong_rate_is_no_reason_to_change_the_model():
    observed = epidemics("as modelled", seed=100)

    # In these data one of ten recovers in a day, as in the model with this rate.
    draws = model(observed, 0.45, -np.log(0.9))(0)
    found = inquire(observed, draws, level=0.05, fitted_share=0.0, seed=0)
    said = " ".join([*(one.sentence for one in causes_of(found)), *sentences(found)])

    assert "The simulation moves too little from `S` to `I`" in said
    assert "fit again before changing the model" in said


def test_the_same_numbers_give_the_same_words_and_data():
    observed = epidemics("lockdown", seed=100, trajectories=4, days=40)
    one, other = (diagnose(observed, model(observed, 0.3, 0.1, draws=20)) for _ in range(2))

    assert one.text == other.text
    assert json.dumps(one.data, allow_nan=False) == json.dumps(other.data, allow_nan=False)


def test_an_error_throughout_is_called_that_with_its_sign():
    observed = series(np.random.default_rng(0).normal(0.0, 1.0, 500))

    above, below = diagnose(observed, noise(mean=0.5)), diagnose(observed, noise(mean=-0.5))

    assert above.causes[0].label == below.causes[0].label == "fit again"
    assert above.text.startswith("The model or its fit is wrong: 500 transitions of 10 trajectories")
    assert "`x` is over-predicted throughout (z = +1" in above.said[1]
    assert "`x` is under-predicted throughout (z = -1" in below.said[1]


@pytest.mark.parametrize(("scale", "word", "ratio"), [(0.6, "under", 0.36), (1.7, "over", 2.89)])
def test_scatter_is_held_against_that_of_the_data(scale, word, ratio):
    observed = series(np.random.default_rng(0).normal(0.0, 1.0, 500))

    diagnosis = diagnose(observed, noise(scale))

    assert f"`x` is {word}-dispersed" in diagnosis.said[0]
    assert diagnosis.inquiry.dimensions[0].variance_ratio == pytest.approx(ratio, rel=0.15)


def test_errors_that_persist_point_to_a_memory():
    rng = np.random.default_rng(0)
    values = np.zeros((10, 50))
    for at in range(1, 50):
        values[:, at] = 0.7 * values[:, at - 1] + rng.normal(0.0, np.sqrt(1 - 0.49), 10)

    diagnosis = diagnose(series(values), noise())

    assert "Errors of `x` persist from one step to the next (correlation +0." in " ".join(diagnosis.said)


def test_errors_that_recur_have_their_period_named():
    weekend = np.tile(np.arange(49) % 7 >= 5, 10)
    values = np.random.default_rng(0).normal(0.0, 1.0, 490) - 1.5 * (weekend - 2 / 7)

    diagnosis = diagnose(series(values), noise(n=490))

    assert diagnosis.causes[0].label == "recurs every 7"
    assert "Errors of `x` recur every 7 steps" in diagnosis.said[0]


def test_neither_chance_nor_memory_is_a_period():
    def found(phi, seed):
        rng = np.random.default_rng(seed)
        values = np.zeros((10, 49))
        for at in range(1, 49):
            values[:, at] = phi * values[:, at - 1] + rng.normal(0.0, np.sqrt(1 - phi**2), 10)
        inquiry = inquire(series(values), noise(n=490)(seed), level=0.05, fitted_share=0.0, seed=0)
        return [one.kind for one in inquiry.findings]

    assert not any("recurs" in found(phi, seed) for phi in (0.0, 0.7) for seed in range(15))


def test_what_cannot_happen_in_the_model_is_seen_in_the_data():
    observed = series(np.random.default_rng(0).random(500) < 0.2)

    diagnosis = diagnose(observed, lambda seed: np.zeros((40, 500, 1)))

    assert "cannot happen in the model" in " ".join(diagnosis.said)


def test_another_shape_with_the_same_mean_and_variance_is_seen():
    values = np.random.default_rng(0).exponential(1.0, 1000) - 1.0

    diagnosis = diagnose(series(values), noise(n=1000))

    assert "Steps of `x` in the data are skewed further to large values than in the simulation" in " ".join(
        diagnosis.said
    )


def test_squared_errors_stand_beside_what_no_model_avoids():
    rng = np.random.default_rng(0)
    before = rng.normal(0.0, 3.0, (4000, 1))
    observed = series(0.5 * before + rng.normal(0.0, 1.0, (4000, 1)), before)

    diagnosis = diagnose(observed, lambda seed: 0.5 * before + noise(n=4000, draws=20)(seed))

    (row,) = diagnosis.forecasts
    assert row.error == pytest.approx(1.0, rel=0.08)
    assert row.irreducible == pytest.approx(1.0, rel=0.03)
    # The variance of 0.5 x + 1, where x has that of 9.
    assert row.persistence == pytest.approx(0.25 * 9 + 1, rel=0.08)
    assert row.conditional_mean == pytest.approx(1.0, rel=0.08)


def test_distances_of_a_right_model_are_their_floors_and_of_a_wrong_one_are_not():
    observed = series(np.random.default_rng(0).normal(0.0, 1.0, 500))

    right, wrong = diagnose(observed, noise()).comparisons, diagnose(observed, noise(mean=1.0)).comparisons

    assert all(one.low < 0.0 < one.high for one in right)
    assert all(one.low > 0.0 and one.ratio > 2.0 for one in wrong)
    exact = wrong[0]
    assert exact.value * observed.after.std() == pytest.approx(1.0, abs=0.15)
    assert (exact.n, exact.states) == (400, "changes in one step from the observed states")


def test_a_parameter_that_changes_nothing_is_told_from_one_that_data_do_not_show():
    observed = series(np.random.default_rng(0).normal(0.0, 1.0, 500))
    slightly = noise(mean=1e-6)

    diagnosis = diagnose(
        observed,
        noise(),
        moved={"dead": noise(), "faint": slightly, "mean": noise(mean=0.3), "scatter": noise(1.3)},
        contraction={"mean": 0.9, "faint": 0.05},
    )

    assert {one.name: one.kind for one in diagnosis.effects} == {
        "dead": "none",
        "faint": "not seen",
        "mean": "seen",
        "scatter": "seen",
    }
    assert any(one.startswith("`dead` changed nothing at all when moved far") for one in diagnosis.said)
    assert "`faint` is not identified: the data narrow it down by 5% only." in diagnosis.said
    assert "`mean` is not" not in diagnosis.text


def test_missing_values_and_failed_steps_are_left_out_and_counted():
    values = np.random.default_rng(0).normal(0.0, 1.0, 500)
    values[::10] = np.nan

    def failing(seed):
        draws = noise()(seed)
        draws[:10, 5::10] = np.nan
        draws[0, 0] = np.inf
        return draws

    diagnosis = diagnose(series(values), failing)

    assert diagnosis.verdict == "consistent"
    assert diagnosis.inquiry.dimensions[0].rows == 450
    assert diagnosis.failed == pytest.approx((10 * 50 + 1) / (40 * 500))
    assert "2.5 % of the simulated steps failed; they are left out." in diagnosis.said[-1].replace(
        "2.51", "2.5"
    )


def test_a_simulation_that_always_fails_is_not_called_right():
    diagnosis = diagnose(series(np.zeros(500)), lambda seed: np.full((5, 500, 1), np.nan))

    assert diagnosis.verdict == "undecided"


def test_what_is_determined_is_foretold_exactly():
    before = np.arange(500.0).reshape(-1, 1)

    diagnosis = diagnose(series(before + 1, before), lambda seed: np.tile(before + 1, (20, 1, 1)))

    assert diagnosis.verdict == "consistent"
    assert diagnosis.said == ("`x` is foretold exactly.",)
    assert diagnosis.forecasts[0].error == 0.0


def test_a_handful_of_steps_decides_nothing():
    diagnosis = diagnose(series(np.random.default_rng(0).normal(size=30)), noise(n=30))

    assert diagnosis.verdict == "undecided"


def test_uncertain_parameters_count_as_noise_where_draws_differ_in_them():
    """Each draw has its own mean, as wide as the data leave it: an error of that size is none."""
    observed = series(np.random.default_rng(0).normal(0.0, 1.0, 500))

    def uncertain(seed):
        rng = np.random.default_rng(seed)
        return noise(mean=0.3)(seed) + rng.normal(0.0, 0.3, size=(40, 1, 1))

    assert diagnose(observed, noise(mean=0.3)).verdict == "wrong"
    assert diagnose(observed, uncertain).verdict == "consistent"


@pytest.mark.parametrize("shape", [(40, 499, 1), (1, 500, 1), (500, 1)])
def test_arrays_that_do_not_fit_are_refused(shape):
    with pytest.raises(UsageError, match="what is needed is"):
        diagnose(series(np.zeros(500)), lambda seed: np.zeros(shape))


def test_transitions_that_do_not_fit_together_are_refused():
    with pytest.raises(UsageError, match="do not fit together"):
        Transitions(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros(4), np.zeros(3), ("a", "b"))
    with pytest.raises(UsageError, match="missing; leave it out"):
        Transitions(np.full((3, 1), np.nan), np.zeros((3, 1)), np.zeros(3), np.zeros(3), ("a",))
