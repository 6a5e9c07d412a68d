"""The kinds of rules on one page, taken from their own docstrings; for people, and for prompts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gsim_devs.contracts.declaration import Declaration

from .kinds import Rule
from .patterns import Pattern, RuleModel

_EXPRESSION = {str, int, float, bool}


def kinds(without: Collection[str] = ()) -> dict[str, type[RuleModel]]:
    """The kinds by their names."""
    union = get_args(Rule)[0]
    found = {_name(kind): kind for kind in get_args(union)}
    return {name: kind for name, kind in found.items() if name not in without}


def page(without: Collection[str] = ()) -> str:
    """What each kind says, and its keys."""
    return "\n".join(line for name, kind in kinds(without).items() for line in _entry(name, kind))


def keys(kind: type[RuleModel], without: Collection[str] = ("kind",)) -> str:
    """The keys of a kind, a line for each."""
    return "\n".join(_keys(kind, without))


def _entry(name: str, kind: type[RuleModel]) -> Iterator[str]:
    # What follows the first paragraph is for those who write the evaluator.
    about, _, _ = (kind.__doc__ or "").partition("\n\n")
    yield f"- **{name}**: {_flat(about)}"
    yield from _keys(kind, {*RuleModel.model_fields, "kind"})


def _keys(kind: type[RuleModel], without: Collection[str]) -> Iterator[str]:
    for key, field in kind.model_fields.items():
        if key not in without:
            yield f"  - `{_key(key, field)}`{_need(field)}: {_word(field.annotation)}. {_flat(field.description or '')}"


def _name(kind: type[RuleModel]) -> str:
    return str(get_args(kind.model_fields["kind"].annotation)[0])


def _key(key: str, field: FieldInfo) -> str:
    return field.alias or key


def _need(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    given = field.get_default(call_default_factory=True)
    has_word = given is not None and given not in ((), {}) and not isinstance(given, Declaration)
    return f" ({json.dumps(given)} if left out)" if has_word else " (may be left out)"


def _word(annotation: Any) -> str:
    """A type in a word or two."""
    members = [one for one in get_args(annotation) if one is not NoneType]
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Declaration):
        fields = annotation.model_fields.items()
        return (
            "{" + ", ".join(f"{_key(key, field)}: {_word(field.annotation)}" for key, field in fields) + "}"
        )
    if origin is Literal:
        return " or ".join(json.dumps(one) for one in members)
    if origin is tuple:
        return f"[{_word(members[0])}, …]"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{{name: {_word(members[1])}, …}}"
    if Pattern in members:
        return "pattern"
    if set(members) >= _EXPRESSION:
        return " or ".join(["expression", *(_word(one) for one in members if one not in _EXPRESSION)])
    if members:
        return " or ".join(_word(one) for one in members if isinstance(one, type) or get_args(one))
    return {bool: "true or false", str: "text", int: "number", float: "number"}.get(annotation, "value")


def _flat(text: str) -> str:
    return " ".join(text.split())
