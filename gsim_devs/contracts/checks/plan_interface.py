"""Whether the system reports what its contract says, and takes what it says from stdin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..plan import PlanTree
from ..sentences import nearest, one_of
from ..stdin import commands_of
from ..tree import emitters
from ..type_expressions import accepts, parse_type
from .findings import unknown
from .plan_bindings import type_of

if TYPE_CHECKING:
    from ..contract import Contract
    from ..stdin import Command


def same_system(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """The plan is for this contract."""
    if plan.system != contract.id:
        yield f"The plan is for the system {plan.system!r}, the contract for {contract.id!r}."


def reported_events(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """Every event of the contract is reported by some component."""
    reported = emitters(plan)
    for entity, event in contract.vocabulary:
        if (entity, event) not in reported:
            yield f"No component reports the event {event!r} of {entity!r}; list it under the `emits` of a model."


def allowed_events(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """Components report events of the contract only."""
    allowed = [f"{event} of {entity}" for entity, event in contract.vocabulary]
    for (entity, event), paths in emitters(plan).items():
        if (entity, event) not in contract.vocabulary:
            near = nearest(f"{event} of {entity}", allowed)
            yield f"The contract has no event {event!r} of {entity!r}{near}, which {one_of(paths)} would report."


def stdin_inputs(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """The root has one input for each command of stdin, and no other."""
    commands = commands_of(contract.stdin)
    for name in commands:
        if name not in plan.root.inputs:
            yield f"The root has no input {name!r} for the command of that name; add it."
    for name in plan.root.inputs:
        if name not in commands:
            yield f"The input {name!r} of the root is fed by nothing: {unknown('command of stdin', name, commands)}."


def stdin_messages(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """The messages of the root's inputs have the commands' fields, without the time."""
    for name, command in commands_of(contract.stdin).items():
        port = plan.root.inputs.get(name)
        if port is None or port.message not in plan.messages:
            continue
        place = f"The message type {port.message} of the root's input {name!r}"
        yield from _fields(place, plan.messages[port.message].fields, command)


def _fields(place: str, fields: Mapping[str, str], command: Command) -> Iterator[str]:
    for field, value in command.message_fields.items():
        if field not in fields:
            yield f"{place} lacks the command's field {field!r}."
            continue
        wanted, given = parse_type(fields[field]), type_of(value)
        if wanted is not None and given is not None and not accepts(wanted, given):
            yield f"{place}: the field {field!r} is {wanted}, but the command's arrives as {given}."
    for field in fields:
        if field not in command.message_fields:
            why = "is the command's time, which is no part of the message" if field == command.time else ""
            yield f"{place}: the field {field!r} {why or 'is no field of the command'}; remove it."
