"""Whether models exist and are used."""

from __future__ import annotations

from collections.abc import Iterator

from ..plan import PlanTree
from ..tree import atomic_nodes
from .findings import unknown


def known_models(plan: PlanTree) -> Iterator[str]:
    """Components are of models that exist."""
    for path, node in atomic_nodes(plan):
        if node.model not in plan.models:
            yield f"The component {path}: {unknown('model', node.model, plan.models)}."


def used_models(plan: PlanTree) -> Iterator[str]:
    """Every model has a component."""
    used = {node.model for _, node in atomic_nodes(plan)}
    for name in plan.models:
        if name not in used:
            yield f"The model {name} is used by no component; add a component or remove the model."
