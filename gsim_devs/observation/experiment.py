"""A simulator beside data: simulate many parameters from many starts, and hold the results against what was observed.

What is simulated comes as arrays with a place for every candidate, draw, start, time and observable; nan where a
simulation failed or told nothing. Judges nothing: losses and distances are made elsewhere.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from gsim_devs.contracts import Contract, Parameter, dump_json
from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Launcher, Limits, Pool, Result, Sight, launch

from .arrays import FILE, ArrayPath
from .datasets import Array, Dataset
from .series import Observer
from .starts import Inputs, Paths, Start, Transitions, paths_of, seed_of, thinned, transitions_of

Theta = Mapping[str, Any]
"""Values of parameters by name, in their natural units; those left out are as the simulator has them."""

_MOST_REASONS = 50
_LEAST_PATIENCE, _MUCH = 1.0, 200.0
"""What a simulation may take at least, in seconds, and in times of what one with the own parameters takes."""


class Experiment:
    """One simulator and one dataset; a context manager that leaves no process behind."""

    def __init__(
        self,
        simulator: str | Path,
        contract: Contract,
        dataset: Dataset,
        *,
        arguments: Mapping[str, object] | None = None,
        workers: int | None = None,
        limits: Limits | None = None,
        launcher: Launcher = launch,
    ) -> None:
        """Start nothing yet.

        Args:
            simulator: folder or zipapp.
            contract: what it accepts and reports.
            dataset: what was observed.
            arguments: what every simulation is given besides the horizon and the seed; what the data tell of the state
                comes before it.
            workers: how many simulations run at once; as many as there are processors by default.
            limits: of each simulation; where none are given, one may take hundreds of times as long as the first.
            launcher: how a worker is started.
        """
        self.contract = contract
        self.dataset = dataset
        self.failures = 0
        """How many simulations failed so far."""
        self.simulations = 0
        """How many were made so far."""
        self._simulator = simulator
        self._inputs = Inputs(contract, arguments or {})
        self._arguments = dict(arguments or {})
        self._limits = limits or Limits(seconds=20.0)
        self._is_patient = limits is not None
        self._launcher = launcher
        self._pool = Pool(simulator, workers=workers, limits=self._limits, launcher=launcher)
        # Steps of arrays know the state, and no other argument.
        fit_arrays = not self._arguments.keys() - (
            contract.state.arguments.keys() if contract.state else set()
        )
        self._arrays = (
            _array_path(simulator, contract, dataset, workers, self._limits, launcher) if fit_arrays else None
        )
        self._are_apart = False
        self._is_pure = False
        self._reasons: Counter[str] = Counter()
        self._transitions: Transitions | None = None
        self._thinned: tuple[float, int, Transitions] | None = None

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What can be calibrated, by name."""
        return self.contract.parameters

    @property
    def reasons(self) -> dict[str, int]:
        """Why simulations failed and how often, the most frequent first."""
        return dict(self._reasons.most_common())

    @property
    def identity(self) -> dict[str, str]:
        """The simulator's contract and its code, and arguments if any are given, as hashes.

        The values of its parameters do not count.
        """
        folder = Path(self._simulator)
        code = sha256()
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            code.update(repr(str(path.relative_to(folder))).encode() + sha256(path.read_bytes()).digest())
        contract = sha256(dump_json(self.contract).encode())
        identity = {"simulator": code.hexdigest()[:16], "contract": contract.hexdigest()[:16]}
        if self._arguments:
            given = sha256(repr(sorted(self._arguments.items())).encode())
            identity["arguments"] = given.hexdigest()[:16]
        return identity

    def transitions(self, *, share: float = 1.0, seed: int = 0) -> Transitions:
        """The observed steps from rows that tell the whole state, or a share of them; none where no row does."""
        if self._transitions is None:
            self._transitions = transitions_of(self.dataset, self.contract)
        held = self._transitions
        if share == 1.0 or not held.starts:
            return held
        # A search asks for the same share again and again, and what is the same object is prepared once.
        if self._thinned is None or self._thinned[:2] != (share, seed):
            self._thinned = share, seed, thinned(held, share, seed)
        return self._thinned[2]

    def paths(self) -> Paths:
        """The observed trajectories, each from its beginning."""
        return paths_of(self.dataset, self.contract)

    def one_step(
        self,
        thetas: Sequence[Theta] | Array,
        transitions: Transitions,
        *,
        seed: int | Sequence[int],
        draws: int = 1,
    ) -> Array:
        """Simulate every transition from its observed state, (P, draws, n, D)."""
        return self.simulate(thetas, transitions.starts, seed=seed, draws=draws)[:, :, :, 0, :]

    def free_run(
        self,
        thetas: Sequence[Theta] | Array,
        paths: Paths,
        *,
        seed: int | Sequence[int],
        draws: int = 1,
    ) -> Array:
        """Simulate every trajectory from its beginning, (P, draws, M, T, D)."""
        return self.simulate(thetas, paths.starts, seed=seed, draws=draws)

    def simulate(
        self,
        thetas: Sequence[Theta] | Array,
        starts: Sequence[Start],
        *,
        seed: int | Sequence[int],
        draws: int = 1,
    ) -> Array:
        """Simulate every candidate from every start, (P, draws, M, T, D); T is that of the start with most looks.

        A simulation's random numbers depend on the seed, the start and the draw, and on nothing else: candidates are
        compared under common ones, unless each of them is given a seed of its own. Where the simulator has steps of
        arrays and they fit the starts, those are made.
        """
        candidates = self._candidates(thetas)
        seeds = list(seed) if isinstance(seed, Sequence) else [seed] * len(candidates)
        if len(seeds) != len(candidates):
            raise UsageError(
                f"{len(seeds)} seeds for {len(candidates)} candidates; give one, or one for each"
            )
        longest = max((len(start.looks) for start in starts), default=1)
        out = np.full((len(candidates), draws, len(starts), longest, len(self.dataset.names)), np.nan)
        if not out.size:
            return out
        if self._arrays and self._arrays.fits(starts):
            return self._in_arrays(self._arrays, candidates, starts, seeds, draws)
        self._ensure_purity(candidates, starts, seeds[0])
        observer = Observer(self.contract, self.dataset.names)
        simulate = self._survey if observer.watches else self._run
        hopeless: set[int] = set()
        tries = [(row, draw) for row in range(len(starts)) for draw in range(draws)]
        for stage in _stages(len(tries)):
            chosen = [number for number in range(len(candidates)) if number not in hopeless]
            hopeless |= simulate(out, observer, candidates, starts, seeds, tries[stage], chosen)
        return out

    def is_quick(self, starts: Sequence[Start]) -> bool:
        """Whether simulations from these are made as steps of arrays, many times faster than otherwise."""
        return self._arrays is not None and self._arrays.fits(starts)

    def close(self) -> None:
        """End all workers."""
        self._pool.close()
        if self._arrays:
            self._arrays.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _candidates(self, thetas: Sequence[Theta] | Array) -> list[Theta]:
        """The values by name; an array has a column for each parameter in their order, of a simplex for each share."""
        if not isinstance(thetas, np.ndarray):
            if unknown := {name for theta in thetas for name in theta} - self.parameters.keys():
                raise UsageError(f"{self.contract.id} has no parameter {min(unknown)!r}")
            # Numbers of numpy are not all JSON.
            return [{name: np.asarray(value).tolist() for name, value in theta.items()} for theta in thetas]
        widths = [len(one.value) if one.type == "simplex" else 0 for one in self.parameters.values()]
        count = sum(width or 1 for width in widths)
        if thetas.ndim != 2 or thetas.shape[1] != count:
            raise UsageError(
                f"candidates of shape {thetas.shape}; {self.contract.id} needs (any number, {count})"
            )
        return [self._candidate(row.tolist(), widths) for row in thetas]

    def _candidate(self, row: list[float], widths: list[int]) -> Theta:
        cells: Iterator[float] = iter(row)
        theta: dict[str, Any] = {}
        for (name, parameter), width in zip(self.parameters.items(), widths, strict=True):
            if width:
                theta[name] = [next(cells) for _ in range(width)]
            else:
                value = next(cells)
                theta[name] = round(value) if parameter.type == "integer" else value
        return theta

    def _survey(
        self,
        out: Array,
        observer: Observer,
        candidates: Sequence[Theta],
        starts: Sequence[Start],
        seeds: Sequence[int],
        tries: Sequence[tuple[int, int]],
        chosen: Sequence[int],
    ) -> set[int]:
        """Simulate the chosen candidates from some starts with some draws; returns those that are hopeless.

        Workers tell nothing but the numbers that are observed.
        """
        by_seed: dict[int, list[int]] = {}
        for number in chosen:
            by_seed.setdefault(seeds[number], []).append(number)
        # Those with the same random numbers stand together: these are then drawn only once.
        places = [(row, draw, seed) for row, draw in tries for seed in by_seed]
        sights = (self._sight(starts[row], seed, draw, by_seed[seed]) for row, draw, seed in places)
        told = self._pool.survey(sights, candidates, observer.watches, observer.slack)
        hopeless: set[int] = set()
        for (row, draw, seed), seen in zip(places, told, strict=True):
            looks, own = len(starts[row].looks), by_seed[seed]
            numbers = np.frombuffer(seen.numbers).reshape(len(own), looks, -1)
            # What is not finite is nothing that a simulator may report.
            out[own, draw, row, :looks] = np.where(np.isfinite(numbers), numbers, np.nan)
            self.simulations += len(own)
            for place, result in seen.failures.items():
                out[own[place], draw, row] = np.nan
                self._note(result)
                if _is_dear(result):
                    hopeless.add(own[place])
        return hopeless

    def _run(
        self,
        out: Array,
        observer: Observer,
        candidates: Sequence[Theta],
        starts: Sequence[Start],
        seeds: Sequence[int],
        tries: Sequence[tuple[int, int]],
        chosen: Sequence[int],
    ) -> set[int]:
        """As `_survey`, where only all records tell what is observed."""
        places = [(number, draw, row) for number in chosen for row, draw in tries]
        jobs = (
            self._job(candidates[number], starts[row], seeds[number], draw) for number, draw, row in places
        )
        hopeless: set[int] = set()
        for place, result in zip(places, self._pool.run(jobs), strict=True):
            looks = starts[place[2]].looks
            if self._counted(result).ok:
                out[(*place, slice(len(looks)))] = observer.at(result.records, looks)
            elif _is_dear(result):
                hopeless.add(place[0])
        return hopeless

    def _sight(self, start: Start, seed: int, draw: int, chosen: Sequence[int]) -> Sight:
        own = seed_of(seed, start, draw)
        inputs = self._inputs
        return Sight(inputs.arguments(start, own), start.looks, chosen, inputs.stdin(start), own)

    def _in_arrays(
        self,
        arrays: ArrayPath,
        candidates: Sequence[Theta],
        starts: Sequence[Start],
        seeds: Sequence[int],
        draws: int,
    ) -> Array:
        if not self._are_apart:
            arrays.refuse_unless_rows_are_apart(candidates, starts)
            self._are_apart = True
        out = arrays.simulate(candidates, starts, seeds=seeds, draws=draws)
        out[[not self._is_allowed(theta) for theta in candidates]] = np.nan
        lasts = [len(start.looks) - 1 for start in starts]
        is_told = np.isfinite(out[:, :, np.arange(len(starts)), lasts]).any(axis=-1)
        failed = int((~is_told).sum())
        self.simulations += is_told.size
        self.failures += failed
        if failed:
            self._reasons["a parameter is out of its bounds, or the arrays hold no finite number"] += failed
        return out

    def _is_allowed(self, theta: Theta) -> bool:
        """Whether a simulator takes these values; of a simplex whoever makes candidates takes care."""
        declared = ((self.parameters[name], value) for name, value in theta.items())
        return all(one.type == "simplex" or one.minimum <= value <= one.maximum for one, value in declared)

    def _job(self, theta: Theta, start: Start, seed: int, draw: int) -> Job:
        own = seed_of(seed, start, draw)
        inputs = self._inputs
        return Job(inputs.arguments(start, own), inputs.stdin(start), seed=own, parameters=theta)

    def _counted(self, result: Result) -> Result:
        self.simulations += 1
        if not result.ok:
            self._note(result)
        return result

    def _note(self, failed: Result) -> None:
        self.failures += 1
        reason = failed.reason
        if reason in self._reasons or len(self._reasons) < _MOST_REASONS:
            self._reasons[reason] += 1

    def _ensure_purity(self, candidates: Sequence[Theta], starts: Sequence[Start], seed: int) -> None:
        """Refuse a simulator whose runs leave something behind for the next one in the same process."""
        if self._is_pure:
            return
        one = self._job({}, starts[0], seed, 0)
        other = self._job(candidates[-1], starts[-1], seed, 1)
        with self._fresh_pool() as pool:
            began, repeated = pool.run([one, one])
            if repeated.ok and not self._is_patient:
                # The first run loads what others find loaded.
                usual = min(began.seconds, repeated.seconds)
                self._pool.patience = min(self._limits.seconds, max(_LEAST_PATIENCE, _MUCH * usual))
            pool.patience = self._pool.patience
            second, first_again, second_again = map(_told, pool.run([other, one, other]))
        with self._fresh_pool() as pool:
            pool.patience = self._pool.patience
            (alone,) = map(_told, pool.run([other]))
        first = _told(began)
        if first != _told(repeated) or first != first_again or second != second_again or second != alone:
            raise UsageError(
                f"{self._simulator}: the same start gives another result after other runs in the same process; "
                "a component keeps something between runs, or changes what it was handed: let it hold all of its "
                "state in its own fields, made new for each run"
            )
        self._is_pure = True

    def _fresh_pool(self) -> Pool:
        """A worker of its own."""
        return Pool(self._simulator, workers=1, limits=self._limits, launcher=self._launcher)


def _told(result: Result) -> tuple[str, tuple[tuple[Any, ...], ...]]:
    """How a simulation went."""
    return result.status, result.records


def _stages(count: int) -> Iterator[slice]:
    """Simulations in ever larger parts: of a candidate that hangs no more than a few simulations are waited for."""
    begin, size = 0, 1
    while begin < count:
        yield slice(begin, begin + size)
        begin, size = begin + size, 8 * size


def _is_dear(failed: Result) -> bool:
    """Whether a failure takes so long, or so much, that the candidate is given up."""
    return failed.took_worker or failed.status == "flooded" or "MemoryError" in failed.stderr


def _array_path(
    simulator: str | Path,
    contract: Contract,
    dataset: Dataset,
    workers: int | None,
    limits: Limits,
    launcher: Launcher,
) -> ArrayPath | None:
    folder = Path(simulator)
    if not (folder / FILE).is_file():
        return None
    number = workers or os.cpu_count() or 1
    return ArrayPath(folder, contract, dataset.names, workers=number, limits=limits, launcher=launcher)
