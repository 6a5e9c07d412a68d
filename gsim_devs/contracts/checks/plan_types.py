"""Whether the types of message fields and init arguments exist, and messages do not contain themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ..plan import PlanTree
from ..tree import coupled_nodes
from ..type_expressions import GRAMMAR, SCALARS, names_in, parse_type
from .findings import of, unknown
from .graphs import cycles


def field_types(plan: PlanTree) -> Iterator[str]:
    """Types of message fields can be read, and the messages that they mention exist."""
    known = [*SCALARS, *plan.messages]
    for name, message in plan.messages.items():
        for field, text in message.fields.items():
            yield from _type(f"The field {field!r} of the message type {name}", text, known)


def argument_types(plan: PlanTree) -> Iterator[str]:
    """Types of init arguments can be read; they hold no messages, but may hold the content of files."""
    for name, model in plan.models.items():
        for argument, text in model.arguments.items():
            yield from _type(f"The init argument {argument!r} of the model {name}", text, [*SCALARS, "dict"])


def recursive_messages(plan: PlanTree) -> Iterator[str]:
    """No message contains itself, directly or through others."""
    holds = {
        name: [used for text in message.fields.values() for used in _mentioned(text) if used in plan.messages]
        for name, message in plan.messages.items()
    }
    for cycle in cycles(holds):
        yield f"The message type {cycle[0]} contains itself ({' -> '.join([*cycle, cycle[0]])}); break the circle."


def port_messages(plan: PlanTree) -> Iterator[str]:
    """The message types of ports exist."""
    for name, model in plan.models.items():
        for port, declared in {**model.inputs, **model.outputs}.items():
            if declared.message not in plan.messages:
                cause = unknown("message type", declared.message, plan.messages)
                yield f"The port {port!r} of the model {name}: {cause}."
    for path, coupled in coupled_nodes(plan):
        for port, declared in {**coupled.inputs, **coupled.outputs}.items():
            if declared.message not in plan.messages:
                yield f"The port {port!r} {of(path)}: {unknown('message type', declared.message, plan.messages)}."


def _type(place: str, text: str, known: list[str]) -> Iterator[str]:
    expression = parse_type(text)
    if expression is None:
        yield f"{place} has the type {text!r}; a type is {GRAMMAR}."
        return
    for name in names_in(expression):
        if name not in known:
            yield f"{place} has the type {text!r}, but {unknown('type', name, known)}."


def _mentioned(text: str) -> Iterator[str]:
    expression = parse_type(text)
    return names_in(expression) if expression is not None else iter(())
