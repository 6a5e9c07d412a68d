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
from types import TracebackType
from typing import Any, Self

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

_MOST_NUMBERS = 1_000_000
"""That are asked for at once, so that the answer comes within the limits."""


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
        arrays = ArrayTrials(
            load(simulator),
            contract,
            cost.observables,
            trials,
            seed,
            workers=workers,
            limits=limits,
            launcher=launcher,
        )
        with arrays:
            can = not cost.needs_records and arrays.can([point.variant for point in points])
            yield ArrayCosting(arrays, cost) if can else RecordCosting(trials, cost, seed)


class ArrayCosting:
    """Measures the series of steps of arrays."""

    means = "steps of arrays"

    def __init__(self, trials: ArrayTrials, cost: Measure) -> None:
        self.simulations = 0
        self.reasons: Counter[str] = Counter()
        self._trials = trials
        self._cost = cost

    def costs(self, points: Sequence[Point], first: int, count: int) -> Array:
        out = np.full((len(points), count), np.nan)
        variants, places = zip(*same_variants(points), strict=True)
        self.simulations += len(variants) * count
        for number, series, times in self._trials.runs(variants, first, count):
            # At 0 some observables may have no value.
            worked = np.isfinite(series[:, 1:]).all(axis=(1, 2))
            if not worked.all():
                self.reasons["the arrays hold no finite number"] += int((~worked).sum())
            for place in places[number] if worked.any() else ():
                out[place, worked] = self._cost.of_series(
                    series[worked], self._cost.observables, times, points[place].scope
                )
        return out


class ArrayTrials:
    """One simulator's steps of arrays, run under variants; a context manager that leaves no process behind."""

    def __init__(
        self,
        program: Program,
        contract: Contract,
        names: Sequence[str],
        trials: Trials,
        seed: int,
        *,
        workers: int | None = None,
        limits: Limits | None = None,
        launcher: Launcher = launch,
    ) -> None:
        """Start nothing yet.

        Args:
            program: the simulator, in a folder.
            contract: what it accepts and reports.
            names: of the observables that are looked at.
            trials: of the same simulator; asked for what is told at the beginning.
            seed: decides all random numbers.
            workers: how many processes simulate at once; as many as there are processors by default.
            limits: of each answer.
            launcher: how a worker is started.
        """
        self._program = program
        self._contract = contract
        self._names = tuple(names)
        self._trials = trials
        self._seed = seed
        self._has_arrays = Path(program.folder, FILE).is_file()
        self._path = ArrayPath(
            Path(program.folder),
            contract,
            self._names,
            workers=workers or os.cpu_count() or 1,
            limits=limits or Limits(),
            launcher=launcher,
        )
        self._begun: dict[str, _Beginning | None] = {}
        self._are_apart = False

    def can(self, variants: Sequence[Variant]) -> bool:
        """Whether all of these can be simulated like this."""
        if not self._has_arrays or self._contract.state is None or not self._names:
            return False
        return all(self._beginning(variant) is not None for variant in variants)

    def runs(
        self, variants: Sequence[Variant], first: int, count: int
    ) -> Iterator[tuple[int, Array, tuple[float, ...]]]:
        """Simulate so many replications of each variant from `first` on.

        Gives, for each, its place among the variants, the series (count, T, D), and their times. nan is what is not
        told then, or not a number.
        """
        for begun, group in self._groups(variants):
            starts = begun.starts(first, count)
            at_once = max(1, _MOST_NUMBERS // (count * len(begun.looks) * len(self._names)))
            for k in range(0, len(group), at_once):
                part = group[k : k + at_once]
                told = self._simulated([variants[place] for place in part], starts)
                for place, series in zip(part, told, strict=True):
                    own = self._beginning(variants[place])
                    assert own
                    yield place, *own.from_the_beginning(series)

    def close(self) -> None:
        """End all workers."""
        self._path.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _groups(self, variants: Sequence[Variant]) -> Iterator[tuple[_Beginning, list[int]]]:
        """The places of variants that begin alike, so that one batch holds them."""
        groups: dict[Any, list[int]] = {}
        for place, variant in enumerate(variants):
            key = tuple(sorted(variant.arguments.items())), variant.stdin
            groups.setdefault(key, []).append(place)
        for places in groups.values():
            begun = self._beginning(variants[places[0]])
            assert begun
            yield begun, places

    def _simulated(self, variants: Sequence[Variant], starts: tuple[Start, ...]) -> Array:
        """The series of each, (P, count, T, D)."""
        thetas = [variant.parameters for variant in variants]
        if not self._are_apart:
            self._path.refuse_unless_rows_are_apart(thetas, starts)
            self._are_apart = True
        return self._path.simulate(
            thetas,
            starts,
            seeds=[self._seed] * len(variants),
            draws=1,
            changes=[variant.changes for variant in variants],
        )[:, 0]

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
        _, looks = _parted(series[self._names[0]], half)
        grid = looks[:1] * np.arange(1, len(looks) + 1)
        at_start = []
        for name in self._names:
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
