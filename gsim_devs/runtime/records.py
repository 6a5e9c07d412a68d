"""What a simulation reports: records to a stream of JSON lines, or kept in memory.

A record is (time, entity, event, payload). How it is printed is the contract's layout. Leaves out checking records
against the contract: that is done on the finished trace, by `gsim_devs.trace`.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import json
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import IO, Any, NamedTuple

from .clock import DEFAULT_TICKS_PER_UNIT
from .durations import SECONDS_PER_UNIT, text_of
from .errors import UsageError

ENVELOPE: dict[str, Any] = {
    "form": "lines",
    "keys": {"time": "time", "entity": "entity", "event": "event", "payload": "payload"},
    "flat": False,
}
_BATCH = 512
# A model may speak for ever new entities; how their records are printed is not remembered for ever.
_MOST_SHAPES = 10_000
_DETAILS = ("seq", "replication", "component")


class Record(NamedTuple):
    """One thing that a component reported."""

    time: float
    entity: str
    event: str
    payload: dict[str, Any]
    component: str


class Records:
    """Keeps records in memory."""

    def __init__(self, ticks_per_unit: int = DEFAULT_TICKS_PER_UNIT) -> None:
        self.all: list[Record] = []
        self._ticks_per_unit = ticks_per_unit

    def write(self, tick: int, entity: str, event: str, payload: dict[str, Any], component: str) -> None:
        for field, value in payload.items():
            if type(value) not in _TEXTS:
                # The component may go on to change a list that it has reported.
                payload[field] = copy.deepcopy(value)
        self.all.append(Record(tick / self._ticks_per_unit, entity, event, payload, component))


class TraceWriter:
    """Writes records to a binary stream, as the layout says; `close` ends a document and flushes.

    `guard` is entered while text is handed to the stream: whoever interrupts from outside can wait for its end.
    """

    def __init__(
        self,
        stream: IO[bytes],
        layout: dict[str, Any] | None = None,
        *,
        ticks_per_unit: int = DEFAULT_TICKS_PER_UNIT,
        unit: str = "s",
        detail: bool = False,
        guard: AbstractContextManager[object] | None = None,
    ) -> None:
        self._stream = stream
        self._guard = guard or nullcontext()
        self._layout = layout or ENVELOPE
        self._keys = {*self._layout["keys"], *(_DETAILS if detail else ())}
        if taken := [key for key in _DETAILS if detail and key in self._layout["keys"]]:
            raise UsageError(
                f"--detail adds {taken[0]} to each record, but the records have that key already"
            )
        self._ticks_per_unit = ticks_per_unit
        self._clocks = _clocks(self._layout, ticks_per_unit, unit)
        self._show = _together(self._clocks)
        self._detail = detail
        self.replication = 0
        self._seq = 0
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._lines: list[str] = []
        self._tick = -1
        self._times: tuple[str, ...] = ()
        self._document = self._layout["form"] == "document"
        self._first = True
        if self._document:
            self._lines.append(f"{{{_text(self._layout['records_key'])}: [\n")

    def write(self, tick: int, entity: str, event: str, payload: dict[str, Any], component: str) -> None:
        """Take one record; its text is made at once, so that later changes of a reported list do not show."""
        if tick != self._tick:
            self._tick = tick
            self._times = self._show(tick)
        key = (component, entity, event, *payload) if self._detail else (entity, event, *payload)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._shape(entity, event, list(payload), component)
        try:
            # Whole numbers are their own text; most other values have a short way.
            values: list[Any] = [v if type(v) is int else _TEXTS[type(v)](v) for v in payload.values()]
        except (KeyError, ValueError):
            values = _texts(event, payload)
        if self._detail:
            values = [self._seq, self.replication, *values]
            self._seq += 1
        slots = (*self._times, *values)
        line = shape.template % (shape.pick(slots) if shape.pick else slots)
        if self._document:
            line = line if self._first else ",\n" + line
            self._first = False
        lines = self._lines
        lines.append(line)
        if len(lines) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the stream, and let the stream hand it on."""
        with self._guard:
            lines, self._lines = self._lines, []
            self._stream.write("".join(lines).encode("ascii"))
            self._stream.flush()

    def close(self) -> None:
        """End the trace; the stream stays open."""
        if self._document:
            self._lines.append("\n]}\n")
            self._document = False
        self.flush()

    def _shape(self, entity: str, event: str, fields: list[str], component: str) -> _Shape:
        """Made once for all records with the same entity, event and fields."""
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.clear()
        known = {"entity": _text(entity), "event": _text(event)}
        first = len(self._clocks) + (2 if self._detail else 0)
        places = {field: first + number for number, field in enumerate(fields)}
        rest = self._rest(event, fields)
        pieces, used, clocks = [], [], 0
        for key, source in self._layout["keys"].items():
            if source == "time" or _is(source, "time"):
                pieces.append(f"{_literal(key)}: %s")
                used.append(clocks)
                clocks += 1
            elif source == "payload":
                inner = ", ".join(f"{_literal(field)}: %s" for field in rest)
                pieces.append(f"{_literal(key)}: {{{inner}}}")
                used += [places[field] for field in rest]
            elif _is(source, "field"):
                if source["field"] in places:
                    pieces.append(f"{_literal(key)}: %s")
                    used.append(places[source["field"]])
            elif _is(source, "constant"):
                pieces.append(f"{_literal(key)}: {_percent(json.dumps(source['constant']))}")
            else:
                pieces.append(f"{_literal(key)}: {_percent(known[source])}")
        if self._layout["flat"]:
            pieces += [f"{_literal(field)}: %s" for field in rest]
            used += [places[field] for field in rest]
        if self._detail:
            pieces.append(f'"seq": %s, "replication": %s, "component": {_percent(_text(component))}')
            used += [len(self._clocks), len(self._clocks) + 1]
        end = "" if self._document else "\n"
        return _Shape("{" + ", ".join(pieces) + "}" + end, _picker(used, first + len(fields)))

    def _rest(self, event: str, fields: list[str]) -> list[str]:
        """The fields that have no key of their own."""
        lifted = {source["field"] for source in self._layout["keys"].values() if _is(source, "field")}
        rest = [field for field in fields if field not in lifted]
        if self._layout["flat"] and (taken := self._keys.intersection(rest)):
            raise TypeError(f"field {min(taken)!r} of {event} has the name of a key of every record")
        return rest


def printed(event: str, field: str, value: Any) -> str:
    """A value of a record as JSON; says what is wrong with one that cannot be reported."""
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"field {field!r} of {event} cannot be reported: {error}") from None


class _Shape(NamedTuple):
    """How all records with the same entity, event and fields are printed."""

    template: str
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None
    """Brings the slots into the order of the template; none where they are."""


def _picker(used: list[int], count: int) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    if used == list(range(count)):
        return None
    if len(used) > 1:
        return itemgetter(*used)
    return lambda slots: tuple(slots[place] for place in used)


def _clocks(layout: dict[str, Any], ticks_per_unit: int, unit: str) -> list[Callable[[int], str]]:
    """For each key that shows the time: how."""
    return [
        _clock(source, ticks_per_unit, unit)
        for source in layout["keys"].values()
        if source == "time" or _is(source, "time")
    ]


def _together(clocks: list[Callable[[int], str]]) -> Callable[[int], tuple[str, ...]]:
    if len(clocks) == 1:
        only = clocks[0]
        return lambda tick: (only(tick),)
    return lambda tick: tuple([clock(tick) for clock in clocks])


def _clock(source: Any, ticks_per_unit: int, unit: str) -> Callable[[int], str]:
    if source == "time":
        return lambda tick: repr(tick / ticks_per_unit)
    form, shown_unit = source["time"], source.get("unit") or unit
    if form not in ("number", "integer"):
        per_tick = SECONDS_PER_UNIT[unit] / ticks_per_unit
        return lambda tick: _text(text_of(tick * per_tick, form))
    ratio = Fraction(1) if shown_unit == unit else SECONDS_PER_UNIT[unit] / SECONDS_PER_UNIT[shown_unit]
    up, down = (ratio / ticks_per_unit).as_integer_ratio()
    if form == "number":
        return lambda tick: repr(tick * up / down)
    return lambda tick: str(round(Fraction(tick * up, down)))


def _is(source: Any, kind: str) -> bool:
    return isinstance(source, dict) and kind in source


def _literal(key: str) -> str:
    return _percent(_text(key))


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _text(value: str) -> str:
    return encode_basestring_ascii(value)


def _finite(value: float) -> str:
    if value - value != 0.0:
        raise ValueError(f"{value!r} is not finite")
    return repr(value)


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: {True: "true", False: "false"}.__getitem__,
    int: repr,
    float: _finite,
    str: encode_basestring_ascii,
    type(None): lambda _: "null",
}


def _texts(event: str, payload: dict[str, Any]) -> list[str]:
    """The long way, for values of other types, and for saying what is wrong with one."""
    return [printed(event, field, value) for field, value in payload.items()]


def _plain(value: Any) -> Any:
    """A value that JSON knows, for one of the kinds that models use."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, deque):
        return list(value)
    # Numbers and arrays of numpy, which need not be there.
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value; report numbers, texts, lists or dicts")
