"""What a measure's functions and signs do with numbers and series. Reads no text and no trace.

A number is an array with a place for each of several runs, a series has times on a last axis. nan is a value that is
none, and whatever depends on it is none too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values (..., T) at times (T,)."""

    values: Any
    times: Array


def _holds(test: Any, *values: Any) -> Array:
    """1 where a test holds, 0 where not, nan where a value is none."""
    unknown = np.isnan(values[0])
    for value in values[1:]:
        unknown = unknown | np.isnan(value)
    return np.where(unknown, np.nan, test)


def both(*values: Any) -> Any:
    """From the left to the right, as far as needed to know."""
    *before, last = values
    found = _holds(last != 0, last)
    for value in reversed(before):
        found = _holds(np.where(value != 0, found, 0.0), value)
    return found


def either(*values: Any) -> Any:
    """From the left to the right, as far as needed to know."""
    *before, last = values
    found = _holds(last != 0, last)
    for value in reversed(before):
        found = _holds(np.where(value != 0, 1.0, found), value)
    return found


def chosen(test: Any, yes: Any, no: Any) -> Any:
    """One value or another by a test."""
    return _holds(np.where(test != 0, yes, no), test)


def _divided(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.divide(a, b))


def _floored(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.floor_divide(a, b))


def _remainder(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.mod(a, b))


def _greatest(*values: Any) -> Any:
    found = values[0]
    for value in values[1:]:
        found = np.maximum(found, value)
    return found


def _least(*values: Any) -> Any:
    found = values[0]
    for value in values[1:]:
        found = np.minimum(found, value)
    return found


DIVISIONS = (_divided, _floored, _remainder)
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divided,
    ast.FloorDiv: _floored,
    ast.Mod: _remainder,
    ast.Pow: np.float_power,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Not: lambda value: _holds(value == 0, value),
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: _holds(a == b, a, b),
    ast.NotEq: lambda a, b: _holds(a != b, a, b),
    ast.Lt: lambda a, b: _holds(a < b, a, b),
    ast.LtE: lambda a, b: _holds(a <= b, a, b),
    ast.Gt: lambda a, b: _holds(a > b, a, b),
    ast.GtE: lambda a, b: _holds(a >= b, a, b),
}
BY_VALUE: dict[str, tuple[Callable[..., Any], int]] = {
    "max": (_greatest, 2),
    "min": (_least, 2),
    "abs": (np.abs, 1),
    "floor": (np.floor, 1),
    "ceil": (np.ceil, 1),
    "round": (np.round, 1),
    "sqrt": (np.sqrt, 1),
}
"""Functions that go value by value, and how many arguments they take at least; those of one take no more."""
REDUCTIONS: dict[str, Callable[[Series], Any]] = {
    "sum": lambda series: series.values.sum(axis=-1),
    "mean": lambda series: series.values.mean(axis=-1),
    "max": lambda series: series.values.max(axis=-1),
    "min": lambda series: series.values.min(axis=-1),
    "first": lambda series: series.values[..., 0],
    "last": lambda series: series.values[..., -1],
    "time_of_max": lambda series: _time_of(np.argmax, series),
    "time_of_min": lambda series: _time_of(np.argmin, series),
    "time": lambda series: Series(np.broadcast_to(series.times, series.values.shape), series.times),
}
"""Functions of a whole series."""
FUNCTIONS = ("count", *REDUCTIONS, *(name for name in BY_VALUE if name not in REDUCTIONS))


def _time_of(place: Callable[..., Any], series: Series) -> Array:
    """The first time of the extreme; nan where the series is not known."""
    found = series.times[place(series.values, axis=-1)]
    return np.where(np.isnan(series.values).any(axis=-1), np.nan, found)
