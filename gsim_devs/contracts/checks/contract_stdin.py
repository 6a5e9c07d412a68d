"""Whether the commands of stdin can be read and say when they take effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..declaration import Defect
from ..sentences import nearest
from ..stdin import Command, JsonlStdin, LineCommand, commands_of
from ..values import BoundedValue
from .contract_arguments import pattern_defect, value_type_defects
from .findings import unknown

if TYPE_CHECKING:
    from ..contract import Contract


def stdin_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the declarations of commands."""
    for name, command in commands_of(contract.stdin).items():
        place = ("stdin", "commands", name)
        for field, value in command.fields.items():
            yield from value_type_defects(contract, (*place, "fields", field), value)
        yield from _time(place, command)
        if isinstance(command, LineCommand):
            yield from _groups(place, command)
        if isinstance(contract.stdin, JsonlStdin) and contract.stdin.discriminator in command.fields:
            text = f"the key {contract.stdin.discriminator!r} names the command; a field needs another name"
            yield Defect((*place, "fields", contract.stdin.discriminator), text)


def _time(place: tuple[str, ...], command: Command) -> Iterator[Defect]:
    if command.time is None:
        return
    field = command.fields.get(command.time)
    if field is None:
        text = unknown("field of the command", command.time, command.fields)
        yield Defect((*place, "time"), f"{text}; null means: at time 0")
    elif not isinstance(field, BoundedValue):
        yield Defect(
            (*place, "time"),
            f"the field {command.time!r} is of type {field.type}; a time is a duration, number or integer",
        )


def _groups(place: tuple[str, ...], command: LineCommand) -> Iterator[Defect]:
    if cause := pattern_defect(command.pattern):
        yield Defect((*place, "pattern"), cause)
        return
    groups = set(re.compile(command.pattern).groupindex)
    for field in command.fields:
        if field not in groups:
            yield Defect((*place, "pattern"), f"no group (?P<{field}>…) for the field {field!r}")
    for group in sorted(groups - set(command.fields)):
        yield Defect(
            (*place, "pattern"), f"the group {group!r} is no field{nearest(group, list(command.fields))}"
        )
