"""Whether events are told apart and their payloads described by JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..declaration import Defect

if TYPE_CHECKING:
    from ..contract import Contract
from ..sentences import meant, one_of

_TYPES = ["integer", "number", "string", "boolean", "array", "object", "null"]
_REFERENCES = ("$ref", "$dynamicRef", "$id", "$anchor", "$dynamicAnchor", "$defs", "$schema", "definitions")


def event_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the declarations of events."""
    yield from _repeated(contract)
    for index, kind in enumerate(contract.events):
        for position, field in enumerate(kind.optional):
            if field not in kind.payload:
                yield Defect(("events", index, "optional", position), f"{field!r} is not in the payload")
        for field, schema in kind.payload.items():
            place = ("events", index, "payload", field)
            if field == "entity":
                yield Defect(place, "emit(…, entity=…) names who speaks; a payload field needs another name")
            yield from _schema(place, schema)


def _repeated(contract: Contract) -> Iterator[Defect]:
    first: dict[tuple[str, str], int] = {}
    for index, kind in enumerate(contract.events):
        for entity in kind.entities:
            if (entity, kind.event) in first:
                text = (
                    f"{kind.event!r} of {entity!r} is declared already in events[{first[entity, kind.event]}]"
                )
                yield Defect(("events", index), text)
            first.setdefault((entity, kind.event), index)


def _schema(place: tuple[str | int, ...], schema: Any) -> Iterator[Defect]:
    # Imported only where a contract is read: it costs more than the rest of this package.
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)), None)
    if error is not None:
        wrong = (*place, *error.absolute_path)
        yield Defect(
            wrong, _no_type(error.instance) if wrong[-1] == "type" else f"not a JSON Schema: {error.message}"
        )
    elif key := _reference(schema):
        yield Defect(place, f"{key} is not allowed; write the schema out")


def _no_type(found: Any) -> str:
    wrong = next((name for name in found if name not in _TYPES), None) if isinstance(found, list) else found
    return f"not a JSON Schema: the type is {found!r}; allowed is {one_of(_TYPES)}{meant(wrong, _TYPES)}"


def _reference(schema: Any) -> str | None:
    """The first reference in a schema; those would point elsewhere once it is part of the schema of a trace."""
    if isinstance(schema, dict):
        own = next((key for key in _REFERENCES if key in schema), None)
        return own or next((found for value in schema.values() if (found := _reference(value))), None)
    if isinstance(schema, list):
        return next((found for item in schema if (found := _reference(item))), None)
    return None
