"""Simulate variants in warm workers, each under the same seeds: common random numbers, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

from gsim_devs.contracts import Contract
from gsim_devs.execution import Job, Launcher, Limits, Pool, Result, launch

from .variants import Variant


class Trials:
    """One simulator, run under variants; a context manager that leaves no process behind."""

    def __init__(
        self,
        simulator: str | Path,
        contract: Contract,
        *,
        workers: int | None = None,
        limits: Limits | None = None,
        launcher: Launcher = launch,
    ) -> None:
        """Start nothing yet.

        Args:
            simulator: folder or zipapp.
            contract: what it accepts and reports.
            workers: how many simulations run at once; as many as there are processors by default.
            limits: of each simulation.
            launcher: how a worker is started.
        """
        self._has_seed = "seed" in contract.arguments
        self._pool = Pool(simulator, workers=workers, limits=limits, launcher=launcher)

    def records(self, variant: Variant, seeds: Iterable[int]) -> Iterator[Result]:
        """Simulate a variant under each seed; results come in the order of the seeds."""
        return self._pool.run(self._job(variant, seed) for seed in seeds)

    def side_by_side(self, variants: Sequence[Variant], seeds: Iterable[int]) -> Iterator[tuple[Result, ...]]:
        """Simulate all variants under each seed; results come seed by seed."""
        results = self._pool.run(self._job(variant, seed) for seed in seeds for variant in variants)
        return zip(*[results] * len(variants), strict=True)

    def close(self) -> None:
        """End all workers."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _job(self, variant: Variant, seed: int) -> Job:
        own = {"seed": seed} if self._has_seed else {}
        return Job(
            {**variant.arguments, **own},
            variant.stdin,
            seed,
            parameters=variant.parameters,
            changes=variant.changes,
        )


def seeds_of(seed: int, count: int, first: int = 0) -> list[int]:
    """The seeds of replications from `first` on; those that belong to one seed are not those of another."""
    return [
        # 31 bits: arguments called `seed` may have bounds.
        int.from_bytes(blake2b(f"{seed}/{number}".encode(), digest_size=4).digest(), "big") >> 1
        for number in range(first, first + count)
    ]
