"""Parameters that change during steps of arrays: held against other ways to say the same."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.execution import Limits, launch
from gsim_devs.observation.arrays import ArrayPath
from gsim_devs.observation.starts import Start
from tests.observation.sir import ARRAYS, sir_simulator

STATE = {"S": 900.0, "I": 50.0, "R": 0.0}
LOOKS = tuple(float(day) for day in range(1, 11))
OPEN = (Start("a", 0.0, STATE, LOOKS),)
OWN = {"beta": 0.5, "gamma": 0.1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return sir_simulator(tmp_path_factory.mktemp("changes") / "sir", arrays=ARRAYS)


@pytest.fixture
def path(folder, contract):
    made = ArrayPath(folder, contract, ["S", "I", "R"], workers=1, limits=Limits(), launcher=launch)
    yield made
    made.close()


def simulated(path, changes, thetas=None, starts=OPEN, draws=20):
    thetas = thetas or [OWN] * len(changes)
    return path.simulate(thetas, starts, seeds=[3] * len(thetas), draws=draws, changes=changes)


def test_a_change_at_the_beginning_is_a_value_for_the_whole_run(path):
    found = simulated(path, [[(0.0, "beta", 0.9)], [(1.0, "beta", 0.9)], []], [OWN, OWN, OWN | {"beta": 0.9}])

    assert (found[0] == found[2]).all()
    assert (found[1] == found[2]).all()


def test_a_change_after_the_end_changes_nothing_and_one_at_the_end_the_last_step(path):
    late, last, never = simulated(path, [[(10.5, "beta", 2.0)], [(10.0, "beta", 2.0)], []])

    assert (late == never).all()
    assert (last[:, :, :-1] == never[:, :, :-1]).all()
    assert (last[:, :, -1] != never[:, :, -1]).any()


def test_a_rate_that_is_scaled_is_a_lockdown_that_began_before_the_same_update(path):
    # A command acts after the update of its day, a change before it; either way the update of day 4 is the first.
    scaled = simulated(
        path, [[(4.0, "beta", 0.15), (7.0, "beta", 0.5)], [(3.2, "beta", 0.15), (6.7, "beta", 0.5)]]
    )
    closed = Start("a", 0.0, STATE, LOOKS, ((3.0, "closed", 0.7), (6.0, "closed", 0.0)))

    locked = simulated(path, [[]], starts=(closed,))

    assert np.array_equal(scaled[0], locked[0])
    assert np.array_equal(scaled[1], locked[0])


def test_candidates_do_not_meet_each_others_changes_in_any_block(path):
    thetas = [{"beta": 0.2 * (k + 1)} for k in range(7)]
    changes = [
        [(float(k), "beta", 0.1 * k), (float(k), "gamma", 0.05 * k)] if k % 2 else [] for k in range(7)
    ]

    together = simulated(path, changes, thetas, draws=5000)

    for k, (theta, change) in enumerate(zip(thetas, changes, strict=True)):
        alone = simulated(path, [change], [theta], draws=5000)
        assert (together[k] == alone[0]).all()
