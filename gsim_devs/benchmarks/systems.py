"""The example systems that benchmarks are about: assembled once, with data from them, in a folder that will go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gsim_devs.contracts import Contract, load_contract, load_data_file
from gsim_devs.observation import Dataset, load_dataset
from gsim_devs.observation.generating import Plan, generate, write_rows


class Systems:
    """References and their data; what was made once is kept."""

    def __init__(self, folder: Path, assemble: Callable[[str, Path], Path]) -> None:
        """Make nothing yet.

        Args:
            folder: where everything goes.
            assemble: makes the reference simulator of a system, by its id, in a folder.
        """
        self.folder = folder
        self._assemble = assemble

    def simulator(self, system: str) -> Path:
        """The reference simulator, with the parameters that are true."""
        folder = self.folder / system
        return folder if folder.exists() else self._assemble(system, folder)

    def contract(self, system: str) -> Contract:
        """What it accepts and reports."""
        return load_contract(self.simulator(system) / "contract.json")

    def data(
        self, system: str, *, split: str, trajectories: int, seed: int, variant: str = "", steps: int = 0
    ) -> Dataset:
        """Trajectories of the reference simulator, as `gsim-devs data` makes them.

        Args:
            system: by its id.
            split: train, validation or test.
            trajectories: how many.
            seed: decides everything.
            variant: of the system's data.yaml; the first one if not given.
            steps: of each trajectory; as many as data.yaml says if not given.
        """
        file = load_data_file(Path("scenarios", system, "data.yaml"))
        variant = variant or next(iter(file.variants))
        path = self.folder / f"{system}-{variant}-{split}-{trajectories}-{steps}-{seed}.csv"
        contract = self.contract(system)
        if not path.exists():
            plan = Plan(file.variants[variant], split, trajectories, steps or file.steps, file.interval, seed)
            with path.open("w", encoding="utf-8", newline="") as opened:
                write_rows(generate(self.simulator(system), contract, plan, workers=1), opened)
        return load_dataset([path], contract)
