"""Coverage of credible intervals, measured in the small; and the exact posterior that they are held against."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gsim_devs.benchmarks import Systems
from gsim_devs.benchmarks.coverage import _exact, measured
from gsim_devs.calibration import Budget
from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.observation import Experiment


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    return Systems(folder, lambda system, at: assembled_reference(scenario_of(system), at))


def test_the_exact_posterior_of_a_share_is_a_beta_distribution(systems):
    data = systems.data("covid", split="train", trajectories=3, steps=10, seed=3)
    with Experiment(systems.simulator("covid"), systems.contract("covid"), data, workers=1) as experiment:
        steps = experiment.transitions()
    column = {name: place for place, name in enumerate(steps.names)}
    infective = steps.before[:, column["I"]].sum()
    healed = (steps.after - steps.before)[:, column["R"]].sum()
    beta = stats.beta(1 + healed, 1 + infective - healed)

    rate, share = _exact(steps, systems.contract("covid"))

    assert (share.mean, share.sd) == pytest.approx((beta.mean(), beta.std()), rel=1e-3)
    assert share.place(beta.ppf(0.9)) == pytest.approx(0.9, abs=0.01)
    # The data were simulated at 0.5.
    assert abs(rate.mean - 0.5) < 4 * rate.sd


def test_a_part_tells_what_intervals_hold_and_how_wide_they_are(systems):
    told = []

    part = measured(
        systems, [0, 1], told.append, truths=2, trajectories=5, steps=20, budget=Budget(simulations=600)
    )

    assert len(told) == 2
    rows = {row[0]: row[1:] for row in part.rows}
    assert [*rows] == ["infection_rate", "recovery_probability"]
    for *held, exact, width, off in rows.values():
        counts = [int(one.split()[0]) for one in (*held, exact)]
        assert counts[0] <= counts[1] <= counts[2] <= 2
        # Nothing can be sharper than the exact posterior, and this one is not far from it.
        assert 0.75 < width < 2
        assert off < 1
    inside = [int(row[3].split()[0]) for row in part.rows]
    assert [bar.value for bar in part.bars] == [pytest.approx(np.sum(inside) / 4)]
    assert [bar.met for bar in part.bars] == [0.80 <= bar.value <= 0.97 for bar in part.bars]
