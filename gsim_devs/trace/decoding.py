"""One line, understood quickly: msgspec decodes it straight into the types that the contract declares.

Only for sound records. Whatever is unusual about a line is left to `explaining`, which says what is wrong with it, or
that nothing is. Two decodings, because entity and event together say what the payload is: first the record with the
payload left as it stands, then the payload.

msgspec passes over keys that it does not know, and over keys that stand there twice. Each key of an object is followed
by a colon. So if a line holds as many colons as the record has keys, it has no others: counting them finds both, and
costs a tenth of looking. Colons within texts make a closer count necessary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

from .form import DETAIL, Form, Kind
from .jsontext import members_in, members_of
from .records import Record
from .values import ANNOTATIONS, Schema, is_lax

Decode = Callable[[bytes, int], Record | None]

_UNUSUAL = (msgspec.MsgspecError, KeyError, ValueError, OverflowError, RecursionError)
_BOUNDS = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"}
_LARGEST_BOUND = 2**62
# msgspec takes no such names.
_NEVER_IN_NAMES = '"\\'


Finish = Callable[[Any, dict[str, Any], float], int]
"""Completes a payload from the head of its record and counts the keys within its fields; or _UnsoundError."""


class _UnsoundError(ValueError):
    """Something is wrong, or unusual."""


def decoder(form: Form) -> Decode:
    """A function that makes a record of a line and its number; None where it is not plain that there is one."""
    if any(character in _NEVER_IN_NAMES or character < " " for key in form.keys for character in key):
        return lambda line, number: None
    time_of = form.clocks[0].time_of
    head_type, names = _head(form)
    decode_head = msgspec.json.Decoder(head_type).decode
    payloads: dict[str, dict[str, tuple[Any, Finish | None]]] = {entity: {} for entity in form.entities}
    for kind in form.kinds.values():
        payloads[kind.entity][kind.event] = _payload_decoder(kind), _finish(form, kind, names)
    flat = form.flat
    own_keys = len(form.keys)
    colons = sum(clock.colons for clock in form.clocks)

    def decode(line: bytes, number: int) -> Record | None:
        try:
            head: Any = decode_head(line)
            decode_payload, finish = payloads[head.entity][head.event]
            payload = decode_payload(line if flat else head.payload)
            time = head.time if time_of is None else time_of(head.time)
            members = own_keys + len(payload)
            if head.component is not None:
                members += 1 + (head.seq is not None) + (head.replication is not None)
            if finish is not None:
                members += finish(head, payload, time)
            if line.count(b":") != members + colons and members_in(line) != members:
                return None
        except _UNUSUAL:
            return None
        return Record(
            time, head.entity, head.event, payload, number, head.component, head.replication, head.seq
        )

    return decode


def _head(form: Form) -> tuple[type[msgspec.Struct], dict[str, str]]:
    """The type of a record as printed, its payload left as it stands; and its attributes by printed keys.

    What the layout does not print has a default, under a name that no key has.
    """
    first, *others = form.clocks
    attributes: list[tuple[str, Any, str | None, Any]] = [
        ("time", first.hint, first.key, ...),
        ("entity", Literal[tuple(form.entities)], form.entity_key, form.entities[0]),
        ("event", Literal[tuple(form.events)], form.event_key, form.events[0]),
        ("payload", msgspec.Raw, form.payload_key, msgspec.Raw(b"{}")),
    ]
    attributes += [(f"clock_{number}", clock.hint, clock.key, ...) for number, clock in enumerate(others)]
    attributes += [
        (f"field_{number}", _lifted_hint(form, key)[0], key, ...) for number, key in enumerate(form.lifted)
    ]
    attributes += [(f"constant_{number}", Any, key, ...) for number, key in enumerate(form.constants)]
    fields = [field for kind in form.kinds.values() for field in kind.fields] if form.flat else []
    # A detailed trace of a contract that has a use of its own for these keys is not read quickly.
    is_free = DETAIL.keys().isdisjoint((*form.keys, *fields))
    attributes += [
        (name, _hint(schema)[0], name if is_free else None, None) for name, schema in DETAIL.items()
    ]
    unused = "-" * (1 + max(map(len, (*form.keys, *fields))))
    head = msgspec.defstruct(
        "Head",
        [
            (name, hint) if default is ... or (key and default is not None) else (name, hint, default)
            for name, hint, key, default in attributes
        ],
        rename={name: unused + name if key is None else key for name, _, key, _ in attributes},
        kw_only=True,
    )
    return head, {key: name for name, _, key, _ in attributes if key is not None}


def _lifted_hint(form: Form, key: str) -> tuple[Any, bool]:
    """As `_hint`, where all kinds say the same about a field; else nothing is known before the kind is."""
    schemas = [kind.schemas[form.lifted[key]] for kind in form.kinds.values()]
    return _hint(schemas[0]) if all(schema == schemas[0] for schema in schemas) else (Any, False)


def _payload_decoder(kind: Kind) -> Callable[[Any], Any]:
    hints = {field: _hint(kind.schemas[field])[0] for field in kind.fields}
    # Made here and now, as many as the contract has kinds: there is nothing for a type checker to know.
    payload_type: Any = TypedDict(  # type: ignore[misc]
        "Payload",
        {field: hint if field in kind.required else NotRequired[hint] for field, hint in hints.items()},
    )
    return msgspec.json.Decoder(payload_type).decode


def _finish(form: Form, kind: Kind, names: Mapping[str, str]) -> Finish | None:
    """What is left to do for the records of a kind; None where their types say everything."""
    hints = {field: _hint(kind.schemas[field]) for field in kind.fields}
    hints |= {field: _lifted_hint(form, key) for key, field in form.lifted.items()}
    checks = [(field, kind.checks[field]) for field, (_, says_all) in hints.items() if not says_all]
    # They may hold objects.
    deep = [field for field in hints if not _is_flat(kind.schemas[field])]
    lifted = [(names[key], field) for key, field in form.lifted.items()]
    constants = [(names[key], check) for key, check in form.constants.items()]
    clocks = [(names[clock.key], clock) for clock in form.clocks[1:]]
    if not (checks or deep or lifted or constants or clocks):
        return None

    def finish(head: Any, payload: dict[str, Any], time: float) -> int:
        for name, field in lifted:
            payload[field] = getattr(head, name)
        for field, check in checks:
            if field in payload and check(payload[field]) is not None:
                raise _UnsoundError
        for name, check in constants:
            if check(getattr(head, name)) is not None:
                raise _UnsoundError
        for name, clock in clocks:
            printed = getattr(head, name)
            if (clock.check(printed) or clock.disagreement(printed, time)) is not None:
                raise _UnsoundError
        return sum([members_of(payload.get(field)) for field in deep]) if deep else 0

    return finish


def _is_flat(schema: Schema) -> bool:
    """Whether what fits a schema holds no objects, as far as is plain to see."""
    if isinstance(schema, bool):
        return not schema
    kinds = schema.get("type", "object")
    allowed = schema.get("enum", [schema.get("const", {})])
    return {"object", "array"}.isdisjoint([kinds] if isinstance(kinds, str) else kinds) or not any(
        isinstance(value, dict | list) for value in allowed
    )


def _hint(schema: Schema) -> tuple[Any, bool]:
    """The narrowest type that admits all values that a schema does, and whether it admits no others."""
    if isinstance(schema, bool):
        return Any, schema
    keywords = set(schema) - ANNOTATIONS
    if not keywords:
        return Any, True
    if keywords & {"const", "enum"}:
        return _choice(schema, keywords)
    match schema.get("type"):
        case "integer" | "number" as kind:
            return _number(kind, schema, keywords)
        case "boolean":
            return bool, keywords == {"type"}
        case "string":
            return str, keywords == {"type"}
    return Any, False


def _choice(schema: Mapping[str, Any], keywords: set[str]) -> tuple[Any, bool]:
    allowed = schema["enum"] if "enum" in schema else [schema["const"]]
    if is_lax(schema) and schema["type"] == "number":
        return int | float, False
    if not allowed or is_lax(schema) or not all(type(value) is str or _is_small(value) for value in allowed):
        return Any, False
    return Literal[tuple(allowed)], keywords in ({"enum"}, {"const"})


def _number(kind: str, schema: Mapping[str, Any], keywords: set[str]) -> tuple[Any, bool]:
    bounds = {_BOUNDS[keyword]: schema[keyword] for keyword in keywords & _BOUNDS.keys()}
    if bounds and (
        not all(map(_is_small, bounds.values()))
        or {"ge", "gt"} <= bounds.keys()
        or {"le", "lt"} <= bounds.keys()
    ):
        return (int if kind == "integer" else int | float), False
    meta = msgspec.Meta(**bounds)
    whole: Any = Annotated[int, meta]
    return (whole if kind == "integer" else whole | Annotated[float, meta]), keywords <= {"type", *_BOUNDS}


def _is_small(value: Any) -> bool:
    """Whether msgspec can compare with it."""
    return type(value) is int and abs(value) < _LARGEST_BOUND
