"""Series of numbers from what a simulation reported, by the contract's observables. Reads no files.

Times are the simulation's own, which begin at 0. Whatever a hostile trace holds in place of a number is missing.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gsim_devs.contracts import Contract, Observable, Sampling
from gsim_devs.errors import UsageError
from gsim_devs.execution import Watch
from gsim_devs.trace import BadLine, Record

from .datasets import Array

Reported = tuple[Any, ...]
"""A record: time, entity, event, payload; what follows does not matter."""

_MOST_SAMPLES = 10_000_000


class Series(NamedTuple):
    """Values at ascending times."""

    times: Array
    values: Array


def series_of(
    records: Iterable[Reported | Record | BadLine], contract: Contract, until: float
) -> dict[str, Series]:
    """The series of every observable that is a number: at every record, or at the regular times up to `until`.

    Takes what a pool reports as well as what is read from a trace; lines that are no records tell nothing.
    """
    names = tuple(name for name, one in contract.observables.items() if one.type == "number")
    found = Observer(contract, names).gather(map(_reported, records))
    half = contract.time.resolution / 2
    series = {}
    for name, (times, values) in zip(names, found, strict=True):
        observable = contract.observables[name]
        if isinstance(observable.at, Sampling):
            grid = _grid(name, observable.at, until + half)
            held = [_sampled(times, values, observable, t, half) for t in grid]
        elif observable.field is None:
            grid, held = times, [float(i + 1) for i in range(len(times))]
        else:
            grid, held = times, values
        series[name] = Series(np.array(grid, dtype=np.float64), np.array(held, dtype=np.float64))
    return series


class Observer:
    """Looks at records through the observables of these names."""

    def __init__(self, contract: Contract, names: Sequence[str]) -> None:
        self._observables = [contract.observables[name] for name in names]
        self._half = contract.time.resolution / 2

    @property
    def slack(self) -> float:
        """How much later than a look something may happen and be seen."""
        return self._half

    @property
    def watches(self) -> list[Watch]:
        """The observables as what can be followed while a simulation runs; none if one belongs to regular times."""
        if any(isinstance(one.at, Sampling) for one in self._observables):
            return []
        return [Watch(one.event, one.entity, one.field) for one in self._observables]

    def gather(self, records: Iterable[Reported]) -> list[tuple[list[float], list[float]]]:
        """The times and values of each observable's records; where it has no field, the values are 1."""
        found: list[tuple[list[float], list[float]]] = [([], []) for _ in self._observables]
        for time, entity, event, payload, *_ in records:
            for observable, (times, values) in zip(self._observables, found, strict=True):
                if event == observable.event and observable.entity in (None, entity):
                    times.append(time)
                    values.append(1.0 if observable.field is None else _number(payload.get(observable.field)))
        return found

    def at(self, records: Iterable[Reported], times: Sequence[float]) -> Array:
        """What each observable is at each of these times, (T, D).

        The latest value so far; the number of records so far where there is no field; what belongs to a regular time,
        at that time. nan where there is none.
        """
        found = self.gather(records)
        return np.array(
            [
                [
                    self._at(observable, *held, time)
                    for observable, held in zip(self._observables, found, strict=True)
                ]
                for time in times
            ],
            dtype=np.float64,
        ).reshape(len(times), len(self._observables))

    def _at(self, observable: Observable, times: list[float], values: list[float], time: float) -> float:
        if isinstance(observable.at, Sampling):
            steps = (time - observable.at.start) / observable.at.every
            on_grid = steps > -0.5 and abs(steps - round(steps)) * observable.at.every <= self._half
            return _sampled(times, values, observable, time, self._half) if on_grid else math.nan
        place = bisect_right(times, time + self._half)
        if observable.field is None:
            return float(place)
        return values[place - 1] if place else math.nan


def _sampled(
    times: list[float], values: list[float], observable: Observable, time: float, half: float
) -> float:
    """What is taken from the records of (previous time, time]."""
    sampling = observable.at
    assert isinstance(sampling, Sampling)
    end = bisect_right(times, time + half)
    if sampling.take == "last":
        if observable.field is None:
            return float(end)
        return values[end - 1] if end else math.nan
    begin = bisect_right(times, time - sampling.every + half)
    held = values[begin:end]
    if sampling.take == "count":
        return float(len(held))
    if sampling.take == "sum":
        return math.fsum(held) if all(map(math.isfinite, held)) else math.nan
    return math.fsum(held) / len(held) if held and all(map(math.isfinite, held)) else math.nan


def _grid(name: str, sampling: Sampling, end: float) -> list[float]:
    count = max(0, math.floor((end - sampling.start) / sampling.every) + 1)
    if count > _MOST_SAMPLES:
        raise UsageError(
            f"{name} is sampled every {sampling.every:g}: {count} values are too many; choose an earlier horizon"
        )
    return [sampling.start + k * sampling.every for k in range(count)]


def _reported(record: Reported | Record | BadLine) -> Reported:
    if isinstance(record, Record):
        return record.time, record.entity, record.event, record.payload
    # Nobody reports an event without a name.
    return (0.0, "", "", {}) if isinstance(record, BadLine) else record


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan
