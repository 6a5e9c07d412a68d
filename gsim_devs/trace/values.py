"""JSON Schemas of single values, compiled once into functions that say what is wrong with a value.

The usual keywords are handled here, in the order of `_KEYWORDS`; a schema that has any other is left to jsonschema.
Stricter than JSON Schema in one thing: a number written with a fraction or an exponent (1.0, 1e2) is no integer, and
equals an integer of `const` or `enum` only where the type is `number`. Infinity, which JSON writes as 1e999, fits no
schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .wording import listed, shown

Schema = Mapping[str, Any] | bool


class Fault(NamedTuple):
    """What is wrong with a value, or with a part of it."""

    path: str
    """Of the part: `.key` or `[index]`, several or none."""
    text: str
    """Goes on after the name of the field: `is 2; it must be 0 or 1`."""


Check = Callable[[Any], Fault | None]

ANNOTATIONS = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
        "format",
    )
)
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "integer": ((int,), "an integer"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "string": ((str,), "a text"),
    "null": ((type(None),), "null"),
    "array": ((list,), "a list"),
    "object": ((dict,), "an object"),
}
NUMBERS = (int, float)


def check_of(schema: Schema) -> Check:
    """A function that finds what is wrong with a value; None where it fits."""
    return _in_turn([infinite, *_parts(schema)])


def same(found: Any, wanted: Any, lax: bool = False) -> bool:
    """Whether two values are equal; 1.0 is not 1, unless lax, and true never is."""
    if type(wanted) is int and not lax:
        return type(found) is int and found == wanted
    if type(wanted) in NUMBERS:
        return type(found) in NUMBERS and bool(found == wanted)
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    return bool(found == wanted)


def infinite(value: Any) -> Fault | None:
    """Where a value is, or holds, a number that is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return Fault("", "is not finite")
    parts: Iterator[tuple[str, Any]]
    if isinstance(value, dict):
        parts = ((f".{key}", part) for key, part in value.items())
    elif isinstance(value, list):
        parts = ((f"[{index}]", part) for index, part in enumerate(value))
    else:
        return None
    return next(
        (Fault(path + fault.path, fault.text) for path, part in parts if (fault := infinite(part))), None
    )


def _parts(schema: Schema) -> list[Check]:
    if isinstance(schema, bool):
        return [] if schema else [lambda value: Fault("", f"is {shown(value)}; nothing is allowed here")]
    if not set(schema) - ANNOTATIONS <= _KEYWORDS.keys():
        return [_by_jsonschema(schema)]
    # Several keywords may be one function's.
    makers = dict.fromkeys(make for keyword, make in _KEYWORDS.items() if keyword in schema)
    return [make(schema) for make in makers]


def _in_turn(checks: list[Check]) -> Check:
    def check(value: Any) -> Fault | None:
        for one in checks:
            if (fault := one(value)) is not None:
                return fault
        return None

    return check


def _type(schema: Mapping[str, Any]) -> Check:
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    types = {kind for name in names for kind in _TYPES[name][0]}
    words = " or ".join(_TYPES[name][1] for name in names)

    def check(value: Any) -> Fault | None:
        if type(value) in types:
            return None
        hint = ", written without a fraction" if type(value) is float and value.is_integer() else ""
        return Fault("", f"is {shown(value)}; it must be {words}{hint}")

    return check


def _const(schema: Mapping[str, Any]) -> Check:
    return _among((schema["const"],), is_lax(schema))


def _enum(schema: Mapping[str, Any]) -> Check:
    return _among(tuple(schema["enum"]), is_lax(schema))


def is_lax(schema: Mapping[str, Any]) -> bool:
    """Whether 1.0 may stand where `const` or `enum` say 1."""
    declared = schema.get("type", ())
    return declared == "number" or (not isinstance(declared, str) and "number" in declared)


def _among(allowed: tuple[Any, ...], lax: bool) -> Check:
    words = listed(allowed, "or")

    def check(value: Any) -> Fault | None:
        if any(same(value, wanted, lax) for wanted in allowed):
            return None
        return Fault("", f"is {shown(value)}; it must be {words}")

    return check


def _limit(
    keyword: str, words: str, keeps: Callable[[Any, Any], bool]
) -> Callable[[Mapping[str, Any]], Check]:
    def make(schema: Mapping[str, Any]) -> Check:
        bound = schema[keyword]

        def check(value: Any) -> Fault | None:
            if type(value) not in NUMBERS or keeps(value, bound):
                return None
            return Fault("", f"is {shown(value)}; it must be {words} {bound}")

        return check

    return make


def _length(
    keyword: str, kind: type, words: str, keeps: Callable[[Any, Any], bool]
) -> Callable[[Mapping[str, Any]], Check]:
    def make(schema: Mapping[str, Any]) -> Check:
        bound = schema[keyword]

        def check(value: Any) -> Fault | None:
            if not isinstance(value, kind) or keeps(len(value), bound):  # type: ignore[arg-type]
                return None
            return Fault("", f"is {shown(value)}; it must have {words % bound}")

        return check

    return make


def _pattern(schema: Mapping[str, Any]) -> Check:
    found = re.compile(schema["pattern"]).search

    def check(value: Any) -> Fault | None:
        if not isinstance(value, str) or found(value):
            return None
        return Fault("", f"is {shown(value)}; it must match {schema['pattern']}")

    return check


def _items(schema: Mapping[str, Any]) -> Check:
    inner = _in_turn(_parts(schema["items"]))

    def check(value: Any) -> Fault | None:
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if fault := inner(item):
                return Fault(f"[{index}]{fault.path}", fault.text)
        return None

    return check


def _members(schema: Mapping[str, Any]) -> Check:
    """`properties`, `required` and `additionalProperties`, which know of each other."""
    declared = {key: _in_turn(_parts(part)) for key, part in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    others = schema.get("additionalProperties", True)
    other = _in_turn(_parts(others))

    def check(value: Any) -> Fault | None:
        if not isinstance(value, dict):
            return None
        if fault := keys_fault(value, required, () if others is not False else declared, others is False):
            return fault
        for key, part in value.items():
            if fault := declared.get(key, other)(part):
                return Fault(f".{key}{fault.path}", fault.text)
        return None

    return check


def keys_fault(found: Mapping[str, Any], required: Any, declared: Any, closed: bool = True) -> Fault | None:
    """What is wrong with the keys of an object: some are missing, or some are not declared."""
    if missing := [key for key in required if key not in found]:
        return Fault("", f"lacks {listed(missing)}")
    if closed and (surplus := [key for key in found if key not in declared]):
        return Fault("", f"has {listed(surplus)} too much; its keys are {listed(declared)}")
    return None


def _by_jsonschema(schema: Mapping[str, Any]) -> Check:
    # Imported only where a schema needs it: that takes a quarter of a second.
    from jsonschema import Draft202012Validator, ValidationError, validators

    def wrong_const(_: Any, wanted: Any, value: Any, part: Mapping[str, Any]) -> Iterator[ValidationError]:
        if not same(value, wanted, is_lax(part)):
            yield ValidationError(f"it must be {shown(wanted)}")

    def wrong_enum(_: Any, allowed: Any, value: Any, part: Mapping[str, Any]) -> Iterator[ValidationError]:
        if not any(same(value, wanted, is_lax(part)) for wanted in allowed):
            yield ValidationError(f"it must be {listed(allowed, 'or')}")

    strict = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        validators={"const": wrong_const, "enum": wrong_enum},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
            "integer", lambda _, value: type(value) is int
        ),
    )
    validator = strict(schema)

    def check(value: Any) -> Fault | None:
        error = next(validator.iter_errors(value), None)
        if error is None:
            return None
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        return Fault(path, f"does not fit its schema: {error.message[:200]}")

    return check


_KEYWORDS: dict[str, Callable[[Mapping[str, Any]], Check]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _limit("minimum", "at least", lambda value, bound: value >= bound),
    "exclusiveMinimum": _limit("exclusiveMinimum", "greater than", lambda value, bound: value > bound),
    "maximum": _limit("maximum", "at most", lambda value, bound: value <= bound),
    "exclusiveMaximum": _limit("exclusiveMaximum", "less than", lambda value, bound: value < bound),
    "minLength": _length("minLength", str, "at least %s characters", lambda value, bound: value >= bound),
    "maxLength": _length("maxLength", str, "at most %s characters", lambda value, bound: value <= bound),
    "pattern": _pattern,
    "minItems": _length("minItems", list, "at least %s items", lambda value, bound: value >= bound),
    "maxItems": _length("maxItems", list, "at most %s items", lambda value, bound: value <= bound),
    "items": _items,
    "properties": _members,
    "required": _members,
    "additionalProperties": _members,
}
