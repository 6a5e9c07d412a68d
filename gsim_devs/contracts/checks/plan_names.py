"""Whether the names in a plan can be names in code, and tell apart what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..names import attribute_defect, class_defect, snake_case, snake_defect
from ..plan import AtomicNode, PlanTree
from ..tree import coupled_nodes
from .findings import of


def class_names(plan: PlanTree) -> Iterator[str]:
    """Messages, models and coupled models are classes; each needs a name of its own."""
    named = [("message type", name) for name in plan.messages]
    named += [("model", name) for name in plan.models]
    named += [("coupled class", coupled.class_name) for _, coupled in coupled_nodes(plan)]
    first: dict[str, str] = {}
    for what, name in named:
        if cause := class_defect(name):
            yield f"The {what} name {name!r} {cause}."
        if name in first:
            yield f"The {what} {name!r} has the name of a {first[name]}; every class needs a name of its own."
        first.setdefault(name, what)


def model_files(plan: PlanTree) -> Iterator[str]:
    """Every model is a file; two models may not become the same one."""
    first: dict[str, str] = {}
    for name in plan.models:
        file = snake_case(name)
        if file in first:
            yield f"The models {first[file]!r} and {name!r} would be the same file, components/{file}.py."
        first.setdefault(file, name)


def child_names(plan: PlanTree) -> Iterator[str]:
    """Names of children are identifiers."""
    for path, coupled in coupled_nodes(plan):
        for name in dict.fromkeys(child.name for child in coupled.children):
            if cause := attribute_defect(name):
                yield f"The child name {name!r} {of(path)} {cause}."


def siblings(plan: PlanTree) -> Iterator[str]:
    """Siblings have different names, the numbered names of copies included."""
    for path, coupled in coupled_nodes(plan):
        names = [child.name for child in coupled.children]
        for name in _repeated(names):
            yield f"{names.count(name)} children {of(path)} are called {name!r}; siblings need different names."
        for child in coupled.children:
            if isinstance(child, AtomicNode) and child.copies is not None:
                for other in names:
                    if other.removeprefix(f"{child.name}_").isdigit():
                        yield f"The child {other!r} {of(path)} has the name of a copy of {child.name!r}; rename one."


def member_names(plan: PlanTree) -> Iterator[str]:
    """Ports, init arguments and timers of a model are identifiers, all different, none of them the runtime's."""
    for name, model in plan.models.items():
        members = {"input": model.inputs, "output": model.outputs, "init argument": model.arguments}
        for what, held in members.items():
            for member in held:
                if cause := attribute_defect(member):
                    yield f"The {what} {member!r} of the model {name} {cause}."
        for timer in model.orders:
            if cause := attribute_defect(timer):
                yield f"The timer {timer!r} in the orders of the model {name} {cause}."
            elif timer.removeprefix("on_") in model.inputs and timer.startswith("on_"):
                yield f"The timer {timer!r} of the model {name} has the name of an input's handler; rename the timer."
        for member in _repeated([*model.inputs, *model.outputs, *model.arguments]):
            yield f"The model {name} uses the name {member!r} twice among its ports and init arguments."


def coupled_ports(plan: PlanTree) -> Iterator[str]:
    """The same for the ports of coupled models."""
    for path, coupled in coupled_nodes(plan):
        for port in dict.fromkeys([*coupled.inputs, *coupled.outputs]):
            if cause := attribute_defect(port):
                yield f"The port {port!r} {of(path)} {cause}."
        for port in _repeated([*coupled.inputs, *coupled.outputs]):
            yield f"The port {port!r} {of(path)} is both an input and an output; rename one."


def message_fields(plan: PlanTree) -> Iterator[str]:
    """The fields of messages are identifiers."""
    for name, message in plan.messages.items():
        for field in message.fields:
            if cause := snake_defect(field):
                yield f"The field {field!r} of the message type {name} {cause}."


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return list(dict.fromkeys(name for name in names if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
