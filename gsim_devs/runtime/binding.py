"""Give every component its place in a kernel and lay the leads between them; refuse a model that cannot run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeAlias
from weakref import WeakSet

import xdevs.models

from .atomic import Atomic, Seat
from .clock import Timeline
from .errors import ModelError
from .ports import Port, carries, type_name
from .promises import broken_promises
from .wiring import Wiring, flatten

Lead: TypeAlias = "tuple[Classic, list[Any]]"
"""To a classic component: which, and the bag of its input port."""

# What happened to a classic component in this round; both is their sum.
FIRED, FED, BOTH = 1, 2, 3

_PLACES = 1 << 20
# Components that a kernel has: a second one would share their ports and their state.
_taken: WeakSet[xdevs.models.Component] = WeakSet()


class Classic:
    """The place of a component in xdevs' own style: time advance, output and transition functions."""

    __slots__ = (
        "bags",
        "entry",
        "last",
        "mixed",
        "model",
        "mute",
        "only",
        "outlets",
        "own_advance",
        "path",
        "plain_confluent",
        "rank",
        "stirred",
    )

    def __init__(self, model: xdevs.models.Atomic, path: str, rank: int) -> None:
        self.model = model
        self.path = path
        self.rank = rank
        # xdevs fills and clears these in place, so they can be held.
        # Tuples: the empty one is shared, and a short one lies in one piece. Large models live in the cache or wait.
        self.bags: tuple[list[Any], ...] = tuple([port._bag for port in model.in_ports])
        self.mixed: tuple[tuple[list[Any], dict[Any, int]], ...] = ()
        """The bags that several ports may lie in, with the place of each."""
        self.outlets: tuple[tuple[Any, Any, list[Lead], list[Any]], ...] = ()
        """Each output port that leads somewhere, what lies in it, and where it leads."""
        self.mute: tuple[Any, ...] = ()
        """What lies in those that lead nowhere: it is thrown away."""
        self.own_advance = type(model).ta is not xdevs.models.Atomic.ta
        self.plain_confluent = type(model).deltcon is xdevs.models.Atomic.deltcon
        self.entry: list[Any] | None = None
        self.last = 0
        self.stirred = 0
        self.only: tuple[Any, Any, Classic, list[Any]] | None = None
        """The short way, where there is one output port and one taker: port, what lies in it, taker, its bag."""

    def sort(self) -> None:
        """Bring what arrived into the order of the couplings."""
        for bag, places in self.mixed:
            if len(bag) > 1:
                bag.sort(key=places.__getitem__)


@dataclass(eq=False)
class Leads:
    """Where the messages of one source port go."""

    port: xdevs.models.Port[Any]
    bags: list[Lead] = field(default_factory=list)
    listeners: list[tuple[int, Seat, Callable[[Any], None]]] = field(default_factory=list)
    only: None = None
    """A component inside the model may have a short way to its only target; the outside has none."""

    @cached_property
    def is_plain(self) -> bool:
        """Whether it leads to classic components only, and to each of them once."""
        return not self.listeners and len({id(node) for node, _ in self.bags}) == len(self.bags)


def bind(
    model: xdevs.models.Component,
    line: Timeline,
    seed: int,
    replication: int,
    leave: Callable[[str, Any], None] | None,
) -> tuple[list[Any], dict[str, Leads]]:
    """The places of all atomic components in order, and the leads of the model's own input ports."""
    wiring = flatten(model)
    defects = [defect for part in wiring.parts for defect in _defects(part.path, part.component)]
    if defects:
        raise ModelError(*defects)
    _taken.update(part.component for part in wiring.parts)
    nodes: list[Any] = []
    places: dict[xdevs.models.Component, Any] = {}
    for rank, part in enumerate(wiring.parts):
        node: Any
        if isinstance(part.component, Atomic):
            node = part.component._seat
            node.path, node.rank, node.timeline = part.path, rank, line
            node.seed, node.replication = seed, replication
        else:
            node = Classic(part.component, part.path, rank)
        nodes.append(node)
        places[part.component] = node
    leads = _leads(wiring, places)
    if leave is not None:
        _lead_out(model, wiring, leads, leave, line, len(nodes))
    _install(nodes, leads)
    return nodes, {port.name: leads.get(port) or Leads(port) for port in model.in_ports}


def _defects(path: str, model: xdevs.models.Atomic) -> list[str]:
    if model in _taken:
        return [f"{path} already runs in another kernel; build a new model for each"]
    return broken_promises(path, model) if isinstance(model, Atomic) else []


def _leads(wiring: Wiring, nodes: dict[xdevs.models.Component, Any]) -> dict[xdevs.models.Port[Any], Leads]:
    leads: dict[xdevs.models.Port[Any], Leads] = {}
    for part in wiring.parts:
        node = nodes[part.component]
        for number, target in enumerate(part.component.in_ports):
            sources = wiring.sources.get(target, [])
            if isinstance(node, Classic) and len(set(sources)) > 1:
                node.mixed += ((target._bag, _places(sources)),)
            for place, source in enumerate(sources):
                lead = leads.setdefault(source, Leads(_stand_in(source) if source is target else source))
                if isinstance(node, Classic):
                    lead.bags.append((node, target._bag))
                else:
                    handler = _handler(node.model, source, target)
                    lead.listeners.append((number * _PLACES + place, node, handler))
    return leads


def _stand_in(port: xdevs.models.Port[Any]) -> xdevs.models.Port[Any]:
    """Where messages from outside lie when the model is a single component: a port cannot refer to itself."""
    return xdevs.models.Port(port.p_type, port.name)


def _places(sources: list[xdevs.models.Port[Any]]) -> dict[Any, Any]:
    """Where each source stands among those of one port."""
    rows = _Turns()
    for place, source in enumerate(sources):
        rows.setdefault(source, deque()).append(place)
    if len(rows) < len(sources):
        return rows
    return {source: row[0] for source, row in rows.items()}


class _Turns(dict[Any, Any]):
    """The places of sources that come by several ways: one lies in the bag once for each way, or not at all."""

    def __getitem__(self, source: Any) -> int:
        row: deque[int] = super().__getitem__(source)
        row.rotate(-1)
        return row[-1]


def _handler(
    model: Atomic, source: xdevs.models.Port[Any], target: xdevs.models.Port[Any]
) -> Callable[[Any], None]:
    """The method that takes a port's messages; it looks at each where the source promises no type."""
    handler: Callable[[Any], None] = getattr(model, f"on_{target.name}")
    if source.p_type is None and target.p_type is not None:
        taking = partial(_take, target, handler)
        taking.__name__ = handler.__name__  # type: ignore[attr-defined]
        return taking
    return handler


def _take(target: xdevs.models.Port[Any], handler: Callable[[Any], None], message: Any) -> None:
    if not carries(target.p_type, message):
        raise TypeError(f"{target.name} takes {type_name(target.p_type)}, not {type(message).__name__}")
    handler(message)


def _lead_out(
    model: xdevs.models.Component,
    wiring: Wiring,
    leads: dict[xdevs.models.Port[Any], Leads],
    leave: Callable[[str, Any], None],
    line: Timeline,
    rank: int,
) -> None:
    """Lead the model's own outputs to whoever watches them, after everything else in the round."""
    outside = Seat(Atomic())
    outside.path, outside.rank, outside.timeline = model.name, rank, line
    for number, port in enumerate(model.out_ports):
        for place, source in enumerate(wiring.sources.get(port, [port])):
            lead = leads.setdefault(source, Leads(source))
            lead.listeners.append((number * _PLACES + place, outside, partial(leave, port.name)))


def _install(nodes: list[Any], leads: dict[xdevs.models.Port[Any], Leads]) -> None:
    for node in nodes:
        for port in node.model.out_ports:
            lead = leads.get(port)
            if isinstance(node, Seat):
                _install_port(port, lead or Leads(port))
            elif lead is None:
                node.mute += (port._values,)
            else:
                node.outlets += ((port, port._values, lead.bags, lead.listeners),)
        if isinstance(node, Classic):
            node.only = _only(node)


def _install_port(port: Port[Any], lead: Leads) -> None:
    port.routes = lead.listeners
    port.classic_routes = lead.bags
    if len(lead.listeners) == 1 and not lead.bags:
        port.only = lead.listeners[0][1:]


def _only(node: Classic) -> tuple[Any, Any, Classic, list[Any]] | None:
    if len(node.outlets) != 1 or node.mute or node.own_advance:
        return None
    port, values, bags, listeners = node.outlets[0]
    if len(bags) != 1 or listeners or bags[0][0] is node:
        return None
    return port, values, *bags[0]
