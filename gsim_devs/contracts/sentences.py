"""pydantic's errors as sentences: which file and line, which key, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from .declaration import Disagreement, dotted
from .documents import Document, Place


def sentences_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[str]:
    """One sentence for each thing that is wrong, in the order of the file's keys."""
    found: dict[Place, list[str]] = {}
    for item in error.errors(include_url=False):
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


def _merged(texts: list[str]) -> list[str]:
    """One sentence where a value fits no member of a union: `found -2; it should … or should …`."""
    alternatives: dict[str, list[str]] = {}
    for text in texts:
        found, should, rest = text.partition("; it ")
        alternatives.setdefault(found + should, []).append(rest)
    return [found + " or ".join(dict.fromkeys(rest)) for found, rest in alternatives.items()]


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
    kind, context, found = item["type"], item.get("ctx", {}), _shown(item["input"])
    if kind == "extra_forbidden":
        known = sorted(_keys_allowed(model, item["loc"][:-1]))
        near = nearest(str(place[-1]), known)
        return f"unknown key {str(place[-1])!r}{near or '; known keys are ' + all_of(known)}"
    if kind == "json_invalid":
        return f"cannot be read: {context['error']}"
    if kind == "missing":
        return "missing; it must be given"
    if kind == "union_tag_invalid":
        allowed = [tag.strip("'") for tag in context["expected_tags"].split(", ")]
        key = context["discriminator"].strip("'")
        return f"{key} is {context['tag']!r}; allowed is {one_of(allowed)}{nearest(context['tag'], allowed)}"
    if kind == "union_tag_not_found":
        key = context["discriminator"].strip("'")
        return f"{key} is missing; allowed is {one_of(_tags_allowed(model, item['loc'], key))}"
    if kind == "literal_error":
        return f"found {found}; allowed is {context['expected']}"
    if kind == "binding" and isinstance(item["input"], str):
        return f"found {found}; write {{argument: {item['input']}}}, or {{value: …}} for a fixed value"
    if kind in ("source", "binding"):
        return f"found {found}; {item['msg']}"
    return f"found {found}; it {_lower(item['msg'])}"


def _lower(message: str) -> str:
    for start in ("Input should", "String should", "Value should", "Tuple should", "Dictionary should"):
        if message.startswith(start):
            return "should" + message.removeprefix(start).replace(" after validation", "")
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
