"""Causes that are named first, for few and small data sets."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.benchmarks import Systems
from gsim_devs.benchmarks.words import EPIDEMICS, OTHERS, Wrong, epidemics, measured
from gsim_devs.cli.conform import assembled_reference, scenario_of
from gsim_devs.errors import UsageError


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    return Systems(folder, lambda system, at: assembled_reference(scenario_of(system), at))


def test_a_part_counts_what_is_named_first_and_quotes_it(systems):
    lockdown = EPIDEMICS[1]
    told = []

    part = measured(systems, [0], told.append, truths=[lockdown], each=1, trajectories=6)

    assert part.rows == (("covid, lockdown", 1, 1, "rate jumps with time 1"),)
    assert told == ["covid, lockdown: rate jumps with time"]
    assert part.holds
    assert "The rate of the flow from `S` to `I` falls abruptly at time 1" in part.notes[-1]


def test_what_is_named_otherwise_is_not_right(systems):
    """The same data, held against another truth."""
    taken = Wrong("covid", "lockdown", ("memory",))

    part = measured(systems, [0], lambda sentence: None, truths=[taken], each=1, trajectories=6)

    assert part.rows[0][1:3] == (0, 1)


def test_a_spoiled_line_of_a_reference_is_another_truth(systems):
    scatters = OTHERS[2]

    part = measured(systems, [1], lambda sentence: None, truths=[scatters], trajectories=6)

    assert part.rows == (("supply, demand scatters more", 1, 1, "dispersion 1"),)
    assert not part.bars


def test_a_line_that_a_reference_has_not_is_refused(systems):
    nowhere = Wrong("supply", "nothing new", (), ("market.py", "no such line", ""))

    with pytest.raises(UsageError, match="has no single 'no such line' to be replaced"):
        measured(systems, [0], lambda sentence: None, truths=[nowhere], trajectories=2)


@pytest.mark.parametrize("truth", [one.name for one in EPIDEMICS])
def test_nobody_is_lost_in_an_epidemic(truth):
    states = epidemics(truth, np.random.default_rng(0), trajectories=3, days=20)

    assert states.shape == (3, 21, 3)
    assert (states >= 0).all()
    assert (states.sum(axis=-1) == 1000).all()
