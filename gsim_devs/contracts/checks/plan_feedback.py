"""Whether some component of every feedback loop sends first (else all of them wait for ever)."""

from __future__ import annotations

from collections.abc import Iterator

from ..plan import PlanTree
from ..tree import PortOf, atomics, leads
from .graphs import cycles, reached


def cold_start(plan: PlanTree) -> Iterator[str]:
    """In no circle of components does everybody wait for a first message.

    A component can send once it has got something, by itself (an output with `initial: true`), or because it has no
    input that could make it.
    """
    graph = _components_fed(plan)
    models = {path: model for path, _, model in atomics(plan)}
    starters = [
        path
        for path, model in models.items()
        if not model.inputs or any(port.initial for port in model.outputs.values())
    ]
    alive = reached(graph, [*starters, *graph.get("", ())])
    waiting = {
        path: [following for following in graph[path] if following not in alive]
        for path in models
        if path not in alive
    }
    for cycle in cycles(waiting):
        yield (
            f"Nobody sends first in the feedback loop {' -> '.join([*cycle, cycle[0]])}: all of them wait for a "
            "message; mark the output that starts it with `initial: true`, or feed the loop from outside."
        )


def _components_fed(plan: PlanTree) -> dict[str, list[str]]:
    """Which atomic components each feeds, through the ports of coupled models; the root is the empty path."""
    next_ports = leads(plan)
    outputs: dict[str, list[PortOf]] = {"": [("", port) for port in plan.root.inputs]}
    for path, _, model in atomics(plan):
        outputs[path] = [(path, port) for port in model.outputs]
    return {path: _receivers(next_ports, ports, set(outputs)) for path, ports in outputs.items()}


def _receivers(next_ports: dict[PortOf, list[PortOf]], ports: list[PortOf], atomic: set[str]) -> list[str]:
    found: dict[str, None] = {}
    seen: set[PortOf] = set(ports)
    pending = list(ports)
    while pending:
        for end in next_ports.get(pending.pop(0), ()):
            if end[0] in atomic:
                found[end[0]] = None
            elif end not in seen:
                seen.add(end)
                pending.append(end)
    return list(found)
