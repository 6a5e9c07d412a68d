"""A plan in which some components have another class. Assembles nothing, and does not look into the class."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from gsim_devs.contracts import AtomicNode, Component, CoupledNode, PlanTree, RootNode, snake_case
from gsim_devs.contracts.tree import atomic_nodes, below
from gsim_devs.errors import UsageError


class Swap(NamedTuple):
    """A plan with another class in some place."""

    plan: PlanTree
    sources: dict[str, str]
    model: str
    """What the class is called in the plan."""
    found: str
    """What it is called in its file."""


def swapped(plan: PlanTree, sources: Mapping[str, str], place: str, source: str) -> Swap:
    """Put another class in a place.

    Args:
        plan: how the system is divided.
        sources: the Python source of each model, by its name.
        place: the path of a component, whose copies are all meant; or a model, and all components of it are.
        source: the file with the class, which has the same ports and init arguments. Timers may be others.
    """
    nodes = dict(atomic_nodes(plan))
    chosen = [place] if place in nodes else [path for path, node in nodes.items() if node.model == place]
    if not chosen:
        raise UsageError(
            f"there is no component {place!r}; there are {', '.join(nodes)}, and the models {', '.join(plan.models)}"
        )
    old = nodes[chosen[0]].model
    found = _class(source)
    is_last = all(path in chosen for path, node in nodes.items() if node.model == old)
    new = old if is_last else _free(found, plan)
    specification = plan.models[old].model_copy(update={"orders": {}})
    models = {**plan.models, new: specification}
    root = _with_model(plan.root, "", frozenset(chosen), new)
    text = source if new == found else _renamed(source, found, new)
    return Swap(plan.model_copy(update={"models": models, "root": root}), {**sources, new: text}, new, found)


def _class(source: str) -> str:
    """The name of the one class in a file that is a component."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"it is not Python: {error}") from None
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    atomic = [node.name for node in classes if any(ast.unparse(base) == "Atomic" for base in node.bases)]
    if len(atomic) != 1:
        what = (
            f"{len(atomic)} classes derived from Atomic: {', '.join(atomic)}"
            if atomic
            else "no class derived from Atomic"
        )
        raise UsageError(f"it has {what}; wanted is one")
    return atomic[0]


def _free(name: str, plan: PlanTree) -> str:
    """The name of a class, or if there is a model or a file of that name already, one like it."""
    taken = {snake_case(model) for model in (*plan.models, *plan.messages)}
    number, tried = 1, name
    while snake_case(tried) in taken:
        number += 1
        tried = f"{name}{number}"
    return tried


def _renamed(source: str, found: str, name: str) -> str:
    return f'{source.rstrip()}\n\n\nclass {name}({found}):\n    """As the plan calls it."""\n'


def _with_model(node: RootNode, path: str, chosen: frozenset[str], model: str) -> RootNode:
    children = tuple(_child(child, below(path, child.name), chosen, model) for child in node.children)
    return node.model_copy(update={"children": children})


def _child(node: Component, path: str, chosen: frozenset[str], model: str) -> Component:
    if isinstance(node, CoupledNode):
        children = tuple(_child(child, below(path, child.name), chosen, model) for child in node.children)
        return node.model_copy(update={"children": children})
    assert isinstance(node, AtomicNode)
    return node.model_copy(update={"model": model}) if path in chosen else node
