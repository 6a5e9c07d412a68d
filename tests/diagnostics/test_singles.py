"""Values that no step of the model leads to: they are named, and nothing else is made of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gsim_devs.diagnostics import Transitions, diagnose
from gsim_devs.diagnostics.singles import singles
from tests.diagnostics.epidemics import NAMES, epidemics, fitted, model

TRAJECTORIES, DAYS = 10, 60


def with_value(observed, *, trajectory, day, name, value):
    """The same data, one cell of which is another: the end of one step, and the beginning of the next."""
    column = NAMES.index(name)
    before, after = observed.before.copy(), observed.after.copy()
    mine = observed.trajectories == trajectory
    after[mine & (observed.times == day - 1), column] = value
    before[mine & (observed.times == day), column] = value
    return replace(observed, before=before, after=after)


@pytest.mark.parametrize(("name", "value"), [("I", 9999.0), ("S", 2500.0), ("R", 1.0e6)])
def test_a_cell_that_cannot_be_is_named_and_disturbs_nothing_else(name, value):
    observed = epidemics("as modelled", seed=5)
    rates = fitted(epidemics("as modelled", seed=6))
    odd = with_value(observed, trajectory=3, day=17, name=name, value=value)

    found = diagnose(odd, model(odd, *rates))

    assert found.verdict == "wrong"
    assert found.head.startswith("The model or a few of the data are wrong: 600 transitions")
    assert [(one.trajectory, one.time, one.name, one.after) for one in found.singles] == [
        ("3", 16.0, name, value)
    ]
    assert found.said[0].startswith("1 of 600 steps cannot come from this model: in trajectory 3 ")
    assert f"to {value:g} (simulated: " in found.said[0]
    assert not found.inquiry.findings


def test_a_cell_does_not_hide_what_else_is_wrong():
    observed = epidemics("lockdown", seed=5)
    rates = fitted(epidemics("lockdown", seed=6))
    odd = with_value(observed, trajectory=3, day=17, name="I", value=9999.0)

    labels = [one.label for one in diagnose(odd, model(odd, *rates)).causes]

    assert labels[0] == "rate jumps with time"
    assert labels[-1] == "single steps"


@pytest.mark.parametrize("truth", ["as modelled", "lockdown", "immunity wanes", "recovery slows"])
def test_epidemics_without_typing_errors_have_none(truth):
    observed = epidemics(truth, seed=5)
    rates = fitted(epidemics(truth, seed=6))

    assert diagnose(observed, model(observed, *rates)).singles == ()


def counts_of_rare_events(rng, *shape):
    return 10.0 * (rng.random((*shape, 1)) < 0.001)


def test_rare_events_are_not_taken_for_errors():
    """Few of forty draws of a step hold any, and where one is observed it is infinitely far from draws without."""
    told = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        observed = Transitions(
            np.zeros((1200, 1)),
            counts_of_rare_events(rng, 1200),
            np.tile(np.arange(60), 20),
            np.repeat(np.arange(20), 60),
            ("x",),
        )
        told += len(singles(observed, counts_of_rare_events(rng, 40, 1200))[0])

    assert told == 0


def test_many_steps_that_are_far_off_are_not_errors_of_single_rows():
    observed = epidemics("as modelled", seed=5)
    moved = replace(observed, after=observed.after + 5000.0)

    found = diagnose(moved, model(moved, 0.5, 0.1))

    assert found.singles == ()
    assert found.inquiry.findings
