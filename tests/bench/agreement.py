"""The epidemic against trajectories of an implementation that others made: do both draw from the same distribution?

The trajectories stand beside the project, if at all; without them there is nothing to compare, and no row.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from gsim_devs.assembly import assemble, read_arrays, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.observation import Experiment, load_dataset

from .measure import Row

ALLOWED = 3.3
"""Standard errors; all four numbers stay within them in 99.6 % of the cases where the distributions are the same."""
_ROOT = Path(__file__).parents[2]
_TRAJECTORIES = sorted(_ROOT.parent.glob("shared/data/sir_*.csv"))
_DRAWS = 200


def agreement() -> list[Row]:
    """The ratio is of the standard errors allowed to those by which infections and recoveries are off."""
    started = time.perf_counter()
    off = [abs(float(one)) for path in _TRAJECTORIES for one in _off(path)]
    if not off:
        return []
    worst = max(off)
    name = f"covid against {len(off)} numbers of others: {worst:.1f} se"
    return [Row(name, f"{ALLOWED:g} se", 0.0, time.perf_counter() - started, ALLOWED / worst, 1.0)]


def _off(path: Path) -> list[float]:
    """By how many standard errors the means and variances of infections and recoveries differ from what we simulate."""
    contract = load_contract(_ROOT / "contracts/covid.yaml")
    reference = _ROOT / "scenarios/covid/reference"
    with tempfile.TemporaryDirectory() as place:
        plan = load_plan(reference / "plan.yaml")
        sources, arrays = read_sources(reference, plan), read_arrays(reference)
        simulator = assemble(plan, sources, contract, Path(place, "covid"), arrays=arrays)
        with Experiment(simulator, contract, load_dataset([path], contract), workers=1) as experiment:
            steps = experiment.transitions()
            told = experiment.one_step([{}], steps, seed=1, draws=_DRAWS)[0]
    if len(steps.starts) < 100:
        return []
    # Infections leave S, recoveries enter R.
    ours = np.stack([steps.before[:, 0] - told[:, :, 0], told[:, :, 2] - steps.before[:, 2]])
    theirs = np.stack([steps.before[:, 0] - steps.after[:, 0], steps.after[:, 2] - steps.before[:, 2]])
    mean, variance = ours.mean(axis=1), ours.var(axis=1, ddof=1)
    squares = (theirs - mean) ** 2 - variance * (1 + 1 / _DRAWS)
    of_squares = ((ours - mean[:, None]) ** 2).var(axis=1)
    means = (theirs - mean).sum(axis=1) / np.sqrt((variance * (1 + 1 / _DRAWS)).sum(axis=1))
    spreads = squares.sum(axis=1) / np.sqrt(of_squares.sum(axis=1))
    return [*means, *spreads]
