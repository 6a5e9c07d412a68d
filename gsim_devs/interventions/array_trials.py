"""What policies cost, simulated as steps of arrays: all policies and replications at once.

Possible where the simulator has such steps, the cost looks at observables only, and nothing is done that steps cannot
take: arguments that are not the state or the horizon, commands that are not actions. What a simulation tells at its
beginning, before the first step, is taken from a run of the components.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.execution import Launcher, Limits, launch
from gsim_devs.observation import Series, Start, series_of
from gsim_devs.observation.arrays import FILE, ArrayPath
from gsim_devs.runtime.program import Program, load

from .costing import Costing, RecordCosting, same_variants
from .costs import Array, Measure
from .grids import Point, settled_arguments
from .trials import Trials, seeds_of
from .variants import Variant

_MOST_NUMBERS = 4_000_000
"""That are held at once."""
_Group: TypeAlias = list[tuple[Variant, list[int]]]


@contextmanager
def costing_of(
    simulator: Path,
    contract: Contract,
    cost: Measure,
    points: Sequence[Point],
    *,
    seed: int,
    workers: int | None = None,
    limits: Limits | None = None,
    launcher: Launcher = launch,
) -> Iterator[Costing]:
    """The fastest way to say what these points cost; its processes end with the context.

    Args:
        simulator: its folder.
        contract: what it accepts and reports.
        cost: measures a run.
        points: those that will be asked for.
        seed: decides all random numbers.
        workers: how many simulate at once; as many as there are processors by default.
        limits: of each simulation.
        launcher: how a worker is started.
    """
    if cost.is_known_before:
        raise UsageError(f"the cost `{cost.text}` looks at nothing that is simulated")
    with Trials(simulator, contract, workers=workers, limits=limits, launcher=launcher) as trials:
        arrays = ArrayCosting(
            load(simulator), contract, trials, cost, seed, workers=workers, limits=limits, launcher=launcher
        )
        try:
            yield arrays if arrays.can(points) else RecordCosting(trials, cost, seed)
        finally:
            arrays.close()


class ArrayCosting:
    """Runs steps of arrays and measures the series that come out."""

    means = "steps of arrays"

    def __init__(
        self,
        program: Program,
        contract: Contract,
        trials: Trials,
        cost: Measure,
        seed: int,
        *,
        workers: int | None = None,
        limits: Limits | None = None,
        launcher: Launcher = launch,
    ) -> None:
        """Start nothing yet; `trials` are the same simulator's."""
        self.simulations = 0
        self.reasons: Counter[str] = Counter()
        self._program = program
        self._contract = contract
        self._trials = trials
        self._cost = cost
        self._seed = seed
        self._has_arrays = Path(program.folder, FILE).is_file()
        self._path = ArrayPath(
            Path(program.folder),
            contract,
            cost.observables,
            workers=workers or os.cpu_count() or 1,
            limits=limits or Limits(),
            launcher=launcher,
        )
        self._begun: dict[Any, _Beginning | None] = {}
        self._are_apart = False

    def can(self, points: Sequence[Point]) -> bool:
        """Whether all of these can be simulated like this."""
        if not self._has_arrays or self._contract.state is None or self._cost.needs_records:
            return False
        return all(self._beginning(variant) is not None for variant, _ in same_variants(points))

    def costs(self, points: Sequence[Point], first: int, count: int) -> Array:
        out = np.full((len(points), count), np.nan)
        for begun, group in self._groups(points):
            starts = begun.starts(first, count)
            told = count * len(begun.looks) * len(self._cost.observables)
            at_once = max(1, _MOST_NUMBERS // told)
            for k in range(0, len(group), at_once):
                part = group[k : k + at_once]
                found = self._simulated([variant for variant, _ in part], starts)
                for series, (variant, places) in zip(found, part, strict=True):
                    self._measure(series, variant, [(place, points[place]) for place in places], out)
        return out

    def close(self) -> None:
        """End all workers."""
        self._path.close()

    def _groups(self, points: Sequence[Point]) -> Iterator[tuple[_Beginning, _Group]]:
        """Variants that begin alike, so that one batch holds them."""
        groups: dict[Any, _Group] = {}
        for variant, places in same_variants(points):
            key = tuple(sorted(variant.arguments.items())), variant.stdin
            groups.setdefault(key, []).append((variant, places))
        for group in groups.values():
            begun = self._beginning(group[0][0])
            assert begun
            yield begun, group

    def _simulated(self, variants: Sequence[Variant], starts: tuple[Start, ...]) -> Array:
        """The series of each, (P, count, T, D)."""
        thetas = [variant.parameters for variant in variants]
        if not self._are_apart:
            self._path.refuse_unless_rows_are_apart(thetas, starts)
            self._are_apart = True
        self.simulations += len(variants) * len(starts)
        return self._path.simulate(
            thetas,
            starts,
            seeds=[self._seed] * len(variants),
            draws=1,
            changes=[variant.changes for variant in variants],
        )[:, 0]

    def _measure(
        self, series: Array, variant: Variant, points: Sequence[tuple[int, Point]], out: Array
    ) -> None:
        """Write down what the simulations of a variant cost at each of its points."""
        begun = self._beginning(variant)
        assert begun
        worked = np.isfinite(series).all(axis=(1, 2))
        if not worked.all():
            self.reasons["the arrays hold no finite number"] += int((~worked).sum())
        held, times = begun.from_the_beginning(series[worked])
        for place, point in points:
            out[place, worked] = self._cost.of_series(held, self._cost.observables, times, point.scope)

    def _beginning(self, variant: Variant) -> _Beginning | None:
        """How a variant begins; none where steps of arrays cannot follow it."""
        parts = sorted(variant.parameters.items()), sorted(variant.arguments.items()), variant.stdin
        key = repr(parts)
        if key not in self._begun:
            self._begun[key] = self._made(variant)
        return self._begun[key]

    def _made(self, variant: Variant) -> _Beginning | None:
        state = self._contract.state
        assert state
        arguments = settled_arguments(self._program, variant.arguments)
        takes = {*state.arguments, state.time, self._contract.horizon.argument, "seed"}
        actions = self._actions(variant.stdin, arguments)
        looks = self._looks(variant)
        if actions is None or looks is None or not variant.arguments.keys() <= takes:
            return None
        told: dict[str, Any] = {name: arguments[one] for one, name in state.arguments.items()}
        begun = _Beginning(float(arguments[state.time]) if state.time else 0.0, told, *looks, actions)
        return begun if self._path.fits(begun.starts(0, 1)) else None

    def _looks(self, variant: Variant) -> tuple[tuple[float, ...], Array] | None:
        """When the observables have values after 0, and what they are at 0; none where those are not regular times."""
        still = Variant(variant.parameters, (), variant.arguments, variant.stdin)
        (result,) = self._trials.records(still, seeds_of(self._seed, 1))
        if not result.ok:
            return None
        arguments = settled_arguments(self._program, variant.arguments)
        series = series_of(result.records, self._contract, float(arguments[self._contract.horizon.argument]))
        half = self._contract.time.resolution / 2
        _, looks = _parted(series[self._cost.observables[0]], half)
        grid = looks[:1] * np.arange(1, len(looks) + 1)
        at_start = []
        for name in self._cost.observables:
            begun, times = _parted(series[name], half)
            if not len(times) or len(times) != len(grid) or (abs(times - grid) > half).any():
                return None
            at_start.append(begun)
        return tuple(looks.tolist()), np.array(at_start)

    def _actions(
        self, stdin: str, arguments: Mapping[str, Any]
    ) -> tuple[tuple[float, str, float], ...] | None:
        """The commands as actions; none where one of them is something else."""
        known = {(one.command, one.field): name for name, one in self._contract.actions.items()}
        found: dict[tuple[float, str], float] = {}
        for command in self._program.commands(stdin, arguments):
            name = known.get((command.name, *command.fields))  # type: ignore[arg-type]
            if name is None or (command.time, name) in found:
                return None
            found[command.time, name] = float(*command.fields.values())
        return tuple(sorted((when, name, value) for (when, name), value in found.items()))


@dataclass(frozen=True, slots=True, eq=False)
class _Beginning:
    """How simulations begin, and when they are looked at."""

    time: float
    state: Mapping[str, Any]
    looks: tuple[float, ...]
    at_start: Array
    """What the observables are at 0, (D,); nan where they are not told then."""
    actions: tuple[tuple[float, str, float], ...]

    def starts(self, first: int, count: int) -> tuple[Start, ...]:
        """One for each replication, which has random numbers of its own."""
        return tuple(
            Start(str(number), self.time, self.state, self.looks, self.actions)
            for number in range(first, first + count)
        )

    def from_the_beginning(self, series: Array) -> tuple[Array, tuple[float, ...]]:
        """The series with what is told at 0, and the times."""
        start = np.broadcast_to(self.at_start, (*series.shape[:-2], 1, series.shape[-1]))
        return np.concatenate([start, series], axis=-2), (0.0, *self.looks)


def _parted(series: Series, half: float) -> tuple[float, Array]:
    """The value at 0, nan if there is none, and the times after that."""
    begins = len(series.times) > 0 and series.times[0] <= half
    return float(series.values[0]) if begins else math.nan, series.times[int(begins) :]
