"""Data as trajectories of numbers, and their split into parts. Reads no files and simulates nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsim_devs.errors import UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One course of a system, as far as it was observed."""

    id: str
    """Its name in the data."""

    times: Array
    """When there is a row, in the contract's unit of time; ascending, (T,)."""

    values: Array
    """The rows, (T, D); nan where nothing was observed."""

    actions: Array = field(default_factory=lambda: np.empty((0, 0)))
    """What was done at each row, (T, A); nan: nothing."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What else was observed at each row, by observable; empty where nothing was."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Trajectories of the same observables."""

    names: tuple[str, ...]
    """The observables in the columns of every trajectory's values."""

    trajectories: tuple[Trajectory, ...]
    """In the order of the files."""

    actions: tuple[str, ...] = ()
    """The actions in the columns of every trajectory's actions."""

    warnings: tuple[str, ...] = ()
    """What can be worked with and should be known, one sentence each."""

    def __len__(self) -> int:
        return len(self.trajectories)

    def only(self, ids: Iterable[str]) -> Dataset:
        """The trajectories of these names, without warnings about others."""
        wanted = set(ids)
        if missing := wanted - {trajectory.id for trajectory in self.trajectories}:
            raise UsageError(f"there is no trajectory {min(missing)!r} in the data")
        kept = tuple(trajectory for trajectory in self.trajectories if trajectory.id in wanted)
        return Dataset(self.names, kept, self.actions)

    def split(self, *, seed: int, validation: float = 0.2, test: float = 0.2) -> Split:
        """Divide by whole trajectories. Which part one lands in depends on the seed and the names, not on their order.

        Args:
            seed: decides who goes where.
            validation: the share of trajectories to choose between candidates with; at least one, unless it is 0.
            test: the share that is kept sealed; at least one, unless it is 0.
        """
        if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
            raise UsageError(
                f"shares {validation} for validation and {test} for test leave nothing to train with"
            )
        ids = sorted((one.id for one in self.trajectories), key=lambda one: (_rank(seed, one), one))
        held_out, sealed = (_number_of(share, len(ids)) for share in (validation, test))
        if held_out + sealed >= len(ids):
            raise UsageError(
                f"{len(ids)} trajectories cannot be split into parts for training, validation and test; "
                "use more of them, or a share of 0 for a part that is not needed"
            )
        parts = ids[sealed + held_out :], ids[sealed : sealed + held_out], ids[:sealed]
        return Split(*(self.only(part) for part in parts))


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Parts of a dataset that share no trajectory."""

    train: Dataset
    """To estimate with."""

    validation: Dataset
    """To choose between estimates and structures with."""

    _test: Dataset = field(repr=False)

    def unseal(self, part: str) -> Dataset:
        """The part that nothing may have been chosen with: `unseal("test")`."""
        if part != "test":
            raise UsageError(f"the sealed part is called 'test', not {part!r}")
        return self._test


def frozen(array: Any) -> Array:
    """The numbers as an array that nobody can change."""
    held = np.array(array, dtype=np.float64)
    held.flags.writeable = False
    return held


def _rank(seed: int, name: str) -> bytes:
    return blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()


def _number_of(share: float, count: int) -> int:
    return max(1, round(share * count)) if share else 0
