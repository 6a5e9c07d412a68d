"""How a simulator is started for one run of a case: its options, its seed, and the same to type by hand."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsim_devs.contracts import Case, Contract, FileArgument, Speakers, load_plan, speakers, validate_plan
from gsim_devs.errors import UsageError
from gsim_devs.execution import Simulator, command_line

from .scenarios import Scenario

_SEED = "{seed}"


@dataclass(frozen=True, slots=True)
class Start:
    """What one run is started with."""

    simulator: Simulator
    arguments: Mapping[str, Any]
    seed: int | None
    """For `--seed`; none: it is not passed, or not like this."""

    @property
    def command(self) -> str:
        """What to type to start it by hand; empty where there is nothing to start."""
        try:
            return shlex.join(command_line(self.simulator, self.arguments, seed=self.seed))
        except UsageError:
            return ""


def starts(simulator: Simulator, scenario: Scenario, case: Case) -> list[Start]:
    """What each replication of a case is started with.

    An argument `seed` of the contract gets the seed of a replication only where the case asks for several runs or
    for certain seeds, and does not set the argument itself: otherwise its default is part of the case.
    `--seed` is only for simulators of ours; a command line says where the seed goes, or does without.
    """
    is_argument = "seed" in scenario.contract.arguments
    chosen = is_argument and "seed" not in case.arguments and bool(case.seeds or case.replications > 1)
    option = is_ours(simulator) and not is_argument
    arguments = _arguments(scenario, case)
    return [
        Start(
            _seeded(simulator, seed),
            {**arguments, "seed": seed} if chosen else arguments,
            seed if option else None,
        )
        for seed in case.seeds or range(case.replications)
    ]


def is_ours(simulator: Simulator) -> bool:
    """Whether it was assembled here, so that it takes `--seed` and `--detail`."""
    if not isinstance(simulator, str | Path):
        return False
    path = Path(simulator)
    if path.is_file() and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return "contract.json" in archive.namelist()
        except zipfile.BadZipFile:
            return False
    return (path / "contract.json").is_file()


def speakers_of(simulator: Simulator, contract: Contract) -> Speakers | None:
    """Who reports what, by the plan in a simulator's folder, if there is one that makes sense."""
    if not isinstance(simulator, str | Path) or not (Path(simulator) / "plan.json").is_file():
        return None
    try:
        plan = load_plan(Path(simulator) / "plan.json")
        validate_plan(plan, contract)
    except UsageError:
        # A stranger may call anything its plan; it would only have served to name components.
        return None
    return speakers(plan)


def _arguments(scenario: Scenario, case: Case) -> dict[str, Any]:
    """What stands on the command line; files are named relative to the file of the cases."""
    declared = scenario.contract.arguments
    return {
        name: scenario.folder.absolute() / str(value)
        if isinstance(declared.get(name), FileArgument)
        else value
        for name, value in case.arguments.items()
    }


def _seeded(simulator: Simulator, seed: int) -> Simulator:
    if isinstance(simulator, str | Path):
        return simulator
    return [word.replace(_SEED, str(seed)) for word in simulator]
