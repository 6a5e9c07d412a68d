"""Fork a running simulation: an independent copy that goes on exactly as the original would.

Everything that belongs to the simulation is copied, messages and random streams included. What a component holds
outside it, such as an open file, cannot be.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from xdevs.models import Component, Coupled

from .clock import Sink
from .errors import UsageError


def fork(kernel: Any, sink: Sink | None, on_output: Callable[[float, str, Any], None] | None) -> Any:
    """A copy of a kernel with all its components; records and outputs go to `sink` and `on_output`."""
    components = _components(kernel.model)
    ports = [port for component in components for port in (*component.in_ports, *component.out_ports)]
    parts = [kernel, kernel.line, *kernel.nodes, *components, *ports]
    # Empty twins of all parts come first: copying then never follows the wires from part to part to any depth.
    memo: dict[int, Any] = {id(part): object.__new__(type(part)) for part in parts}
    outside = [(kernel.line.sink, sink), (kernel.on_output, on_output)]
    memo.update({id(theirs): ours for theirs, ours in outside if theirs is not None})
    for part in parts:
        for name, value in _fields(part).items():
            setattr(memo[id(part)], name, _copied(part, name, value, memo))
    return memo[id(kernel)]


def _components(model: Component) -> list[Component]:
    found: list[Component] = []
    waiting = [model]
    while waiting:
        component = waiting.pop()
        found.append(component)
        if isinstance(component, Coupled):
            waiting += component.components
    return found


def _fields(part: Any) -> dict[str, Any]:
    slots = [name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())]
    slotted = {name: getattr(part, name) for name in slots if hasattr(part, name)}
    return {**slotted, **getattr(part, "__dict__", {})}


def _copied(part: Any, name: str, value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{getattr(part, 'name', type(part).__name__)}.{name} cannot be copied: {error}"
        ) from None
