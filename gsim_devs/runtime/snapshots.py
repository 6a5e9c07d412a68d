"""Write a paused simulation down as JSON, and take it up again in a kernel built from the same model.

What a component's fields may hold: numbers, texts, None, lists, tuples, dicts, sets, deques, dataclasses such as
messages, enums, and random generators. Anything else is refused by name. Two fields that share one list come back
with a list each.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import random
import sys
from collections import deque
from heapq import heapify
from typing import Any

from .binding import Classic, Leads
from .clock import ARGUMENTS, HANDLER, INSTANT, NUMBER, PLACE
from .errors import UsageError

FORMAT = 1

_MACHINERY = {"name", "parent", "input", "output", "in_ports", "out_ports", "_seat"}


def snapshot(kernel: Any) -> dict[str, Any]:
    """The state of a kernel between two rounds, as plain JSON values."""
    kernel._start()
    line = kernel.line
    live = sorted(entry for entry in line.due if entry[PLACE] is not None)
    return {
        "format": FORMAT,
        "now": line.now,
        "number": line.number,
        "rounds": [kernel._counted, kernel._rounds],
        "components": {node.path: _component(node) for node in kernel.nodes},
        "soon": [entry[PLACE].path for entry in kernel._soon],
        "due": [_entry(entry) for entry in live],
    }


def restore(kernel: Any, state: dict[str, Any]) -> None:
    """Bring a kernel that has not run yet into a state; its model must be built as that of the snapshot was."""
    if kernel._started:
        raise UsageError("only a kernel that has not run yet can take up a snapshot; build a new one")
    if state.get("format") != FORMAT:
        raise UsageError(f"the snapshot has format {state.get('format')!r}; this runtime reads {FORMAT}")
    nodes = {node.path: node for node in kernel.nodes}
    if list(nodes) != list(state["components"]):
        raise UsageError(
            "the snapshot is of another model: its components are " + ", ".join(state["components"])
        )
    kernel._started = True
    kernel.line.move(state["now"])
    kernel.line.number = state["number"]
    kernel._counted, kernel._rounds = state["rounds"]
    for path, held in state["components"].items():
        _fill(nodes[path], held)
    for entry in state["due"]:
        kernel.line.due.append(_rebuilt(kernel, nodes, entry))
    heapify(kernel.line.due)
    for path in state["soon"]:
        node = nodes[path]
        kernel._soon.append(node.at_once if isinstance(node, Classic) else node.mail)


def _component(node: Any) -> dict[str, Any]:
    hidden = _MACHINERY | {port.name for port in node.model.in_ports + node.model.out_ports}
    fields = {
        name: _written(value, node, name)
        for name, value in vars(node.model).items()
        if name not in hidden and not _is_own_port(value, node)
    }
    if isinstance(node, Classic):
        return {"fields": fields, "last": node.last}
    return {
        "fields": fields,
        "outbox": [[port.name, _written(message, node, port.name)] for port, message in node.outbox],
        "rng": None if node.rng is None else _written(node.rng, node, "rng"),
        "draw": None if node.draw is None else node.draw.state(),
    }


def _is_own_port(value: Any, node: Any) -> bool:
    return any(value is port for port in node.model.in_ports + node.model.out_ports)


def _fill(node: Any, held: dict[str, Any]) -> None:
    for name, value in held["fields"].items():
        setattr(node.model, name, _read(value, node))
    if isinstance(node, Classic):
        node.last = held["last"]
        return
    node.outbox += [(node.model.output[port], _read(message, node)) for port, message in held["outbox"]]
    if held["rng"] is not None:
        node.rng = _read(held["rng"], node)
    if held["draw"] is not None:
        node.model.draw.restore(held["draw"])


def _entry(entry: list[Any]) -> dict[str, Any]:
    place = entry[PLACE]
    told = {"instant": entry[INSTANT], "number": entry[NUMBER]}
    if isinstance(place, Leads):
        return told | {"port": place.port.name, "message": _written(entry[HANDLER], None, place.port.name)}
    if isinstance(place, Classic):
        return told | {"component": place.path}
    name = entry[HANDLER].__name__
    return told | {
        "component": place.path,
        "handler": name,
        "arguments": [_written(value, place, name) for value in entry[ARGUMENTS]],
    }


def _rebuilt(kernel: Any, nodes: dict[str, Any], told: dict[str, Any]) -> list[Any]:
    if "port" in told:
        leads = kernel._entrances[told["port"]]
        return [told["instant"], -1, told["number"], leads, _read(told["message"], None)]
    node = nodes[told["component"]]
    if isinstance(node, Classic):
        node.entry = [told["instant"], node.rank, told["number"], node]
        return list(node.entry)
    arguments = tuple(_read(value, node) for value in told["arguments"])
    entry: list[Any] = node.model._held(
        told["instant"], told["number"], getattr(node.model, told["handler"]), arguments
    )
    return entry


# Values. What JSON has no word for is written as {"$kind": …}.


def _written(value: Any, node: Any, field: str) -> Any:  # noqa: C901, PLR0911 (one line for each kind)
    kind = type(value)
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
        return value
    if kind is float:
        return {"$float": repr(value)}
    if kind is list:
        return [_written(item, node, field) for item in value]
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _written(item, node, field) for key, item in value.items()}
        return {
            "$dict": [
                [_written(key, node, field), _written(item, node, field)] for key, item in value.items()
            ]
        }
    if kind in (tuple, set, frozenset):
        return {f"${kind.__name__}": [_written(item, node, field) for item in value]}
    if kind is deque:
        return {"$deque": [_written(item, node, field) for item in value], "size": value.maxlen}
    if isinstance(value, enum.Enum):
        return {"$enum": _address(kind), "name": value.name}
    if dataclasses.is_dataclass(value):
        held = {
            item.name: _written(getattr(value, item.name), node, field) for item in dataclasses.fields(value)
        }
        return {"$object": _address(kind), "fields": held}
    if kind is random.Random:
        return {"$random": _written(value.getstate(), node, field)}
    if kind.__module__.startswith("numpy.random") and kind.__name__ == "Generator":
        from .streams import state_of

        return {"$generator": state_of(value)}
    if kind.__module__ == "numpy" and value.dtype.kind in "biuf":
        return {"$array": value.tolist(), "dtype": value.dtype.str, "scalar": kind.__name__ != "ndarray"}
    where = f"{node.path}.{field}" if node is not None else field
    raise UsageError(
        f"{where} holds a {kind.__name__}, which cannot be written as JSON; fork the kernel instead"
    )


def _read(value: Any, node: Any) -> Any:
    if isinstance(value, list):
        return [_read(item, node) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next((key for key in value if key.startswith("$")), None)
    if kind is None:
        return {key: _read(item, node) for key, item in value.items()}
    return _READERS[kind](value, node)


def _read_object(value: dict[str, Any], node: Any) -> Any:
    kind = _at(value["$object"])
    made = object.__new__(kind)
    for name, held in value["fields"].items():
        # Past __init__ and past `frozen`: the object comes back as it was.
        object.__setattr__(made, name, _read(held, node))
    return made


def _read_random(value: dict[str, Any], node: Any) -> random.Random:
    generator = random.Random()
    generator.setstate(_read(value["$random"], node))
    return generator


def _read_generator(value: dict[str, Any], node: Any) -> Any:
    from .streams import restore_state, stream

    generator = stream(0, 0, "")
    restore_state(generator, value["$generator"])
    return generator


def _read_array(value: dict[str, Any], node: Any) -> Any:
    import numpy as np

    array = np.array(value["$array"], dtype=value["dtype"])
    return array[()] if value["scalar"] else array


_READERS: dict[str, Any] = {
    "$float": lambda value, node: float(value["$float"]),
    "$dict": lambda value, node: {_read(key, node): _read(item, node) for key, item in value["$dict"]},
    "$tuple": lambda value, node: tuple(_read(item, node) for item in value["$tuple"]),
    "$set": lambda value, node: {_read(item, node) for item in value["$set"]},
    "$frozenset": lambda value, node: frozenset(_read(item, node) for item in value["$frozenset"]),
    "$deque": lambda value, node: deque((_read(item, node) for item in value["$deque"]), value["size"]),
    "$enum": lambda value, node: _at(value["$enum"])[value["name"]],
    "$object": _read_object,
    "$random": _read_random,
    "$generator": _read_generator,
    "$array": _read_array,
}


def _address(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _at(address: str) -> Any:
    """A dataclass or enum of a module that is loaded already; a snapshot can name nothing else."""
    module, _, qualname = address.partition(":")
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    if isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, enum.Enum)):
        return found
    raise UsageError(f"the snapshot holds a {address}, which this model does not know")
