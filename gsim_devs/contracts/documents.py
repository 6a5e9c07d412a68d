"""YAML and JSON texts as plain data, with the line of every value. Knows nothing of what the data mean.

YAML is read as version 1.2 reads it: `on`, `yes` and `12:30:00` are text. Tags, merge keys, several documents and
repeated keys are refused, aliases may not blow a small text up, and nothing is ever constructed but plain data.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from gsim_devs.errors import UsageError

Place = tuple[str | int, ...]

MOST_CHARACTERS = 8_000_000
MOST_VALUES = 200_000
DEEPEST = 64

NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
INTEGER = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)

_EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and where in the text each value stands."""

    source: str
    """The name of the file, for messages."""
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)
    """The line of each value, from 1; empty for JSON."""

    def where(self, place: Place) -> str:
        """The file and, where it is known, the line of the innermost value around a place."""
        for length in range(len(place), -1, -1):
            line = self.lines.get(place[:length])
            if line is not None:
                return f"{self.source}, line {line}"
        return self.source


def read_yaml(text: str, source: str) -> Document:
    """Read YAML; raises UsageError with file, line and cause."""
    _refuse_size(text, source)
    builder = _Builder(text, source)
    try:
        return Document(source, builder.document(), builder.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{source}{line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UsageError(f"{source}: not YAML: {error}") from None


def read_json(text: str, source: str) -> Document:
    """Read JSON; raises UsageError with file and cause."""
    _refuse_size(text, source)

    def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for key, value in pairs:
            if key in held:
                raise UsageError(f"{source}: the key {key!r} occurs twice in one object")
            held[key] = value
        return held

    def finite(text: str) -> float:
        number = math.inf if text == "NaN" else float(text)
        if math.isinf(number):
            raise UsageError(f"{source}: {text} is not a finite number")
        return number

    try:
        data = json.loads(
            text, object_pairs_hook=without_repetition, parse_float=finite, parse_constant=finite
        )
    except json.JSONDecodeError as error:
        raise UsageError(f"{source}, line {error.lineno}: not JSON: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{source}: not JSON that can be read: {error}") from None
    return Document(source, data)


def write_yaml(data: Any) -> str:
    """Plain data as YAML for people: keys in their order, long texts in blocks."""
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


def _refuse_size(text: str, source: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"{source}: {len(text)} characters; at most {MOST_CHARACTERS} are read")


class _Builder:
    """Plain data from YAML's events."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines: dict[Place, int] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._events: Iterator[Any] = yaml.parse(text, Loader=_EVENTS)

    def document(self) -> Any:
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            return None
        data = self._value(next(self._events), (), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(after, "a second document begins here; one file holds one")
        return data

    def _value(self, event: Any, place: Place, depth: int) -> Any:
        self.lines[place] = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEEPEST:
            self._refuse(event, f"nested more than {DEEPEST} deep")
        if event.tag is not None and event.tag != "!":
            self._refuse(event, f"the tag {event.tag} is not allowed; only plain values are")
        before = self._values
        self._count(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            data: Any = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            data = self._list(place, depth)
        else:
            data = self._mapping(place, depth)
        if event.anchor is not None:
            # Known only from here on, so that a value cannot hold itself.
            self._anchors[event.anchor] = (data, self._values - before)
        return data

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            self._refuse(event, f"*{event.anchor} stands for nothing that is complete before it")
        data, size = self._anchors[event.anchor]
        self._count(event, size)
        return data

    def _list(self, place: Place, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*place, len(items)), depth + 1))
        return items

    def _mapping(self, place: Place, depth: int) -> dict[str, Any]:
        held: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in held:
                self._refuse(
                    event, f"the key {key!r} occurs twice; first in line {self.lines[(*place, key)]}"
                )
            line = event.start_mark.line + 1
            held[key] = self._value(next(self._events), (*place, key), depth + 1)
            self.lines[(*place, key)] = line
        return held

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be text")
        key = self._scalar(event)
        if not isinstance(key, str):
            self._refuse(event, f"the key {event.value} is not text; write it in quotes")
        if not event.style and key == "<<":
            self._refuse(event, "merge keys (<<) are not read; write the keys out")
        return key

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style or not event.implicit[0]:
            return text
        if NULL.match(text):
            return None
        if BOOLEAN.match(text):
            return text.lower() == "true"
        if INTEGER.match(text):
            return self._integer(event, text)
        if FLOAT.match(text):
            return self._float(event, text)
        return text

    def _float(self, event: Any, text: str) -> float:
        number = math.inf if text.lstrip("+-").lower() in (".inf", ".nan") else float(text)
        if math.isinf(number):
            self._refuse(event, f"{text} is not a finite number")
        return number

    def _integer(self, event: Any, text: str) -> int:
        if len(text) > 1000:
            self._refuse(event, "a number of more than 1000 digits")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)

    def _count(self, event: Any, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            self._refuse(event, f"more than {MOST_VALUES} values, repetitions by alias included")

    def _refuse(self, event: Any, cause: str) -> NoReturn:
        raise UsageError(f"{self.source}, line {event.start_mark.line + 1}: {cause}")


_RESOLVERS = [
    ("tag:yaml.org,2002:null", NULL),
    ("tag:yaml.org,2002:bool", BOOLEAN),
    ("tag:yaml.org,2002:int", INTEGER),
    ("tag:yaml.org,2002:float", FLOAT),
    ("tag:yaml.org,2002:merge", re.compile(r"<<\Z")),
]


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the texts that `read_yaml` would take for something else."""

    yaml_implicit_resolvers = {None: _RESOLVERS, "": _RESOLVERS}  # noqa: RUF012  (yaml's way to declare them)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if any(character in text for character in "\r\x85\u2028\u2029"):
        # Line breaks to YAML, but not to its emitter.
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
