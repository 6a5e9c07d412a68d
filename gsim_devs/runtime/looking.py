"""Follow some numbers while simulations run, instead of keeping what they report.

A number is the latest value of a field of an event's records, or their count so far; it is looked at at given times.
Whatever is reported is checked as if it were printed, so that a run that could not be printed fails here too. Takes the
records of one simulation, or of many that go together (`together`).
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from .many import Many, part
from .records import printed

_FEW = 1000
"""Names that are remembered for having been checked."""


class Watch(NamedTuple):
    """A number to follow."""

    event: str
    entity: str | None
    """Whose records; anybody's where it is none."""
    field: str | None
    """The records are counted where it is none."""


class Looks:
    """A sink for one run: a row for each time at which it is looked at, in it each watched number."""

    def __init__(
        self, watches: Sequence[Watch], times: Sequence[float], slack: float, ticks_per_unit: int
    ) -> None:
        """Look at ascending times; what happens up to `slack` later has happened."""
        self._by_event: dict[str, list[tuple[str | None, str | None, int]]] = {}
        for column, (event, entity, field) in enumerate(watches):
            self._by_event.setdefault(event, []).append((entity, field, column))
        self._latest: list[Any] = [0 if watch.field is None else math.nan for watch in watches]
        self._limits = [time + slack for time in times]
        self._ticks_per_unit = ticks_per_unit
        self._rows: list[list[Any]] = []
        self._tick = -1
        self._known: set[tuple[str, str]] = set()

    def write(self, tick: int, entity: str, event: str, payload: dict[str, Any], component: str) -> None:
        """Take a record."""
        if tick != self._tick:
            self._tick = tick
            self._look(tick / self._ticks_per_unit)
        if (event, entity) not in self._known:
            self._check_names(event, entity)
        for field, value in payload.items():
            if type(value) is not int:
                payload[field] = _number_or_text(event, field, value)
        for wanted, told, column in self._by_event.get(event, ()):
            if wanted is None or wanted == entity:
                self._latest[column] = self._latest[column] + 1 if told is None else payload.get(told)

    def each(self, count: int) -> list[bytes]:
        """All rows, one after the other, of each of so many simulations: floats of 64 bits."""
        self._look(math.inf)
        cells = [value for row in self._rows for value in row]
        if count == 1:
            return [array("d", map(_number, cells)).tobytes()]
        together = array("d", bytes(8 * count * len(cells)))
        for place, cell in enumerate(cells):
            together[place :: len(cells)] = (
                _floats(cell.each) if type(cell) is Many else array("d", [_number(cell)]) * count
            )
        told, width = together.tobytes(), 8 * len(cells)
        return [told[begin : begin + width] for begin in range(0, len(told), width)]

    def _look(self, time: float) -> None:
        """Write down what was seen at all looks before a time."""
        while len(self._rows) < len(self._limits) and self._limits[len(self._rows)] < time:
            self._rows.append(self._latest.copy())

    def _check_names(self, event: str, entity: str) -> None:
        if len(self._known) > _FEW:
            self._known.clear()
        json.encoder.encode_basestring_ascii(event)
        json.encoder.encode_basestring_ascii(entity)
        self._known.add((event, entity))


def _number_or_text(event: str, field: str, value: Any) -> Any:
    """A value as it would be read from a trace."""
    kind = type(value)
    if kind is Many:
        kinds = set(map(type, value.each))
        if not kinds <= {int, float, bool}:
            part(list(map(type, value.each)))
        if float in kinds and not all(map(_is_finite, value.each)):
            part(list(map(_is_finite, value.each)))
        return value
    if kind is str or kind is bool or value is None or (kind is float and value - value == 0.0):
        return value
    return json.loads(printed(event, field, value))


def _is_finite(value: Any) -> bool:
    return type(value) is not float or math.isfinite(value)


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _floats(values: list[Any]) -> array[float]:
    try:
        return array("d", values)
    except OverflowError:
        return array("d", map(_number, values))
