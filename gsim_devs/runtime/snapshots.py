"""Write a paused simulation down as JSON, and take it up again in a kernel built from the same model.

What the fields of components may hold: see `plain`. A snapshot may come from anybody: whatever is wrong with it is a
UsageError; after one the kernel is spent.
"""

from __future__ import annotations

import operator
from heapq import heapify
from inspect import getattr_static
from types import FunctionType
from typing import Any

from .atomic import Seat
from .binding import Classic, Leads
from .clock import ARGUMENTS, HANDLER, IN_TURN, INSTANT, MESSAGE, NUMBER, OUTSIDE, PLACE, RANK
from .copies import fields_of
from .errors import UsageError
from .plain import Reader, Writer, check_field
from .ports import carries, type_name

FORMAT = 1

_MACHINERY = {"name", "parent", "input", "output", "in_ports", "out_ports", "_seat"}


def snapshot(kernel: Any) -> dict[str, Any]:
    """The state of a kernel between two rounds, as plain JSON values."""
    kernel._start()
    line = kernel.line
    writer = Writer()
    written = {
        "format": FORMAT,
        "ticks_per_unit": line.ticks_per_unit,
        "key": next(([node.seed, node.replication] for node in kernel.nodes if isinstance(node, Seat)), None),
        "now": line.now,
        "number": line.number,
        "rounds": [kernel._counted, kernel._rounds],
        "components": {node.path: _component(node, writer) for node in kernel.nodes},
        "soon": [place.path for place in kernel._soon],
        "due": [_entry(entry, writer) for entry in sorted(line.due) if entry[PLACE] is not None],
    }
    state: dict[str, Any] = writer.settled(written)
    return state | {"shared": writer.shared}


def restore(kernel: Any, state: dict[str, Any]) -> None:
    """Bring a kernel that has not run yet into a state; its model must be built as that of the snapshot was."""
    if kernel._started:
        raise UsageError("only a kernel that has not run yet can take up a snapshot; build a new one")
    try:
        _check_model(kernel, state)
        kernel._started = True
        _take_up(kernel, state)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise UsageError(f"the snapshot is damaged: {type(error).__name__}: {error}") from None


def _check_model(kernel: Any, state: dict[str, Any]) -> None:
    if state["format"] != FORMAT:
        raise UsageError(f"the snapshot has format {state['format']!r}; this runtime reads {FORMAT}")
    if state["ticks_per_unit"] != kernel.line.ticks_per_unit:
        raise UsageError(
            f"the snapshot counts {state['ticks_per_unit']} ticks in a unit of time, "
            f"this kernel {kernel.line.ticks_per_unit}"
        )
    if not all(isinstance(state[key], list) for key in ("due", "soon", "shared")):
        raise TypeError("due, soon and shared are lists")
    here = {node.path: type(node.model).__name__ for node in kernel.nodes}
    there = {path: held["class"] for path, held in state["components"].items()}
    for path in [*here, *there]:
        if here.get(path) != there.get(path):
            raise UsageError(
                f"the snapshot is of another model: {path} is a {there.get(path, 'component that it lacks')} "
                f"there, and a {here.get(path, 'component that this model lacks')} here"
            )


def _take_up(kernel: Any, state: dict[str, Any]) -> None:
    line = kernel.line
    reader = Reader(state["shared"])
    nodes = {node.path: node for node in kernel.nodes}
    line.move(_whole(state["now"]))
    line.number = _whole(state["number"])
    kernel._counted, kernel._rounds = map(_whole, state["rounds"])
    for path, node in nodes.items():
        _fill(node, state["components"][path], reader)
        if isinstance(node, Seat) and state["key"] is not None:
            node.seed, node.replication = map(operator.index, state["key"])
    for told in state["due"]:
        line.due.append(_rebuilt(kernel, nodes, told, reader))
    if len({entry[NUMBER] for entry in line.due}) < len(line.due):
        raise ValueError("two entries have the same number")
    heapify(line.due)
    for path in state["soon"]:
        node = nodes[path]
        kernel._soon.append(node)


def _whole(value: Any, low: int = 0, high: int | None = None) -> int:
    if type(value) is not int or value < low or (high is not None and value > high):
        raise ValueError(f"{value!r} cannot be")
    return value


# Components.


def _component(node: Any, writer: Writer) -> dict[str, Any]:
    own = _ports(node)
    fields = {
        name: writer.write(value, f"{node.path}.{name}")
        for name, value in fields_of(node.model).items()
        if name not in _MACHINERY and id(value) not in own
    }
    told = {"class": type(node.model).__name__, "fields": fields}
    if isinstance(node, Classic):
        return told | {"last": node.last}
    return told | {
        "outbox": [
            [port.name, writer.write(message, f"{node.path}.{port.name}")] for port, message in node.outbox
        ],
        "rng": writer.write(node.rng, f"{node.path}.rng"),
        "draw": writer.write(node.draw, f"{node.path}.draw"),
    }


def _ports(node: Any) -> set[int]:
    return {id(port) for port in node.model.in_ports + node.model.out_ports}


def _fill(node: Any, held: dict[str, Any], reader: Reader) -> None:
    model, own = node.model, _ports(node)
    present = fields_of(model)
    ports = {name for name, value in present.items() if id(value) in own}
    for name in present.keys() - held["fields"].keys() - ports - _MACHINERY:
        # It was deleted there.
        object.__delattr__(model, name)
    for name, value in held["fields"].items():
        if name in _MACHINERY or name in ports:
            raise ValueError(f"{node.path}.{name} is no field")
        check_field(type(model), name)
        object.__setattr__(model, name, reader.read(value))
    if isinstance(node, Classic):
        node.last = _whole(held["last"])
        return
    for name, message in held["outbox"]:
        port = model.output[name]
        node.outbox.append((port, _carried(port, reader.read(message))))
    node.rng, node.draw = _of("Generator", reader.read(held["rng"])), _of("Draw", reader.read(held["draw"]))


def _of(kind: str, value: Any) -> Any:
    if value is not None and type(value).__name__ != kind:
        raise ValueError(f"a {type(value).__name__} stands where a {kind} belongs")
    return value


def _carried(port: Any, message: Any) -> Any:
    if not carries(port.p_type, message):
        raise ValueError(f"{port.name} carries {type_name(port.p_type)}, not {type(message).__name__}")
    return message


# What is due.


def _entry(entry: list[Any], writer: Writer) -> dict[str, Any]:
    place = entry[PLACE]
    told = {"instant": entry[INSTANT], "number": entry[NUMBER]}
    if isinstance(place, Leads):
        where = f"a message for {place.port.name}"
        sent = {"port": place.port.name, "message": writer.write(entry[MESSAGE], where)}
        return told | sent | {"in_turn": entry[RANK] == IN_TURN}
    told |= {"component": place.path}
    if isinstance(place, Classic):
        return told
    handler = entry[HANDLER]
    name = handler.__name__
    if getattr(place.model, name, None) != handler:
        raise UsageError(
            f"{place.path}: the timer {name} is not the method of that name; fork the kernel instead"
        )
    where = f"the timer {name} of {place.path}"
    return told | {"handler": name, "arguments": [writer.write(value, where) for value in entry[ARGUMENTS]]}


def _rebuilt(kernel: Any, nodes: dict[str, Any], told: dict[str, Any], reader: Reader) -> list[Any]:
    instant = _whole(told["instant"], kernel.line.now)
    number = _whole(told["number"], 1, kernel.line.number)
    if "port" in told:
        leads = kernel._entrances[told["port"]]
        rank = IN_TURN if told["in_turn"] else OUTSIDE
        return [instant, rank, number, leads, None, _carried(leads.port, reader.read(told["message"]))]
    node = nodes[told["component"]]
    if isinstance(node, Classic):
        entry: list[Any] = [instant, node.rank, number, node, None]
        node.entry = entry
        return entry
    name = told["handler"]
    if name.startswith("__") or not isinstance(getattr_static(type(node.model), name), FunctionType):
        raise ValueError(f"{node.path}.{name} is no timer")
    arguments = tuple(reader.read(value) for value in told["arguments"])
    timer: list[Any] = node.model._held(instant, number, getattr(node.model, name), arguments)
    return timer
