"""The reference simulator of the epidemic against its difference equations, computed with 40 digits."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, localcontext
from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_cases, load_contract, load_plan
from gsim_devs.execution import run
from gsim_devs.rules import arguments_of
from gsim_devs.trace import read

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/seird.yaml")
CASES = load_cases(ROOT / "scenarios/seird/cases.yaml").cases
GROUPS = ("susceptible", "exposed", "infective", "recovered", "deceased")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    source = ROOT / "scenarios/seird/reference"
    folder = tmp_path_factory.mktemp("seird") / "seird"
    return assemble(load_plan(source / "plan.yaml"), read_sources(source), CONTRACT, folder)


def final_sizes(arguments):
    """By section 2 of the specification, to the letter."""
    given = {name: Decimal(str(value)) for name, value in arguments.items() if name != "test_name"}
    dt, people = given["dt"], given["total_population"]
    i = given["initial_infective"]
    s, e, r, d = people - i, Decimal(0), Decimal(0), Decimal(0)
    steps = given["simulation_time"] / dt - Decimal("1e-12")
    for _ in range(max(0, int(steps.to_integral_value(ROUND_CEILING)) - 1)):
        exposed = min(s, given["transmission_rate"] * s * i / people * dt) if people else Decimal(0)
        onset = min(e, e / given["incubation_period"] * dt)
        deaths = i / given["infectivity_period"] * (given["mortality"] / 100) * dt
        recoveries = i / given["infectivity_period"] * (1 - given["mortality"] / 100) * dt
        s, e, i = s - exposed, e + exposed - onset, i + onset - deaths - recoveries
        r, d = r + recoveries, d + deaths
    return dict(zip(GROUPS, (s, e, i, r, d), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_final_sizes_are_exact(simulator, case):
    with localcontext(prec=40):
        exact = final_sizes(arguments_of(CONTRACT, case.arguments))

    [state] = read(run(simulator, case.arguments).trace, CONTRACT.model_dump(mode="json", by_alias=True))

    assert state.payload == {name: pytest.approx(float(exact[name]), rel=1e-10, abs=1e-9) for name in GROUPS}
