"""`messages.py` of a simulator: the message types of a plan as frozen records."""

from __future__ import annotations

from gsim_devs.contracts import Contract, MessageType, PlanTree
from gsim_devs.contracts.type_expressions import TypeExpression, names_in, parse_type

from .code import module_text
from .prose import docstring, listed


def messages_text(plan: PlanTree, contract: Contract) -> str:
    """Write the file for a plan without defects."""
    if not plan.messages:
        return module_text(docstring(f"{contract.title}: the components send no messages"))
    lines = docstring(f"{contract.title}: what the components tell each other")
    lines += ["", "from __future__ import annotations", "", "from dataclasses import dataclass"]
    for name in _in_order_of_use(plan):
        lines += ["", "", *_message(name, plan.messages[name])]
    return module_text(lines)


def type_named(text: str) -> TypeExpression:
    """The type that a plan without defects names."""
    expression = parse_type(text)
    assert expression is not None
    return expression


def _message(name: str, message: MessageType) -> list[str]:
    carried = (
        f"Carries {listed(list(message.fields))}"
        if message.fields
        else "Carries nothing: it comes, that is all"
    )
    lines = ["@dataclass(frozen=True, slots=True)", f"class {name}:", *docstring(message.about or carried, 4)]
    if message.fields:
        lines.append("")
    return lines + [f"    {field}: {type_named(text)}" for field, text in message.fields.items()]


def _in_order_of_use(plan: PlanTree) -> list[str]:
    """What a message holds stands before it; apart from that, the order of the plan."""
    ordered: dict[str, None] = {}

    def place(name: str) -> None:
        if name in ordered:
            return
        for text in plan.messages[name].fields.values():
            for used in names_in(type_named(text)):
                if used in plan.messages:
                    place(used)
        ordered[name] = None

    for name in plan.messages:
        place(name)
    return list(ordered)
