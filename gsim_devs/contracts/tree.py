"""Reading a plan: its components with their paths, who reports what, and where messages go.

Works on plans with defects too, because the checks read them: what cannot be resolved is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .plan import AtomicNode, CoupledNode, Emission, ModelSpecification, PlanTree, RootNode

PortOf = tuple[str, str]
"""The path of a component (empty: the root) and the name of one of its ports."""


class PlacedAtomic(NamedTuple):
    """An atomic component, where it stands, and its specification."""

    path: str
    """Names below the root, joined with dots; copies share the path without number."""
    node: AtomicNode
    model: ModelSpecification


def atomics(plan: PlanTree) -> Iterator[PlacedAtomic]:
    """The atomic components in the order of the plan; those whose model is unknown are left out."""
    for path, node in atomic_nodes(plan):
        if node.model in plan.models:
            yield PlacedAtomic(path, node, plan.models[node.model])


def atomic_nodes(plan: PlanTree) -> Iterator[tuple[str, AtomicNode]]:
    """The atomic nodes with their paths, in the order of the plan."""
    for path, coupled in coupled_nodes(plan):
        for child in coupled.children:
            if isinstance(child, AtomicNode):
                yield below(path, child.name), child


def coupled_nodes(plan: PlanTree) -> Iterator[tuple[str, RootNode | CoupledNode]]:
    """The coupled nodes with their paths, the root (empty path) first."""
    pending: list[tuple[str, RootNode | CoupledNode]] = [("", plan.root)]
    while pending:
        path, coupled = pending.pop(0)
        yield path, coupled
        pending += [
            (below(path, child.name), child) for child in coupled.children if isinstance(child, CoupledNode)
        ]


def emitters(plan: PlanTree) -> dict[tuple[str, str], list[str]]:
    """Who reports each (entity, event): the paths of the components."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, node, model in atomics(plan):
        for emission in model.emits:
            pair = (
                (emission.entity, emission.event)
                if isinstance(emission, Emission)
                else (node.speaks_for, emission)
            )
            found.setdefault(pair, []).append(path)
    return found


class Speakers(NamedTuple):
    """Who can be blamed for what stands on a trace, and for what is missing there."""

    emitters: Mapping[tuple[str, str], Sequence[str]]
    """The components that report each entity and event."""
    unheard: Mapping[str, Sequence[str]]
    """Of each component: those that feed it, directly or through each other, and report nothing themselves."""


def speakers(plan: PlanTree) -> Speakers:
    """Who reports what, and who is behind them."""
    ways = leads(plan)
    parts = {path: model for path, _, model in atomics(plan)}
    fed: dict[str, list[str]] = {}
    for path, model in parts.items():
        for name in model.outputs:
            for target in _ends(ways, (path, name), set(parts)):
                fed.setdefault(target, []).append(path)
    silent = {path for path, model in parts.items() if not model.emits}
    return Speakers(emitters(plan), {path: _behind(path, fed, silent) for path in parts})


def _ends(ways: Mapping[PortOf, list[PortOf]], source: PortOf, parts: set[str]) -> Iterator[str]:
    """The atomic components that a port leads to."""
    for place in ways.get(source, ()):
        if place[0] in parts:
            yield place[0]
        elif place[0]:
            yield from _ends(ways, place, parts)


def _behind(path: str, fed: Mapping[str, list[str]], silent: set[str]) -> list[str]:
    found: dict[str, None] = {}
    pending = [path]
    while pending:
        for source in fed.get(pending.pop(), ()):
            if source in silent and source not in found and source != path:
                found[source] = None
                pending.append(source)
    return list(found)


def leads(plan: PlanTree) -> dict[PortOf, list[PortOf]]:
    """Where the messages of each port go next, coupled models' own ports included."""
    found: dict[PortOf, list[PortOf]] = {}
    for path, coupled in coupled_nodes(plan):
        for coupling in coupled.couplings:
            found.setdefault(end_of(path, coupling.source), []).append(end_of(path, coupling.target))
    return found


def end_of(path: str, end: str) -> PortOf:
    """The port that one end of a coupling of the coupled model at `path` names."""
    child, dot, port = end.rpartition(".")
    return (below(path, child), port) if dot else (path, end)


def below(path: str, name: str) -> str:
    """The path of a child."""
    return f"{path}.{name}" if path else name
