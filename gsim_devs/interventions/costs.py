"""One number from a simulation, by an expression that a user wrote: what it cost, or whatever else is to be measured.

    sum(max(0, I - 200)) + 10 * beds + 2 * count(wards.rejected)

The syntax is that of the rules' expressions, and nothing is ever evaluated as Python. A name is an observable of the
contract, which is a series: its values at its times, and arithmetic goes value by value; a variable that the caller
has; a parameter, as it is at the beginning of the run; `args.NAME`; `ENTITY.EVENT`, the records of an event; or
`ENTITY.EVENT.FIELD`, the values of a field in them. In the end there must be one number. Means are over values, however
long each of them holds. Runs nothing.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.observation import series_of
from gsim_devs.observation.series import Reported
from gsim_devs.rules.syntax import ExpressionError, parse, refused
from gsim_devs.trace import BadLine, Record

from .by_value import Array, Series
from .measure_compiler import HINTS, A, Call, Compiler, Event, Run, Scope, Source

__all__ = ["compiled", "Measure", "Scope", "Array"]


@dataclass(frozen=True, slots=True)
class Measure:
    """An expression that is ready to be applied to simulations."""

    text: str
    observables: tuple[str, ...]
    """Those that it looks at."""
    variables: tuple[str, ...]
    """The caller's names in it."""
    needs_records: bool
    """Whether it looks at records, which steps of arrays do not tell."""
    _call: Call
    _contract: Contract
    _events: tuple[Event, ...]

    @property
    def is_known_before(self) -> bool:
        """Whether it is a number before anything is simulated."""
        return not self.observables and not self.needs_records

    def of_records(self, records: Iterable[Reported | Record | BadLine], scope: Scope) -> float:
        """Measure one run by what it reported."""
        held = tuple(records)
        seen: dict[Source, Series] = {}
        if self.observables:
            looked = {name: self._contract.observables[name] for name in self.observables}
            until = float(scope.arguments[self._contract.horizon.argument])
            found = series_of(held, self._contract.model_copy(update={"observables": looked}), until)
            seen |= {name: Series(one.values, one.times) for name, one in found.items()}
        seen |= _gathered(held, self._events)
        return float(self._value(seen, scope))

    def of_series(self, series: Array, names: Sequence[str], times: Sequence[float], scope: Scope) -> Array:
        """Measure runs by what their observables are at these times: (..., T, D) gives (...).

        One that is nan in all runs at a time has no value then.
        """
        at = np.asarray(times, dtype=np.float64)
        seen: dict[Source, Series] = {}
        for name in self.observables:
            values = series[..., names.index(name)]
            is_told = ~np.isnan(values).all(axis=tuple(range(values.ndim - 1)))
            seen[name] = Series(values, at) if is_told.all() else Series(values[..., is_told], at[is_told])
        return np.broadcast_to(self._value(seen, scope), series.shape[:-2])

    def known(self, scope: Scope) -> float:
        """Its value, where nothing needs to be simulated for it."""
        return float(self._value({}, scope))

    def _value(self, seen: Mapping[Source, Series], scope: Scope) -> Array:
        run = Run(seen, scope, self._contract.time.resolution / 2)
        with np.errstate(all="ignore"):
            value = self._call(run)
        assert not isinstance(value, Series | str)
        if not np.isfinite(value).all():
            why = run.doubts[0] if run.doubts else "the numbers are too large"
            raise UsageError(f"`{self.text}` is no finite number: {why}")
        return np.asarray(value, dtype=np.float64)


def compiled(
    text: str, contract: Contract, names: Iterable[str] = (), *, is_known_before: bool = False
) -> Measure:
    """Read an expression. Raises UsageError for what is none, and says why.

    Args:
        text: the expression.
        contract: of the simulator.
        names: of the caller's variables.
        is_known_before: whether it must be a number before anything is simulated.
    """
    try:
        tree = parse(text)
        compiler = Compiler(contract, tuple(names), is_known_before)
        part = compiler.part(tree)
        if part.kind != "number":
            raise refused(
                tree,
                f"`{ast.unparse(tree)}` is {A[part.kind]}; wanted is one number{HINTS.get(part.kind, '')}",
            )
    except ExpressionError as error:
        raise UsageError(f"`{text}`: {error}") from None
    return Measure(
        text,
        tuple(sorted(compiler.observables)),
        tuple(sorted(compiler.variables)),
        bool(compiler.events),
        part.call,
        contract,
        tuple(sorted(compiler.events)),
    )


def _gathered(records: Iterable[Any], events: Sequence[Event]) -> dict[Source, Series]:
    """The records of events, or a field of them."""
    found: dict[Event, tuple[list[float], list[Any]]] = {event: ([], []) for event in events}
    for record in records:
        if isinstance(record, BadLine):
            continue
        time, entity, event, payload = (
            (record.time, record.entity, record.event, record.payload)
            if isinstance(record, Record)
            else record[:4]
        )
        for (whose, what, name), (times, values) in found.items():
            if (whose, what) == (entity, event):
                times.append(time)
                values.append(payload.get(name) if name else 1.0)
    return {key: _series(times, values) for key, (times, values) in found.items()}


def _series(times: Sequence[float], values: Sequence[Any]) -> Series:
    has_texts = any(isinstance(value, str) for value in values)
    held = (
        np.array(values, dtype=object) if has_texts else np.array([*map(_number, values)], dtype=np.float64)
    )
    return Series(held, np.array(times, dtype=np.float64))


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan
