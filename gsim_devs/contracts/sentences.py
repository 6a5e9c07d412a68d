"""pydantic's errors as sentences: which file and line, which key, what was found, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from .declaration import IDENTIFIER, Disagreement, dotted
from .documents import Document, Place
from .names import identifier_defect


def sentences_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[str]:
    """One sentence for each thing that is wrong, in the order of the file's keys."""
    found: dict[Place, list[str]] = {}
    items = [*error.errors(include_url=False)]
    for item in items:
        if _is_told_deeper(item, items, model):
            continue
        for place, text in _findings(item, model, document.data):
            found.setdefault(place, []).append(text)
    return [
        f"{document.where(place)}:{f' {dotted(place)}:' if place else ''} {text}"
        for place, texts in found.items()
        for text in _merged(texts)
    ]


def nearest(word: str, known: list[str]) -> str:
    """` (did you mean 'x'?)` where there is a word like it."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def one_of(words: list[str]) -> str:
    """`a, b or c`."""
    return _listed(words, " or ")


def all_of(words: list[str]) -> str:
    """`a, b and c`."""
    return _listed(words, " and ")


def _listed(words: list[str], last: str) -> str:
    return last.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def meant(word: object, allowed: list[str]) -> str:
    """`nearest`, which also knows what other languages call the same."""
    also = next((name for name in _ALSO_CALLED.get(str(word), ()) if name in allowed), None)
    return f" (did you mean {also!r}?)" if also else nearest(str(word), allowed)


def _merged(texts: list[str]) -> list[str]:
    """One sentence where a value fits no member of a union: `found -2; it should … or should …`."""
    alternatives: dict[str, list[str]] = {}
    for text in texts:
        found, should, rest = text.partition("; it ")
        alternatives.setdefault(found + should, []).append(rest)
    return [found + _either(list(dict.fromkeys(rest))) for found, rest in alternatives.items()]


def _either(rest: list[str]) -> str:
    kinds = [text.removeprefix("should be ") for text in rest if text.startswith("should be ")]
    if len(kinds) < max(len(rest), 2):
        return " or ".join(rest)
    if "a number" in kinds and "a whole number" in kinds:
        kinds.remove("a whole number")
    if "true or false" in kinds:
        kinds = [kind for kind in kinds if kind != "true or false"] + ["true", "false"]
    return f"should be {one_of(kinds)}"


def _is_told_deeper(item: Any, items: list[Any], model: type[BaseModel]) -> bool:
    """Whether a mapping is no text where the member of the union that it is meant to be has errors of its own."""
    place = item["loc"][:-1]
    return (
        item["type"].endswith("_type")
        and isinstance(item["input"], dict | list)
        and _members(model, item["loc"])[-1:] == [True]
        and any(one["loc"][: len(place)] == place and len(one["loc"]) > len(item["loc"]) for one in items)
    )


def _findings(item: Any, model: type[BaseModel], data: Any) -> Iterator[tuple[Place, str]]:
    if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
        return  # It counts only the sound items; the others have sentences of their own.
    place = _place_in_data(model, item["loc"], item["type"], data)
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, Disagreement):
        for inner, text in cause.defects:
            yield (*place, *inner), text
    else:
        yield place, _sentence(item, model, place)


def _sentence(item: Any, model: type[BaseModel], place: Place) -> str:
    kind, found = item["type"], _shown(item["input"])
    if kind in _SPECIAL:
        return _SPECIAL[kind](item, model, place)
    if kind in ("source", "binding", "key"):
        return f"found {found}; {item['msg']}"
    return f"found {found}; it {_lower(item['msg'])}"


def _extra(item: Any, model: type[BaseModel], place: Place) -> str:
    known = sorted(_keys_allowed(model, item["loc"][:-1]))
    near = nearest(str(place[-1]), known)
    return f"unknown key {str(place[-1])!r}{near or '; known keys are ' + all_of(known)}"


def _tag(item: Any, model: type[BaseModel], place: Place) -> str:
    allowed = [tag.strip("'") for tag in item["ctx"]["expected_tags"].split(", ")]
    key, tag = item["ctx"]["discriminator"].strip("'"), item["ctx"]["tag"]
    return f"{key} is {tag!r}; allowed is {one_of(allowed)}{meant(tag, allowed)}"


def _no_tag(item: Any, model: type[BaseModel], place: Place) -> str:
    key = item["ctx"]["discriminator"].strip("'")
    return f"{key} is missing; allowed is {one_of(_tags_allowed(model, item['loc'], key))}"


def _literal(item: Any, model: type[BaseModel], place: Place) -> str:
    expected = item["ctx"]["expected"]
    near = meant(item["input"], re.findall(r"'([^']*)'", expected))
    return f"found {_shown(item['input'])}; allowed is {expected}{near}"


def _no_mapping(item: Any, model: type[BaseModel], place: Place) -> str:
    needed = [schema.get("required", []) for schema in _schemas_at(model, item["loc"])]
    keys = f" with {all_of(needed[0])}" if len(needed) == 1 and needed[0] else ""
    return f"found {_shown(item['input'])}; it should be a mapping{keys}"


def _pattern(item: Any, model: type[BaseModel], place: Place) -> str:
    text, pattern = item["input"], item["ctx"]["pattern"]
    if pattern == IDENTIFIER:
        return f"found {_shown(text)}; it {identifier_defect(text)}"
    written = [
        example
        for schema in _schemas_at(model, item["loc"])
        if schema.get("pattern") == pattern
        for example in schema.get("examples", ())
    ]
    wanted = f"written {one_of(written)}" if written else f"text that matches {pattern}"
    return f"found {_shown(text)}; it should be {wanted}"


def _binding(item: Any, model: type[BaseModel], place: Place) -> str:
    if not isinstance(item["input"], str):
        return f"found {_shown(item['input'])}; {item['msg']}"
    return f"found {_shown(item['input'])}; write {{argument: {item['input']}}}, or {{value: …}} for a fixed value"


_SPECIAL: dict[str, Callable[[Any, type[BaseModel], Place], str]] = {
    "extra_forbidden": _extra,
    "json_invalid": lambda item, model, place: f"cannot be read: {item['ctx']['error']}",
    "missing": lambda item, model, place: "missing; it must be given",
    "union_tag_invalid": _tag,
    "union_tag_not_found": _no_tag,
    "literal_error": _literal,
    "model_type": _no_mapping,
    "string_pattern_mismatch": _pattern,
    "binding": _binding,
}
"""The errors of pydantic that say more in other words."""

_ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "int": ("integer",),
    "float": ("number", "real"),
    "double": ("number", "real"),
    "real": ("number",),
    "number": ("real",),
    "str": ("string", "text"),
    "string": ("text",),
    "bool": ("boolean",),
    "list": ("array",),
    "tuple": ("array",),
    "dict": ("object",),
    "enum": ("choice",),
    "time": ("duration",),
    "None": ("null",),
    "none": ("null",),
    "json": ("jsonl",),
    "sec": ("s",),
    "second": ("s",),
    "seconds": ("s",),
    "minute": ("min",),
    "minutes": ("min",),
    "hour": ("h",),
    "hours": ("h",),
    "days": ("day",),
    "weeks": ("week",),
}
"""What people who know other languages write."""

_KINDS = {
    "a valid string": "text",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid array": "a list",
    "an object": "a mapping",
}
"""The kinds of values, as pydantic calls them and in plain words."""


def _lower(message: str) -> str:
    for start in ("Input should", "String should", "Value should", "Tuple should", "Dictionary should"):
        if message.startswith(start):
            rest = message.removeprefix(f"{start} be ")
            return f"should be {_KINDS[rest]}" if rest in _KINDS else f"should{message.removeprefix(start)}"
    return "is wrong: " + message


def _shown(value: Any) -> str:
    text = repr(value)
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        text = "a mapping" + (f" with {one_of([repr(key) for key in list(value)[:4]])}" if value else "")
    elif isinstance(value, list | tuple):
        text = f"a list of {len(value)}"
    return text if len(text) <= 80 else text[:77] + "..."


def _place_in_data(model: type[BaseModel], location: Place, kind: str, data: Any) -> Place:
    """Pydantic's location without the names of union members, which are no keys of the file."""
    place: list[str | int] = []
    for index, (key, is_member) in enumerate(zip(location, _members(model, location), strict=True)):
        inside = not is_member and (
            (isinstance(data, dict) and key in data)
            or (isinstance(data, list) and isinstance(key, int) and key < len(data))
        )
        if inside:
            data = data[key]
            place.append(key)
        elif index == len(location) - 1 and kind == "missing":
            place.append(key)
    return tuple(place)


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _tags_allowed(model: type[BaseModel], location: tuple[str | int, ...], key: str) -> list[str]:
    """The values of a union's key at this place."""
    return [schema["properties"][key]["const"] for schema in _schemas_at(model, location)]


def _keys_allowed(model: type[BaseModel], location: tuple[str | int, ...]) -> set[str]:
    """The keys that an object at this place may have, whichever member of a union it is where that is not said."""
    return {key for schema in _schemas_at(model, location) for key in schema.get("properties", {})}


def _schemas_at(model: type[BaseModel], location: Place) -> list[dict[str, Any]]:
    return [plain for schema in _walked(model, location)[-1] for plain in _resolved(_schema(model), [schema])]


def _members(model: type[BaseModel], location: Place) -> list[bool]:
    """Of each key of a location: whether it names the member of a union."""
    root = _schema(model)
    return [any(_alternatives(root, one) for one in here) for here in _walked(model, location)[:-1]]


def _walked(model: type[BaseModel], location: Place) -> list[list[dict[str, Any]]]:
    """The schemas before each key of a location, and behind the last."""
    root = _schema(model)
    walked = [[root]]
    for key in location:
        here = walked[-1]
        alternatives = [one for schema in here for one in _alternatives(root, schema)]
        below = _chosen(root, alternatives, key) or [
            one for schema in here for one in _below(_followed(root, schema), key)
        ]
        walked.append(below)
    return walked


def _followed(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema itself, where it is a reference to one or may also be null."""
    while True:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
            continue
        members = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        if len(members) != 1:
            return schema
        schema = members[0]


def _alternatives(root: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of a union; empty where it is none."""
    plain = _followed(root, schema)
    return [one for one in plain.get("oneOf") or plain.get("anyOf") or () if one != {"type": "null"}]


def _chosen(
    root: dict[str, Any], alternatives: list[dict[str, Any]], name: str | int
) -> list[dict[str, Any]]:
    """The members of a union that are meant by the name that pydantic gives one; all, where that cannot be said."""
    plain = [_followed(root, one) for one in alternatives]
    for is_meant in (
        lambda one: any(held.get("const") == name for held in one.get("properties", {}).values()),
        lambda one: one.get("title") == name,
        lambda one: name in one.get("required", ()),
    ):
        if meant := [one for one in plain if is_meant(one)]:
            return meant
    return alternatives


def _below(schema: dict[str, Any], key: str | int) -> list[dict[str, Any]]:
    if isinstance(key, int):
        return [schema["items"]] if isinstance(schema.get("items"), dict) else []
    if key in schema.get("properties", {}):
        return [schema["properties"][key]]
    if isinstance(schema.get("additionalProperties"), dict):
        return [schema["additionalProperties"]]
    return []


def _resolved(root: dict[str, Any], schemas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The schemas without references and alternatives."""
    plain: list[dict[str, Any]] = []
    for schema in schemas:
        members = _alternatives(root, schema)
        plain += _resolved(root, members) if members else [_followed(root, schema)]
    return plain
