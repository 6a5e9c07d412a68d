"""Where simulations begin and when they are looked at: after every observed row, or once for each trajectory.

Says what that is on a simulator's command line. Runs nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from gsim_devs.contracts import (
    Argument,
    Contract,
    DurationArgument,
    IntegerArgument,
    JsonlStdin,
    NumberArgument,
)
from gsim_devs.contracts.values import AnyValue
from gsim_devs.errors import UsageError
from gsim_devs.runtime.durations import SECONDS_PER_UNIT, seconds_of, text_of

from .datasets import Array, Dataset, Trajectory, frozen

_MOST = 0.75
"""Of the rows: if so many say what was done, the others fail to."""


@dataclass(frozen=True, slots=True)
class Start:
    """One simulation's beginning, and the times at which it is looked at."""

    trajectory: str
    """Whose state it is."""

    time: float
    """When it was observed, in the data's time; there the simulation is at 0."""

    state: Mapping[str, float | str]
    """What was observed, by observable; empty where the model starts as its arguments say."""

    looks: tuple[float, ...]
    """When the simulation is looked at, in its own time; ascending."""

    actions: tuple[tuple[float, str, float], ...] = ()
    """What is done to it: when, in its own time, which action, and its value."""


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """Observed steps from one row to the next, each from a state that is known as a whole."""

    names: tuple[str, ...]
    """The observables in the columns."""

    starts: tuple[Start, ...]
    """Where each begins; each is looked at once."""

    before: Array
    """What was observed at the start, (n, D)."""

    after: Array
    """What was observed next, (n, D)."""

    times: Array
    """When each began, (n,)."""

    trajectories: tuple[str, ...]
    """Whose step it is, (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Whole trajectories, padded with nan at their ends to one length."""

    names: tuple[str, ...]
    """The observables in the columns."""

    starts: tuple[Start, ...]
    """Where each begins."""

    observed: Array
    """What was observed after the start, (M, T, D)."""

    times: Array
    """When, (M, T)."""


def transitions_of(dataset: Dataset, contract: Contract) -> Transitions:
    """Every step whose first row tells all that the contract's `state` asks for; there may be none."""
    needed = set(contract.state.arguments.values()) if contract.state else set()
    starts: list[Start] = []
    before, after = [], []
    for trajectory, is_clear in (
        zip(dataset.trajectories, clear_steps(dataset), strict=True) if needed else ()
    ):
        is_told = [not np.isnan(row).all() for row in trajectory.values]
        for row in range(len(trajectory.times) - 1):
            state = _state(dataset, trajectory, row, needed)
            if len(state) == len(needed) and is_told[row + 1] and is_clear[row]:
                begin = float(trajectory.times[row])
                starts.append(_start(dataset, trajectory, row, begin, state, row + 1, row + 2))
                before.append(trajectory.values[row])
                after.append(trajectory.values[row + 1])
    shape = (len(starts), len(dataset.names))
    return Transitions(
        dataset.names,
        tuple(starts),
        frozen(np.reshape(before, shape)),
        frozen(np.reshape(after, shape)),
        frozen([start.time for start in starts]),
        tuple(start.trajectory for start in starts),
    )


def paths_of(dataset: Dataset, contract: Contract) -> Paths:
    """Every trajectory from its first row on, as far as that tells the state; else from the model's own beginning.

    Where the contract has no `state`, or the data nothing of it, the data's time is the simulation's.
    """
    asked = set(contract.state.arguments.values()) if contract.state else set()
    mapped = asked & {*dataset.names, *(name for one in dataset.trajectories for name in one.texts)}
    starts, observed, times = [], [], []
    for trajectory, is_clear in zip(dataset.trajectories, clear_steps(dataset), strict=True):
        begin, first = (float(trajectory.times[0]), 1) if mapped else (0.0, 0)
        if trajectory.times[0] < begin:
            raise UsageError(
                f"trajectory {trajectory.id} begins at t = {trajectory.times[0]:g}, before a simulation can"
            )
        # Where it is not known what was done, nothing that follows can be simulated.
        end = int(np.argmin(np.append(is_clear, False))) + 1
        if end > first:
            state = _state(dataset, trajectory, 0, mapped)
            starts.append(_start(dataset, trajectory, 0, begin, state, first, end))
            observed.append(trajectory.values[first:end])
            times.append(trajectory.times[first:end])
    longest = max(map(len, times), default=0)
    return Paths(
        dataset.names,
        tuple(starts),
        frozen([_padded(one, longest) for one in observed] or np.empty((0, 0, len(dataset.names)))),
        frozen([_padded(one, longest) for one in times] or np.empty((0, 0))),
    )


def untold_beginnings(dataset: Dataset, contract: Contract) -> dict[str, int]:
    """The state's arguments that first rows do not tell, and of how many trajectories: there the defaults hold."""
    asked = contract.state.arguments if contract.state else {}
    told = [_state(dataset, trajectory, 0, asked.values()) for trajectory in dataset.trajectories]
    counts = {name: sum(observable not in one for one in told) for name, observable in asked.items()}
    return {name: count for name, count in counts.items() if count}


def clear_steps(dataset: Dataset) -> list[NDArray[np.bool_]]:
    """For each trajectory and each step to its next row, whether it is known what was done to the system.

    Where most rows say what was done, those that do not are gaps, and so are rows that are not there.
    """
    steps = [np.diff(one.times) for one in dataset.trajectories]
    every = np.concatenate(steps) if steps else np.empty(0)
    if not dataset.actions or not len(every):
        return [np.ones(len(one), dtype=bool) for one in steps]
    is_given = ~np.isnan(np.concatenate([one.actions[:-1] for one in dataset.trajectories]))
    usual = np.flatnonzero(is_given.mean(axis=0) > _MOST)
    if not len(usual):
        return [np.ones(len(one), dtype=bool) for one in steps]
    widest = 1.5 * np.median(every) if (every == np.median(every)).mean() > 0.5 else np.inf
    return [
        (step <= widest) & ~np.isnan(one.actions[:-1, usual]).any(axis=1)
        for one, step in zip(dataset.trajectories, steps, strict=True)
    ]


def thinned(transitions: Transitions, share: float, seed: int) -> Transitions:
    """A share of the steps, drawn by the seed, at least one; a smaller share is a part of a larger one."""
    if not 0 < share <= 1:
        raise UsageError(f"a share of the data lies above 0 and up to 1, not at {share!r}")
    count = max(1, round(share * len(transitions.starts)))
    order = np.random.default_rng(_number(seed, "share")).permutation(len(transitions.starts))
    chosen: NDArray[np.int64] = np.sort(order[:count])
    starts = tuple(transitions.starts[i] for i in chosen)
    return Transitions(
        transitions.names,
        starts,
        frozen(transitions.before[chosen]),
        frozen(transitions.after[chosen]),
        frozen(transitions.times[chosen]),
        tuple(start.trajectory for start in starts),
    )


def seed_of(seed: int, start: Start, draw: int) -> int:
    """The seed of one simulation: whatever the parameters, the same; whatever else is simulated, too."""
    return _number(seed, start.trajectory, repr(start.time), draw)


class Inputs:
    """Turns starts into what a simulator reads: arguments of a command line, and stdin."""

    def __init__(self, contract: Contract, given: Mapping[str, object]) -> None:
        """Check what can be checked before anything is simulated; `given` holds for every simulation."""
        self._contract = contract
        self._given = dict(given)
        self._mapping = dict(contract.state.arguments) if contract.state else {}
        self._time = contract.state.time if contract.state else None
        if unknown := [name for name in given if name not in contract.arguments]:
            raise UsageError(f"{contract.id} has no argument {unknown[0]!r}")
        for name in [*self._mapping, *([self._time] if self._time else ())]:
            kind = contract.arguments[name].type
            if kind not in ("integer", "number", "duration", "text"):
                raise UsageError(
                    f"the argument {name!r} is of type {kind}, and takes nothing that was observed"
                )
        told = {*given, *self._mapping, self._time, contract.horizon.argument, "seed"}
        for name, argument in contract.arguments.items():
            if argument.required and name not in told:
                raise UsageError(
                    f"{contract.id} needs the argument {name!r}, and the data do not tell it; give it"
                )

    def arguments(self, start: Start, seed: int) -> dict[str, object]:
        """The arguments of one simulation."""
        horizon = self._contract.horizon.argument
        arguments = dict(self._given)
        for name, observable in self._mapping.items():
            if observable in start.state:
                arguments[name] = self._written(name, start.state[observable])
        if self._time:
            arguments[self._time] = self._written(self._time, start.time)
        arguments[horizon] = self._written_until(horizon, start.looks[-1])
        if "seed" in self._contract.arguments:
            arguments["seed"] = seed
        return arguments

    def stdin(self, start: Start) -> str:
        """The commands that the actions after a start stand for."""
        return "".join(json.dumps(self._command(*action)) + "\n" for action in start.actions)

    def _command(self, time: float, name: str, value: float) -> dict[str, object]:
        stdin, action = self._contract.stdin, self._contract.actions[name]
        assert isinstance(stdin, JsonlStdin)
        command = stdin.commands[action.command]
        assert command.time is not None
        written = {stdin.discriminator: action.command}
        fields = {action.field: value, command.time: time}
        return written | {field: self._as(command.fields[field], told) for field, told in fields.items()}

    def _written(self, name: str, value: float | str) -> object:
        return self._as(self._contract.arguments[name], value)

    def _as(self, declared: Argument | AnyValue, value: float | str) -> object:
        if isinstance(value, str):
            return value
        if declared.type == "integer":
            return round(value)
        if declared.type == "duration":
            return text_of(
                Fraction(repr(value)) * SECONDS_PER_UNIT[self._contract.time.unit], declared.format
            )
        return value

    def _written_until(self, name: str, last: float) -> object:
        """A horizon at which what happens at the last look has happened."""
        closed, argument = self._contract.horizon.closed, self._contract.arguments[name]
        least = last if closed else last + self._contract.time.resolution
        if isinstance(argument, NumberArgument):
            return least
        if isinstance(argument, IntegerArgument):
            # A whole time may have come out of a subtraction a little larger.
            return math.ceil(least - self._contract.time.resolution / 2)
        assert isinstance(argument, DurationArgument)
        return _duration_from(least, SECONDS_PER_UNIT[self._contract.time.unit], argument.format)


def _duration_from(least: float, unit: Fraction, form: str) -> str:
    """The least time in a format that is no earlier."""
    seconds = Fraction(repr(least)) * unit
    for more in (Fraction(0), Fraction(1, 1000), Fraction(1, 100), Fraction(1)):
        text = text_of(seconds + more, form)
        if (found := seconds_of(text, form)) is not None and found >= seconds:
            return text
    return text_of(seconds + 60, form)


def _start(
    dataset: Dataset,
    trajectory: Trajectory,
    row: int,
    begin: float,
    state: Mapping[str, float | str],
    first: int,
    end: int,
) -> Start:
    """A start at a row, which is looked at at the rows from `first` to before `end`."""
    looks = trajectory.times[first:end] - begin
    done = [
        (float(trajectory.times[at]) - begin, name, float(trajectory.actions[at, column]))
        for column, name in enumerate(dataset.actions)
        for at in range(row, end - 1)
        if not math.isnan(trajectory.actions[at, column])
    ]
    return Start(trajectory.id, begin, state, tuple(looks.tolist()), tuple(sorted(done)))


def _state(
    dataset: Dataset, trajectory: Trajectory, row: int, names: Iterable[str]
) -> dict[str, float | str]:
    """What a row tells of these observables."""
    told: dict[str, float | str] = {}
    for name in names:
        if name in trajectory.texts:
            if trajectory.texts[name][row]:
                told[name] = trajectory.texts[name][row]
        elif name in dataset.names:
            value = float(trajectory.values[row, dataset.names.index(name)])
            if not math.isnan(value):
                told[name] = value
    return told


def _padded(array: Array, length: int) -> Array:
    padding = [(0, length - len(array)), *[(0, 0)] * (array.ndim - 1)]
    return np.pad(array, padding, constant_values=np.nan)


def _number(*key: object) -> int:
    """63 bits that belong to a key."""
    text = "/".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
