"""A plan as a language model writes it: flat lists, no optional keys, as the strictest services demand.

`plan_of` makes a plan of it; whether that plan makes sense, `contracts` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import ValidationError

from gsim_devs.contracts import PlanTree, from_data
from gsim_devs.contracts.declaration import Declaration
from gsim_devs.errors import UsageError

_DEEPEST = 20


class WireField(Declaration):
    """A field of a message, or an init argument."""

    name: str
    """Its name, in snake case."""
    type: str
    """int, float, str, bool, a message type, `X | None` or `tuple[X, ...]`; dict only for the content of files."""


class WireMessage(Declaration):
    """A type of message."""

    name: str
    """Class name."""
    about: str
    """What it stands for."""
    fields: tuple[WireField, ...]
    """What it holds."""


class WirePort(Declaration):
    """An input port, or a port of a coupled component."""

    name: str
    """Its name, in snake case."""
    message: str
    """The type of its messages."""
    protocol: str
    """When a message comes and what it means."""


class WireOutput(WirePort):
    """An output port of a model."""

    sends_first: bool
    """True: it sends its first message by itself, from a timer or at the start, not only in answer to an input."""


class WireEmission(Declaration):
    """An event that a model reports."""

    event: str
    """The event."""
    entity: str | None
    """The entity that the record names; null: the component's own."""


class WireTimer(Declaration):
    """A timer of a model."""

    name: str
    """The method that is called, such as on_served."""
    expires: str
    """When, and what happens then."""
    order: int
    """When it comes among what happens at the same instant; lower first, 0 is the default."""


class WireModel(Declaration):
    """An atomic class: what it does and how it is spoken to."""

    name: str
    """Class name."""
    sentences: tuple[int, ...]
    """The numbers of all sentences of the specification that it must keep."""
    function: str
    """What it does: its states, what it does at each input and timer, and in which order at one instant."""
    logging: str
    """Which events it reports, when, with what; nothing where it reports none."""
    emits: tuple[WireEmission, ...]
    """The events."""
    arguments: tuple[WireField, ...]
    """Its init arguments."""
    inputs: tuple[WirePort, ...]
    """Its input ports."""
    outputs: tuple[WireOutput, ...]
    """Its output ports."""
    timers: tuple[WireTimer, ...]
    """Its timers."""
    split: bool
    """True only if it is too much for one class of about 100 lines: it is planned further, with the same ports."""


class WireBinding(Declaration):
    """Where an init argument of a component gets its value from."""

    name: str
    """The init argument."""
    source: Literal["argument", "parameter", "value", "copy"]
    """An argument or parameter of the contract, a fixed value, or the number of the copy (from 1)."""
    value: str
    """The name of the argument or parameter; of a fixed value its JSON text; of a copy an empty text."""


class WireComponent(Declaration):
    """A component: an instance of a model, or a coupled one that only has children and couplings."""

    name: str
    """Its name, in snake case."""
    within: str
    """The path of the coupled component that it is in, such as server or server.store; empty: the whole system."""
    model: str | None
    """The model; null: it is coupled."""
    entity: str | None
    """The entity for which it reports; null: its own name."""
    copies: int | None
    """How many there are of it, if that is a fixed number above 1; else null."""
    copies_argument: str | None
    """The integer argument of the contract that says how many there are; else null."""
    arguments: tuple[WireBinding, ...]
    """Its init arguments; of a coupled one none."""
    inputs: tuple[WirePort, ...]
    """The input ports of a coupled component; of others none."""
    outputs: tuple[WirePort, ...]
    """The output ports of a coupled component; of others none."""


class WireCoupling(Declaration):
    """A way for messages."""

    within: str
    """The path of the coupled component that it is in; empty: the whole system."""
    source: str
    """child.port, or an input port of that coupled component itself."""
    target: str
    """child.port, or an output port of that coupled component itself."""
    each: bool
    """Of copies only: true joins copy i with copy i, false every copy with every copy."""


class WireRest(Declaration):
    """A sentence that no model needs to keep."""

    sentence: int
    """Its number."""
    reason: str
    """Why: a title, an explanation, kept by the runtime, by the command line …"""


class PlanReply(Declaration):
    """A plan of a system, or of a part of it."""

    thoughts: str
    """In a few sentences: the parts, who decides what, and what happens first at one instant."""
    messages: tuple[WireMessage, ...]
    """The types of messages."""
    models: tuple[WireModel, ...]
    """The atomic classes."""
    inputs: tuple[WirePort, ...]
    """The input ports of the whole: one for each kind of stdin command, with its name; the message has the fields of
    the command without its time. None where stdin is not read."""
    components: tuple[WireComponent, ...]
    """The components, parents before children."""
    couplings: tuple[WireCoupling, ...]
    """How they are joined."""
    unused: tuple[str, ...]
    """Paths of output ports (component.port) that lead nowhere on purpose."""
    rest: tuple[WireRest, ...]
    """The sentences that no model needs to keep."""


def plan_of(reply: PlanReply, system: str, about: str = "") -> PlanTree:
    """The plan that a reply describes, of a system that is about this.

    Raises UsageError with a sentence for each thing that is no plan.
    """
    defects = [*_repeated(reply), *_misplaced(reply)]
    if defects:
        raise UsageError("\n".join(defects))
    class_name = "".join(part.capitalize() for part in system.replace("-", "_").split("_"))
    taken = {model.name for model in reply.models} | {message.name for message in reply.messages}
    root = {
        "name": class_name if class_name not in taken else f"{class_name}System",
        "about": about,
        "inputs": _ports(reply.inputs),
        **_inside(reply, ""),
    }
    data = {
        "system": system,
        "messages": {
            one.name: {"about": one.about, "fields": {field.name: field.type for field in one.fields}}
            for one in reply.messages
        },
        "models": {one.name: _model(one) for one in reply.models},
        "root": root,
    }
    try:
        return from_data(PlanTree, data, "plan")
    except (UsageError, ValidationError) as error:
        raise UsageError(str(error)) from None


def _model(model: WireModel) -> dict[str, Any]:
    timers = "".join(f"\n- {one.name}, order {one.order}: {one.expires}" for one in model.timers)
    return {
        "function": model.function + (f"\n\nTimers:{timers}" if timers else ""),
        "logging": model.logging,
        "emits": [
            one.event if one.entity is None else {"event": one.event, "entity": one.entity}
            for one in model.emits
        ],
        "arguments": {one.name: one.type for one in model.arguments},
        "inputs": _ports(model.inputs),
        "outputs": {
            one.name: {"message": one.message, "protocol": one.protocol, "initial": one.sends_first}
            for one in model.outputs
        },
        "orders": {one.name: one.order for one in model.timers},
    }


def _ports(ports: Sequence[WirePort]) -> dict[str, Any]:
    return {one.name: {"message": one.message, "protocol": one.protocol} for one in ports}


def _inside(reply: PlanReply, place: str) -> dict[str, Any]:
    """What a coupled component holds."""
    inside: dict[str, Any] = {
        "children": [_component(reply, one) for one in reply.components if one.within == place],
        "couplings": [
            {"from": one.source, "to": one.target, **({"pairing": "each"} if one.each else {})}
            for one in reply.couplings
            if one.within == place
        ],
    }
    unused = [path.removeprefix(f"{place}.") for path in reply.unused if _is_unused_in(path, place)]
    return inside | ({"unused": unused} if unused else {})


def _is_unused_in(path: str, place: str) -> bool:
    return path.rpartition(".")[0].rpartition(".")[0] == place


def _component(reply: PlanReply, one: WireComponent) -> dict[str, Any]:
    path = f"{one.within}.{one.name}" if one.within else one.name
    if one.model is None:
        name = "".join(part.capitalize() for part in one.name.split("_"))
        ports = {"inputs": _ports(one.inputs), "outputs": _ports(one.outputs)}
        return {"name": one.name, "class": name, **ports, **_inside(reply, path)}
    node: dict[str, Any] = {
        "name": one.name,
        "model": one.model,
        "arguments": dict(map(_binding, one.arguments)),
    }
    if one.entity is not None:
        node["entity"] = one.entity
    if one.copies_argument is not None:
        node["copies"] = {"argument": one.copies_argument}
    elif one.copies is not None:
        node["copies"] = one.copies
    return node


def _binding(one: WireBinding) -> tuple[str, dict[str, Any]]:
    if one.source == "copy":
        return one.name, {"copy": True}
    if one.source != "value":
        return one.name, {one.source: one.value}
    try:
        return one.name, {"value": json.loads(one.value)}
    except RecursionError:
        raise UsageError(f"The value of {one.name} is nested too deep; give a flat one.") from None
    except ValueError:
        # A bare word is a text that lacks its quotes.
        return one.name, {"value": one.value}


def _repeated(reply: PlanReply) -> Iterator[str]:
    """What dictionaries would swallow."""
    for what, names in (
        ("message type", [one.name for one in reply.messages]),
        ("model", [one.name for one in reply.models]),
        ("component", [f"{one.within}.{one.name}".removeprefix(".") for one in reply.components]),
    ):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"There are two of the {what} {name}; give one of them another name."
    for model in reply.models:
        groups = (model.inputs, model.outputs, model.arguments, model.timers)
        members = [one.name for group in groups for one in group]
        for name in sorted({name for name in members if members.count(name) > 1}):
            yield f"The model {model.name} uses the name {name} twice among its ports, arguments and timers."


def _misplaced(reply: PlanReply) -> Iterator[str]:
    """Places that are no coupled components."""
    coupled = {f"{one.within}.{one.name}".removeprefix(".") for one in reply.components if one.model is None}
    for one in reply.components:
        if not one.name:
            where = f"within {one.within!r}" if one.within else "of the whole system"
            yield f"A component {where} has no name; give it one in snake case."
        if one.within.count(".") >= _DEEPEST:
            yield f"The component {one.name} is in more than {_DEEPEST} coupled components; nest them less."
        if one.within and one.within not in coupled:
            yield f"The component {one.name} is within {one.within!r}, which is no coupled component."
    for way in reply.couplings:
        if way.within and way.within not in coupled:
            yield f"The coupling {way.source} -> {way.target} is within {way.within!r}, which is no coupled component."
    for path in reply.unused:
        place = path.rpartition(".")[0].rpartition(".")[0]
        if "." not in path or (place and place not in coupled):
            yield f"The unused output {path!r} is not the path of a component and its port."
