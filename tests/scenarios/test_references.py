"""Every reference simulator does what is expected of it in every case. Systems and cases are found, not listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.conformance import unmet
from gsim_devs.contracts import Case, Contract, FileArgument, load_cases, load_contract, load_plan
from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, run
from gsim_devs.trace import read, validate

ROOT = Path(__file__).parents[2]
MOST_REPLICATIONS = 3
# A stress case that takes longer is left to those who have the time.
PATIENCE = 5.0


@dataclass(frozen=True)
class Reference:
    """A reference simulator, ready to run."""

    folder: Path
    contract: Contract
    declared: dict[str, Any]
    """The contract as plain data."""


def found() -> list[Any]:
    """The cases of every system that has a reference simulator."""
    paths = [path.parent for path in sorted(ROOT.glob("scenarios/*/reference/"))]
    return [
        pytest.param(path.name, case, id=f"{path.name} {getattr(case, 'id', 'cases')}")
        for path in paths
        for case in cases_in(path / "cases.yaml")
    ]


def cases_in(path: Path) -> Sequence[Case | UsageError]:
    """The cases of a file; what is wrong with it stands in their place, and fails there, alone."""
    try:
        return load_cases(path).cases
    except UsageError as error:
        return [error]


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Callable[[str], Reference]:
    """The reference simulator of a system, assembled when it is first asked for."""
    assembled: dict[str, Reference] = {}

    def of(system: str) -> Reference:
        if system not in assembled:
            source = ROOT / "scenarios" / system / "reference"
            contract = load_contract(ROOT / "contracts" / f"{system}.yaml")
            plan = load_plan(source / "plan.yaml")
            folder = assemble(plan, read_sources(source), contract, tmp_path_factory.mktemp(system) / system)
            assembled[system] = Reference(folder, contract, contract.model_dump(mode="json", by_alias=True))
        return assembled[system]

    return of


def arguments_of(case: Case, system: str, contract: Contract) -> dict[str, Any]:
    """What stands on the command line; files are named relative to the file of the cases."""
    folder = ROOT / "scenarios" / system
    return {
        name: folder / str(value) if isinstance(contract.arguments[name], FileArgument) else value
        for name, value in case.arguments.items()
    }


def seeds_of(case: Case, contract: Contract) -> list[int | None]:
    seeds: list[int | None] = list(case.seeds or range(case.replications))[:MOST_REPLICATIONS]
    # There it is an argument like the others.
    return [None] * len(seeds) if "seed" in contract.arguments else seeds


@pytest.mark.parametrize(("system", "case"), found())
def test_the_reference_does_what_is_expected(reference, system, case):
    if isinstance(case, UsageError):
        raise case
    simulator = reference(system)
    arguments = arguments_of(case, system, simulator.contract)
    limits = Limits(seconds=min(PATIENCE, case.timeout) if case.level == "stress" else case.timeout)

    for seed in seeds_of(case, simulator.contract):
        result = run(simulator.folder, arguments, stdin=case.stdin_text, seed=seed, limits=limits)

        if result.status == "timeout" and case.level == "stress" and limits.seconds < case.timeout:
            pytest.skip(f"takes longer than {PATIENCE} s")
        assert result.ok, result.reason
        assert validate(result.trace, simulator.declared).sentences == []
        if case.expect:
            assert unmet(case.expect, read(result.trace, simulator.declared)) == []
