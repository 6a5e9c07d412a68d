"""Whether the sources of components are what a plan and a contract say. Reads them; runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract, PlanTree


def component_defects(plan: PlanTree, contract: Contract, folder: Path) -> dict[Path, list[str]]:
    """What is wrong, by file; a model without a file is passed over. The plan must be sound."""
    from gsim_devs.contracts import snake_case
    from gsim_devs.generation import commission, interface_findings

    found: dict[Path, list[str]] = {}
    for model, specification in plan.models.items():
        path = folder / f"{snake_case(model)}.py"
        if not path.is_file():
            continue
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            found[path] = ["It is not UTF-8 text."]
            continue
        sentences = interface_findings(source, commission(plan, model, contract, []))
        if sentences := sentences or list(_orders(source, model, specification.orders)):
            found[path] = sentences
    return found


def _orders(source: str, model: str, planned: Mapping[str, int]) -> Iterator[str]:
    """Timers that are set with another order than the plan gives them."""
    tree = next(one for one in ast.parse(source).body if isinstance(one, ast.ClassDef) and one.name == model)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("self.after", "self.at"):
            continue
        timer = ast.unparse(node.args[1]).removeprefix("self.")
        order = next((held.value for held in node.keywords if held.arg == "order"), ast.Constant(0))
        if isinstance(order, ast.Constant) and order.value != planned.get(timer, 0):
            wanted = planned.get(timer, "0, as for every timer that is not among the model's orders")
            yield f"Line {node.lineno}: {timer} is set with order {order.value!r}; the plan says {wanted}."
