"""`system.py` of a simulator: its settings, and the coupled models of a plan, inner ones first.

Couplings are written in the order of the plan, which is the order in which messages arrive. A coupling of copies goes
through the copies of its source, and for each of these through those of its target.
"""

from __future__ import annotations

from gsim_devs.contracts import AtomicNode, Contract, CoupledNode, PlanTree, RootNode, snake_case

from .code import Atom, Call, import_of, module_key, module_text, statement
from .prose import docstring
from .settings_class import holds_any, settings_class
from .wiring import wiring


def system_text(plan: PlanTree, contract: Contract) -> str:
    """Write the file for a plan without defects."""
    coupled = _inner_first(plan.root)
    lines = docstring(f"{contract.title}: how the components are joined")
    lines += ["", "from __future__ import annotations", "", *_imports(coupled, contract)]
    lines += ["", "", *settings_class(contract)]
    for node in coupled:
        lines += ["", "", *_coupled_class(node)]
    return module_text([*lines, "", "", *_build(plan.root.class_name)])


def _inner_first(node: RootNode | CoupledNode) -> list[RootNode | CoupledNode]:
    inner = [child for child in node.children if isinstance(child, CoupledNode)]
    return [*(held for child in inner for held in _inner_first(child)), node]


def _imports(coupled: list[RootNode | CoupledNode], contract: Contract) -> list[str]:
    models = {child.model for node in coupled for child in node.children if isinstance(child, AtomicNode)}
    messages = {port.message for node in coupled for port in (*node.inputs.values(), *node.outputs.values())}
    runtime = {"Coupled"}
    runtime |= {"Input" for node in coupled if node.inputs}
    runtime |= {"Output" for node in coupled if node.outputs}
    own = {f"components.{snake_case(model)}": {model} for model in models} | {"runtime": runtime}
    if messages:
        own["messages"] = messages
    lines = [
        "from dataclasses import dataclass",
        *(["from typing import Any"] if holds_any(contract) else []),
        "",
    ]
    return [*lines, *(line for name in sorted(own, key=module_key) for line in import_of(name, own[name]))]


def _coupled_class(node: RootNode | CoupledNode) -> list[str]:
    made_of = f"Made of {', '.join(child.name for child in node.children)}"
    lines = [f"class {node.class_name}(Coupled):", *docstring(node.about or made_of, 4), ""]
    ports = [("Input", name, port) for name, port in node.inputs.items()]
    ports += [("Output", name, port) for name, port in node.outputs.items()]
    for direction, name, port in ports:
        lines += statement(f"{name} = ", Call(direction, (Atom(port.message),)), "", 4)
    return [*lines, *([""] if ports else []), *wiring(node)]


def _build(root: str) -> list[str]:
    return [
        f"def build(settings: Settings) -> {root}:",
        '    """Build the whole system."""',
        f"    return {root}(settings)",
    ]
