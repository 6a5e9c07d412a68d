"""What names mean in an expression: fields of records, arguments, accumulators. Knows nothing of syntax.

A compiled expression is a function of two things: the record at hand, and whatever else there is (the record that
triggered an obligation, or the accumulators of a fold). Names are resolved once, to look-ups in dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["number", "text", "bool", "list", "object", "none", "any"]
"""What sort of value an expression has, as far as is known before there is a trace."""

Function = Callable[[Any, Any], Any]
"""Of the record at hand and the other thing."""

MISSING: Any = object()
"""Stands for a value that is not known before the run."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a name stands for."""

    kind: Kind
    get: Function
    field: str | None = None
    """The payload field of the record at hand that it is, where it is one."""
    constant: Any = MISSING
    """Its value, where that is known."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A name that only means something with a dot and another name behind it; `value` where it does by itself."""

    members: Mapping[str, Value]
    what: str
    """For messages: what its members are."""
    value: Value | None = None


Scope = Mapping[str, Value | Namespace]

Fields = Mapping[str, Kind]
"""The payload fields of a record."""


def record_scope(fields: Fields) -> dict[str, Value | Namespace]:
    """The record at hand: its fields by their names, and `payload`, `time`, `entity`, `event`."""
    members = {name: _field(name, kind) for name, kind in fields.items()}
    return {
        **members,
        "time": Value("number", lambda record, other: record.time),
        "entity": Value("text", lambda record, other: record.entity),
        "event": Value("text", lambda record, other: record.event),
        "payload": Namespace(
            members, "fields of the payload", Value("object", lambda record, other: record.payload)
        ),
    }


def target_scope(fields: Fields) -> Namespace:
    """The record at hand under a name of its own: `target.x`."""
    scope = record_scope(fields)
    return Namespace({name: v for name, v in scope.items() if isinstance(v, Value)}, "fields of the record")


def trigger_scope(fields: Fields) -> Namespace:
    """The other record: `trigger.x`."""
    members = {name: _other_field(name, kind) for name, kind in fields.items()}
    members["time"] = Value("number", lambda record, other: other.time)
    members["entity"] = Value("text", lambda record, other: other.entity)
    members["event"] = Value("text", lambda record, other: other.event)
    return Namespace(members, "fields of the record")


def accumulator_scope(kinds: Fields) -> dict[str, Value | Namespace]:
    """The other thing is a dictionary of values by name."""
    return {name: _accumulator(name, kind) for name, kind in kinds.items()}


def argument_scope(kinds: Fields, values: Mapping[str, Any] | None) -> Namespace:
    """`args.x`; before a run is known there are no values."""
    return Namespace(
        {name: constant(kind, MISSING if values is None else values[name]) for name, kind in kinds.items()},
        "arguments of the contract",
    )


def constant(kind: Kind, value: Any) -> Value:
    """A name whose value does not depend on the record."""
    return Value(kind, lambda record, other: value, constant=value)


def kind_of_schema(schema: Any) -> Kind:
    """What a JSON Schema says about the sort of a value."""
    if not isinstance(schema, dict):
        return "any"
    if "enum" in schema or "const" in schema:
        kinds = {kind_of_value(value) for value in schema.get("enum", [schema.get("const")])}
    else:
        types = schema.get("type", "any")
        kinds = {_BY_TYPE.get(name, "any") for name in ([types] if isinstance(types, str) else types)}
    return kinds.pop() if len(kinds) == 1 else "any"


def kind_of_value(value: Any) -> Kind:
    """What sort of value this is."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "object" if isinstance(value, dict) else "list"


_BY_TYPE: dict[str, Kind] = {
    "integer": "number",
    "number": "number",
    "string": "text",
    "boolean": "bool",
    "array": "list",
    "object": "object",
    "null": "none",
}


def _field(name: str, kind: Kind) -> Value:
    return Value(kind, lambda record, other: record.payload[name], field=name)


def _other_field(name: str, kind: Kind) -> Value:
    return Value(kind, lambda record, other: other.payload[name])


def _accumulator(name: str, kind: Kind) -> Value:
    return Value(kind, lambda record, other: other[name])
