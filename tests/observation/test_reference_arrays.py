"""The arrays of the environments against their components, whose traces the rules check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gsim_devs.assembly import assemble, read_arrays, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.observation import Experiment, load_dataset

ROOT = Path(__file__).parents[2]

# Few but telling rows.
COVID = """\
trajectory,t,S,I,R,lockdown
a,0,90,10,0,
a,1,85,14,1,0.5
a,2,80,17,3,0
a,3,80,17,3,
b,0,0,0,0,
b,1,0,0,0,
c,0,900,90,10,1
c,1,900,80,20,0.2
c,2,890,80,30,
c,3,880,80,40,
"""

SUPPLY = """\
trajectory,t,inventory,backlog,pipeline,pipeline_1,pipeline_2,pipeline_3,pipeline_4,pipeline_5,pipeline_6,pipeline_7,order
a,0,20,0,0,0,0,0,0,0,0,0,4
a,1,15,0,4,0,4,0,0,0,0,0,7
a,2,9,0,11,4,7,0,0,0,0,0,0
a,3,9,0,11,4,7,0,0,0,0,0,
b,0,0,9,28,1,2,3,4,5,6,7,9
b,1,0,9,28,1,2,3,4,5,6,7,1
b,2,3,0,28,1,2,3,4,5,6,7,
"""

FULL = " ".join(["0:icu:3:2"] * 5 + ["1:standard:2:4"] * 12 + ["2:standard:9:1"] * 8)
HOSPITAL = f"""\
trajectory,t,icu,standard,disease_0,disease_1,disease_2,patients
a,0,0,0,0,0,0,none
a,1,2,1,1,1,1,0:icu:4:1 1:icu:1:3 2:standard:3:2
a,2,5,20,5,12,8,{FULL}
a,3,5,20,5,12,8,{FULL}
b,0,0,1,1,0,0,0:standard:1:150
b,1,0,0,0,0,0,none
"""

SYSTEMS = {
    "covid": (
        COVID,
        [
            {"infection_rate": 0.5, "recovery_probability": 0.1},
            {"infection_rate": 1.8, "recovery_probability": 0.7},
        ],
    ),
    "supply": (
        SUPPLY,
        [{"demand_mean": 5.0, "lead_time": 2}, {"demand_mean": 12.5, "lead_time": 7}, {"lead_time": 1}],
    ),
    "hospital": (
        HOSPITAL,
        [
            {},
            {
                "arrival_rate_0": 4.0,
                "arrival_rate_1": 0.1,
                "arrival_rate_2": 5.0,
                "los_mean_0": 1.5,
                "icu_capacity": 3,
            },
            {"base_prob_1": 0.05, "day_factor_1": 0.01, "day_factor_0": 0.005, "standard_capacity": 26},
        ],
    ),
}


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """The largest difference of the distribution functions of two samples."""
    grid = np.union1d(one, two)
    return max(abs((one[:, None] <= grid).mean(axis=0) - (two[:, None] <= grid).mean(axis=0)))


@pytest.fixture(params=SYSTEMS)
def experiments(request, tmp_path):
    """Two experiments with the reference, with and without arrays, and candidates."""
    name, (text, thetas) = request.param, SYSTEMS[request.param]
    reference = ROOT / "scenarios" / name / "reference"
    contract = load_contract(ROOT / "contracts" / f"{name}.yaml")
    plan, sources, arrays = (
        load_plan(reference / "plan.yaml"),
        read_sources(reference),
        read_arrays(reference),
    )
    assert arrays
    (tmp_path / "data.csv").write_text(text)
    data = load_dataset(tmp_path / "data.csv", contract)
    folders = (
        assemble(plan, sources, contract, tmp_path / "with", arrays=arrays),
        assemble(plan, sources, contract, tmp_path / "without"),
    )
    # So that only the arrays are left to simulate with.
    (folders[0] / "system.py").unlink()
    one, two = (Experiment(folder, contract, data, workers=1) for folder in folders)
    with one, two:
        yield one, two, thetas


def test_one_step_has_the_same_distributions(experiments):
    one, two, thetas = experiments

    quick = one.one_step(thetas, one.transitions(), seed=1, draws=500)
    slow = two.one_step(thetas, two.transitions(), seed=1, draws=60)

    assert same(quick, slow)


def test_free_runs_have_the_same_distributions(experiments):
    one, two, thetas = experiments

    quick = one.free_run(thetas, one.paths(), seed=2, draws=500)
    slow = two.free_run(thetas, two.paths(), seed=2, draws=60)

    assert same(*(found.reshape(*found.shape[:2], -1, found.shape[-1]) for found in (quick, slow)))


def same(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two arrays (P, draws, n, D) hold samples of the same laws, at a level for hundreds of them."""
    assert (np.isnan(one).all(axis=1) == np.isnan(two).all(axis=1)).all()
    critical = 2.3 * (1 / one.shape[1] + 1 / two.shape[1]) ** 0.5
    return all(
        np.isnan(one[p, 0, n, d]) or distance(one[p, :, n, d], two[p, :, n, d]) < critical
        for p, n, d in np.ndindex(one.shape[0], *one.shape[2:])
    )
