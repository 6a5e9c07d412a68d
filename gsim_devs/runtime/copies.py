"""Fork a running simulation: an independent copy that goes on exactly as the original would.

Everything that belongs to the simulation is copied, messages and random streams included. What a component holds
outside it, such as an open file, cannot be, and a function that remembers its surroundings would go on changing the
original: both are refused by name.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from types import FunctionType
from typing import Any

from xdevs.models import Component, Coupled

from .clock import Sink
from .errors import UsageError


def fork(kernel: Any, sink: Sink | None, on_output: Callable[[float, str, Any], None] | None) -> Any:
    """A copy of a kernel with all its components; records and outputs go to `sink` and `on_output`."""
    if on_output is not None and kernel.on_output is None:
        raise UsageError("only a kernel that was built with on_output can have a fork with one")
    components = _components(kernel.model)
    ports = [port for component in components for port in (*component.in_ports, *component.out_ports)]
    parts = [*components, *kernel.nodes, *ports, kernel.line, kernel]
    # Empty twins of all parts come first: copying then never follows the wires from part to part to any depth.
    memo: dict[int, Any] = {id(part): object.__new__(type(part)) for part in parts}
    memo.update({id(theirs): None for theirs in (kernel.line.sink, kernel.on_output) if theirs is not None})
    paths = {id(part): node.path for node in kernel.nodes for part in (node, node.model)}
    for part in parts:
        for name, value in fields_of(part).items():
            where = f"{paths.get(id(part), getattr(part, 'name', 'the kernel'))}.{name}"
            object.__setattr__(memo[id(part)], name, _copied(value, memo, where))
    twin = memo[id(kernel)]
    twin.line.sink, twin.on_output = sink, on_output
    return twin


def fields_of(part: object) -> dict[str, Any]:
    """The fields of an object, in its __dict__ and in slots."""
    # Past a __getstate__ of its own, which may leave something out.
    state: Any = object.__getstate__(part)
    if isinstance(state, tuple):
        return {**(state[0] or {}), **state[1]}
    return state or {}


def _components(model: Component) -> list[Component]:
    found: list[Component] = []
    waiting = [model]
    while waiting:
        component = waiting.pop()
        found.append(component)
        if isinstance(component, Coupled):
            waiting += component.components
    return found


def _copied(value: Any, memo: dict[int, Any], where: str) -> Any:
    try:
        if id(value) not in memo and _remembers(value):
            raise TypeError("a function made inside another one remembers what it saw there; write a method")
        return copy.deepcopy(value, memo)
    except (TypeError, ValueError, RecursionError, copy.Error) as error:
        raise UsageError(f"{where} cannot be copied: {error}") from None


def _remembers(value: Any) -> bool:
    """Whether a value is, or a container in it holds, a function with variables of its surroundings."""
    if isinstance(value, FunctionType):
        return value.__closure__ is not None
    if isinstance(value, dict):
        return any(map(_remembers, value.values()))
    return isinstance(value, list | tuple | set | frozenset | deque) and any(map(_remembers, value))
