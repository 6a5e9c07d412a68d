"""Read stdin: all commands, with the times at which they take effect. Nothing is applied here.

Leaves out what a command means: it becomes a message at the input port of its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .errors import UsageError
from .values import check_bounds, shown, take


class Command(NamedTuple):
    """One command of the input."""

    name: str
    time: float
    order: int
    fields: dict[str, Any]


Reader = Callable[[str], Command]


def read_commands(
    stdin: Mapping[str, Any], text: str, unit: str, arguments: Mapping[str, Any]
) -> list[Command]:
    """The commands in their order; a UsageError that numbers the line where one is malformed.

    Bounds of their fields may name arguments, whose values are in `arguments`.
    """
    if stdin["form"] == "none":
        return []
    reader = (_by_pattern if stdin["form"] == "lines" else _by_key)(stdin, unit, arguments)
    commands = []
    for number, line in _lines(text, comments=stdin["form"] == "lines"):
        try:
            commands.append(reader(line))
        except ValueError as error:
            raise UsageError(f"stdin line {number}: {error}") from None
    return commands


def _lines(text: str, comments: bool) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        bare = (line.partition("#")[0] if comments else line).strip()
        if bare:
            yield number, bare


def _by_pattern(stdin: Mapping[str, Any], unit: str, arguments: Mapping[str, Any]) -> Reader:
    patterns = [
        (name, command, re.compile(command["pattern"])) for name, command in stdin["commands"].items()
    ]

    def reader(line: str) -> Command:
        for name, command, pattern in patterns:
            match = pattern.fullmatch(line)
            if match:
                return _command(name, command, match.groupdict(), unit, arguments)
        raise ValueError(f"{shown(line)} is no {' or '.join(name for name, _, _ in patterns)}")

    return reader


def _by_key(stdin: Mapping[str, Any], unit: str, arguments: Mapping[str, Any]) -> Reader:
    key = stdin["discriminator"]

    def reader(line: str) -> Command:
        try:
            found = json.loads(line, object_pairs_hook=_once)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"{shown(line)} is not JSON: {error.msg} at character {error.colno}") from None
        if not isinstance(found, dict):
            raise ValueError(f"must be a JSON object, not {shown(found)}")
        name = found.pop(key, None)
        if not isinstance(name, str) or name not in stdin["commands"]:
            raise ValueError(f"{key} must be one of {', '.join(stdin['commands'])}, not {shown(name)}")
        command = stdin["commands"][name]
        if missing := [field for field in command["fields"] if field not in found]:
            raise ValueError(f"{name} lacks {', '.join(missing)}")
        if unknown := [field for field in found if field not in command["fields"]]:
            raise ValueError(
                f"{name} has no {shown(unknown[0])}; its fields: {', '.join(command['fields']) or 'none'}"
            )
        return _command(name, command, found, unit, arguments)

    return reader


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("has the same key twice")
    return found


def _command(
    name: str, command: Mapping[str, Any], found: Mapping[str, Any], unit: str, arguments: Mapping[str, Any]
) -> Command:
    fields = {}
    for field, declaration in command["fields"].items():
        try:
            fields[field] = take(declaration, found[field], unit)
            check_bounds(declaration, fields[field], arguments)
        except ValueError as error:
            raise ValueError(f"{field} {error}") from None
    time = 0.0 if command["time"] is None else fields.pop(command["time"])
    if time < 0:
        raise ValueError(f"{command['time']} must not be negative, but is {time}")
    return Command(name, time, command["order"], fields)
