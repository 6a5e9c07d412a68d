"""A plan for people: as a tree in the terminal, as a Mermaid diagram, and who keeps which sentence."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten

from gsim_devs.contracts import AtomicNode, Component, PlanTree, atomics
from gsim_devs.contracts.plan import Coupled
from gsim_devs.contracts.tree import PortOf, below, leads

from .draft import Draft


def as_tree(plan: PlanTree) -> str:
    """The components, indented, with what they are and what they report."""
    lines = [f"{plan.root.name}  {plan.root.about}".rstrip()]
    lines += _branches(plan, plan.root, "")
    return "".join(f"{_printable(line)}\n" for line in lines)


def as_mermaid(plan: PlanTree) -> str:
    """A flowchart: a box for each atomic component, an arrow with the type of its messages for each way between two."""
    lines = ["flowchart LR"]
    lines += [f"  in_{name}([{name}])" for name in plan.root.inputs]
    lines += [f"  out_{name}([{name}])" for name in plan.root.outputs]
    lines += _boxes(plan.root, "", "  ")
    lines += [f"  {source} -->|{message}| {target}" for source, message, target in _arrows(plan)]
    return "".join(f"{_printable(line)}\n" for line in lines)


def coverage(draft: Draft) -> str:
    """Every sentence of the specification with the models that keep it, or the reason why none needs to."""
    keepers: dict[int, list[str]] = {}
    for model, part in draft.parts.items():
        for number in part.sentences:
            keepers.setdefault(number, []).append(model)
    lines = []
    for number, sentence in enumerate(draft.text.sentences, 1):
        who = ", ".join(keepers.get(number, ())) or f"- ({draft.rest.get(number, 'nobody')})"
        lines.append(f"[{number}] {shorten(' '.join(sentence.split()), 70, placeholder=' …')}")
        lines.append(f"      {who}")
    return "".join(f"{_printable(line)}\n" for line in lines)


def _branches(plan: PlanTree, coupled: Coupled, indent: str) -> Iterator[str]:
    for index, child in enumerate(coupled.children):
        is_last = index == len(coupled.children) - 1
        corner, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield f"{indent}{corner}{_told(plan, child)}"
        if not isinstance(child, AtomicNode):
            yield from _branches(plan, child, indent + below)


def _told(plan: PlanTree, child: Component) -> str:
    if not isinstance(child, AtomicNode):
        return f"{child.name}  {child.about}".rstrip()
    events = [
        one if isinstance(one, str) else f"{one.entity}.{one.event}" for one in plan.models[child.model].emits
    ]
    copies = ""
    if child.copies is not None:
        copies = f" x {child.copies if isinstance(child.copies, int) else child.copies.argument}"
    return f"{child.name}: {child.model}{copies}" + (f"  reports {', '.join(events)}" if events else "")


def _boxes(coupled: Coupled, place: str, indent: str) -> Iterator[str]:
    for child in coupled.children:
        path = below(place, child.name)
        if isinstance(child, AtomicNode):
            yield f'{indent}{_box(path)}["{child.name}<br/>{child.model}"]'
        else:
            yield f"{indent}subgraph {_box(path)} [{child.name}]"
            yield from _boxes(child, path, f"{indent}  ")
            yield f"{indent}end"


def _arrows(plan: PlanTree) -> Iterator[tuple[str, str, str]]:
    """Source, message and target of each way from one atomic component to another, or from or to the outside."""
    ways = leads(plan)
    sources = [("", name, port.message) for name, port in plan.root.inputs.items()]
    sources += [
        (path, name, port.message) for path, _, model in atomics(plan) for name, port in model.outputs.items()
    ]
    ends = {path for path, _, _ in atomics(plan)}
    for path, name, message in sources:
        for target, port in _reached(ways, (path, name), ends):
            yield _box(path) if path else f"in_{name}", message, _box(target) if target else f"out_{port}"


def _reached(ways: dict[PortOf, list[PortOf]], source: PortOf, ends: set[str]) -> Iterator[PortOf]:
    for place in ways.get(source, ()):
        if not place[0] or place[0] in ends:
            yield place
        else:
            yield from _reached(ways, place, ends)


def _box(path: str) -> str:
    return path.replace(".", "_")


def _printable(line: str) -> str:
    """A line that moves no cursor: what a language model says may hold anything."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in line)
