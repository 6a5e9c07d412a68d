"""Whether data and simulation can meet as declared: observables, starts from an observed state, actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..declaration import Defect
from ..stdin import JsonlStdin
from ..values import BoundedValue
from .findings import unknown

if TYPE_CHECKING:
    from ..contract import Contract
    from ..observables import Observable

_RESERVED = ("trajectory", "t")


def observable_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the declarations of series."""
    events = sorted({kind.event for kind in contract.events})
    for name, observable in contract.observables.items():
        place = ("observables", name)
        yield from _column(place, name)
        yield from _text(place, observable)
        kinds = [kind for kind in contract.events if kind.event == observable.event]
        if not kinds:
            yield Defect((*place, "event"), unknown("event", observable.event, events))
            continue
        if observable.entity is not None:
            kinds = [kind for kind in kinds if observable.entity in kind.entities]
            if not kinds:
                yield Defect(
                    (*place, "entity"), f"{observable.entity!r} does not report {observable.event!r}"
                )
        for kind in kinds:
            if observable.field is not None and observable.field not in kind.payload:
                text = unknown(f"payload field of {kind.event!r}", observable.field, kind.payload)
                yield Defect((*place, "field"), text)


def state_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with how a simulation starts from an observed state."""
    if contract.state is None:
        return
    for name, source in contract.state.arguments.items():
        place = ("state", "arguments", name)
        argument, observable = contract.arguments.get(name), contract.observables.get(source)
        if argument is None:
            yield Defect(place, unknown("argument", name, contract.arguments))
        if observable is None:
            yield Defect(place, unknown("observable", source, contract.observables))
        elif argument is not None and (argument.type == "text") != (observable.type == "text"):
            text = f"the argument is of type {argument.type}, the observable {source!r} of type {observable.type}"
            yield Defect(place, text)
    if contract.state.time is not None and contract.state.time not in contract.arguments:
        yield Defect(("state", "time"), unknown("argument", contract.state.time, contract.arguments))


def action_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with how columns of data become commands."""
    for name, action in contract.actions.items():
        place = ("actions", name)
        yield from _column(place, name)
        if name in contract.observables:
            yield Defect(place, "there is an observable of this name; names of both must differ")
        if not isinstance(contract.stdin, JsonlStdin):
            text = f"stdin is of the form {contract.stdin.form}; an action needs commands in jsonl"
            yield Defect((*place, "command"), text)
            continue
        command = contract.stdin.commands.get(action.command)
        if command is None:
            yield Defect((*place, "command"), unknown("command", action.command, contract.stdin.commands))
            continue
        if command.time is None:
            yield Defect(
                (*place, "command"), f"{action.command!r} has no time; an action happens at that of its row"
            )
        elif action.field not in command.message_fields:
            text = unknown(f"field of {action.command!r}", action.field, command.message_fields)
            yield Defect((*place, "field"), text)
        elif not isinstance(command.fields[action.field], BoundedValue):
            kind = command.fields[action.field].type
            yield Defect((*place, "field"), f"it is of type {kind}; the value of an action is a number")
        elif others := [field for field in command.message_fields if field != action.field]:
            yield Defect((*place, "command"), f"{action.command!r} has other fields too: {', '.join(others)}")


def _column(place: tuple[str, ...], name: str) -> Iterator[Defect]:
    if name in _RESERVED:
        yield Defect(place, f"the column {name!r} of data has a meaning already; choose another name")


def _text(place: tuple[str, ...], observable: Observable) -> Iterator[Defect]:
    if observable.type == "number":
        return
    if observable.field is None:
        yield Defect((*place, "field"), "a text stands in a payload field; say in which")
    if observable.at != "every record" and observable.at.take != "last":
        yield Defect((*place, "at", "take"), f"texts have no {observable.at.take}; take the last")
