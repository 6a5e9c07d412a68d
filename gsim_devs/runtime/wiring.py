"""Flatten a model: its atomic components in order, and what reaches each of their input ports, in order.

Refuses what xdevs lets pass: names that are not unique, a component in two places, couplings against the grain or
between ports of different types. Changes nothing in the model and runs nothing.

The order of components is that of their declaration, depth first. The order of the sources of a port is that of the
couplings that lead to it: inside the coupled component first, then from outside; where a source is a port of a
coupled component, that port's own sources stand in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xdevs.models import Atomic, Component, Coupled, Port

from .atomic import Atomic as HandlerStyle
from .errors import ModelError
from .ports import fits, type_name


@dataclass(frozen=True, slots=True)
class Part:
    """An atomic component and its path."""

    path: str
    component: Atomic


@dataclass(frozen=True)
class Wiring:
    """A model without its hierarchy."""

    parts: list[Part]
    components: list[Component]
    sources: dict[Port[Any], list[Port[Any]]]
    """For each input port of an atomic component and output port of the model: the ports that feed it."""


def flatten(root: Component) -> Wiring:
    """The wiring of a model, or a ModelError with everything that is wrong with it."""
    placed, defects = _walk(root)
    coupled = [component for _, component in placed if isinstance(component, Coupled)]
    feeds = {component: _feeds(component) for component in coupled}
    for path, component in placed:
        if isinstance(component, Coupled):
            defects += _bad_couplings(path or component.name, component)
    parts = [Part(path, component) for path, component in placed if isinstance(component, Atomic)]
    if defects:
        raise ModelError(*defects)
    sources = _all_sources(root, coupled, feeds)
    defects = list(_hidden_mismatches(parts, sources))
    if defects:
        raise ModelError(*defects)
    return Wiring(parts, [component for _, component in placed], sources)


def _walk(root: Component) -> tuple[list[tuple[str, Component]], list[str]]:
    """Every component with its path, each coupled one before its parts, and what is wrong with the names."""
    placed: list[tuple[str, Component]] = []
    defects: list[str] = []
    seen: dict[int, str] = {}
    waiting: list[tuple[str, Component]] = [("" if isinstance(root, Coupled) else root.name, root)]
    while waiting:
        path, component = waiting.pop()
        if id(component) in seen:
            defects.append(
                f"{path} is the same component as {seen[id(component)] or 'the model'}; make another one"
            )
            continue
        seen[id(component)] = path
        placed.append((path, component))
        if isinstance(component, Coupled):
            names: set[str] = set()
            for part in component.components:
                if part.name in names:
                    defects.append(f"{path or component.name} has two parts called {part.name!r}")
                names.add(part.name)
            waiting += [
                (f"{path}.{part.name}" if path else part.name, part)
                for part in reversed(component.components)
            ]
        elif not isinstance(component, Atomic):
            defects.append(f"{path} is a {type(component).__name__}, neither atomic nor coupled")
    return placed, defects


def _feeds(coupled: Coupled) -> dict[Port[Any], list[Port[Any]]]:
    """For each port that a coupling of this component leads to: where those couplings come from."""
    feeds: dict[Port[Any], list[Port[Any]]] = {}
    for source, target in _couplings(coupled):
        feeds.setdefault(target, []).append(source)
    return feeds


def _couplings(coupled: Coupled) -> Iterator[tuple[Port[Any], Port[Any]]]:
    """The couplings of one component: inner ones, from outside, to outside; each kind in the order made."""
    made = getattr(coupled, "wires", None)
    for kind in (coupled.ic, coupled.eic, coupled.eoc):
        if made is None:
            yield from ((source, target) for source, targets in kind.items() for target in targets)
        else:
            yield from (wire for wire in dict.fromkeys(made) if wire[1] in kind.get(wire[0], ()))


def _bad_couplings(path: str, coupled: Coupled) -> Iterator[str]:
    for source, target in _couplings(coupled):
        ends = f"{path}: the coupling {_name(source)} → {_name(target)}"
        if not _flows_out(source, coupled) or not _flows_in(target, coupled):
            yield f"{ends} goes the wrong way or joins a port that its component does not have"
        elif not fits(source.p_type, target.p_type):
            yield f"{ends} leads {type_name(source.p_type)} into a port for {type_name(target.p_type)}"
        elif source.parent is target.parent and not _is_classic(source.parent):
            yield f"{ends} feeds a component its own output in the same instant; keep it inside the component"


def _is_classic(component: Component | None) -> bool:
    """Whether it is in xdevs' own style; those may listen to themselves, as the cells of Cell-DEVS do."""
    return isinstance(component, Atomic) and not isinstance(component, HandlerStyle)


def _flows_out(port: Port[Any], coupled: Coupled) -> bool:
    """Whether messages come out of this port into the inside of the component."""
    owner = port.parent
    if owner is None:
        return False
    return any(port is own for own in (owner.in_ports if owner is coupled else owner.out_ports))


def _flows_in(port: Port[Any], coupled: Coupled) -> bool:
    owner = port.parent
    if owner is None:
        return False
    return any(port is own for own in (owner.out_ports if owner is coupled else owner.in_ports))


def _all_sources(
    root: Component, coupled: list[Coupled], feeds: dict[Coupled, dict[Port[Any], list[Port[Any]]]]
) -> dict[Port[Any], list[Port[Any]]]:
    """Follow couplings through all levels: outputs from the innermost outwards, then inputs from outside inwards."""
    sources: dict[Port[Any], list[Port[Any]]] = {port: [port] for port in root.in_ports}

    def expanded(feeding: list[Port[Any]]) -> list[Port[Any]]:
        if len(feeding) == 1 and feeding[0] in sources:
            return sources[feeding[0]]
        return [origin for port in feeding for origin in sources.get(port, [port])]

    for component in reversed(coupled):
        for port in component.out_ports:
            sources[port] = expanded(feeds[component].get(port, []))
    for component in coupled:
        for part in component.components:
            for port in part.in_ports:
                sources[port] = expanded(feeds[component].get(port, []))
    return sources


def _hidden_mismatches(parts: list[Part], sources: dict[Port[Any], list[Port[Any]]]) -> Iterator[str]:
    """Ports of different types that meet by way of ports for anything."""
    for part in parts:
        for port in part.component.in_ports:
            for source in sources.get(port, ()):
                if not fits(source.p_type, port.p_type):
                    yield (
                        f"{part.path}: {port.name} takes {type_name(port.p_type)}, "
                        f"but {_name(source)} leads {type_name(source.p_type)} into it"
                    )


def _name(port: Port[Any]) -> str:
    return f"{port.parent.name if port.parent else '?'}.{port.name}"
