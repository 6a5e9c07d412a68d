"""Where a reference is also written as steps of arrays, both say the same of what comes next."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from gsim_devs.assembly import assemble, read_arrays, read_sources
from gsim_devs.cli import main
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.observation import Experiment, load_dataset

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parents[1].name for path in ROOT.glob("scenarios/*/reference/arrays.py"))
DRAWS = 80


@pytest.mark.parametrize("system", SYSTEMS)
def test_steps_of_arrays_and_components_agree_in_mean_and_spread(system, tmp_path):
    contract = load_contract(ROOT / "contracts" / f"{system}.yaml")
    source = ROOT / "scenarios" / system / "reference"
    plan = load_plan(source / "plan.yaml")
    both = tmp_path / "both" / system
    assemble(plan, read_sources(source), contract, both, arrays=read_arrays(source))
    alone = Path(shutil.copytree(both, tmp_path / "alone" / system))
    (alone / "arrays.py").unlink()
    variants = {"covid": "lockdowns", "supply": "random", "hospital": "busy"}
    folder, data = str(ROOT / "scenarios" / system), tmp_path / "data.csv"
    words = ["--variant", variants[system], "--trajectories", "1", "--steps", "20", "--seed", "7"]
    assert main(["data", folder, *words, "--out", str(data)]) == 0
    dataset = load_dataset(data, contract)

    def simulated(simulator: Path, draws: int) -> np.ndarray:
        with Experiment(simulator, contract, dataset, workers=1) as experiment:
            found = experiment.one_step([{}], experiment.transitions(), seed=1, draws=draws)
            assert experiment.failures == 0
        return found[0]

    arrays, components = simulated(both, 20 * DRAWS), simulated(alone, DRAWS)

    assert not np.isnan(arrays).any()
    assert not np.array_equal(arrays[:DRAWS], components)
    spread = arrays.std(axis=0)
    z = (components.mean(axis=0) - arrays.mean(axis=0)) / np.where(spread > 0, spread, 1) * np.sqrt(DRAWS)
    is_fixed = spread == 0
    # What happens once in some thousand draws may happen in the few, and not in the many.
    assert (components != arrays[0])[:, is_fixed].sum() <= 1
    assert np.abs(z[~is_fixed]).max() < 5
    # Where a value hardly ever changes, its spread in few draws tells nothing.
    is_spread = spread > 0.5
    assert np.abs(components.std(axis=0)[is_spread] / spread[is_spread] - 1).max() < 0.45
