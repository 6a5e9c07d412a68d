"""The reply that a language model would give to have a plan made: the way back of `plan_of`."""

from __future__ import annotations

import json
from typing import Any

from gsim_devs.contracts import (
    ArgumentBinding,
    AtomicNode,
    CopyBinding,
    Emission,
    ParameterBinding,
    PlanTree,
    Port,
)
from gsim_devs.contracts.plan import Coupled
from gsim_devs.contracts.tree import below, coupled_nodes


def reply_of(plan: PlanTree, sentences: int = 0) -> dict[str, Any]:
    """Its first model keeps all the sentences."""
    first = next(iter(plan.models))
    return {
        "thoughts": "",
        "messages": [
            {
                "name": name,
                "about": one.about,
                "fields": [{"name": field, "type": kind} for field, kind in one.fields.items()],
            }
            for name, one in plan.messages.items()
        ],
        "models": [
            {
                "name": name,
                "sentences": list(range(1, sentences + 1)) if name == first else [],
                "function": one.function,
                "logging": one.logging,
                "emits": [
                    {"event": event.event, "entity": event.entity}
                    if isinstance(event, Emission)
                    else {"event": event, "entity": None}
                    for event in one.emits
                ],
                "arguments": [{"name": key, "type": kind} for key, kind in one.arguments.items()],
                "inputs": ports(one.inputs),
                "outputs": [
                    {**port, "sends_first": one.outputs[port["name"]].initial} for port in ports(one.outputs)
                ],
                "timers": [{"name": key, "expires": "", "order": order} for key, order in one.orders.items()],
                "split": False,
            }
            for name, one in plan.models.items()
        ],
        "inputs": ports(plan.root.inputs),
        "components": [
            component(path, child) for path, coupled in coupled_nodes(plan) for child in coupled.children
        ],
        "couplings": [
            {"within": path, "source": one.source, "target": one.target, "each": one.pairing == "each"}
            for path, coupled in coupled_nodes(plan)
            for one in coupled.couplings
        ],
        "unused": [below(path, end) for path, coupled in coupled_nodes(plan) for end in coupled.unused],
        "rest": [],
    }


def ports(declared: dict[str, Port]) -> list[dict[str, Any]]:
    return [{"name": key, "message": one.message, "protocol": one.protocol} for key, one in declared.items()]


def component(path: str, child: AtomicNode | Coupled) -> dict[str, Any]:
    is_atomic = isinstance(child, AtomicNode)
    copies = child.copies if is_atomic else None
    return {
        "name": child.name,
        "within": path,
        "model": child.model if is_atomic else None,
        "entity": child.entity if is_atomic else None,
        "copies": copies if isinstance(copies, int) else None,
        "copies_argument": copies.argument if isinstance(copies, ArgumentBinding) else None,
        "arguments": [binding(*one) for one in child.arguments.items()] if is_atomic else [],
        "inputs": [] if is_atomic else ports(child.inputs),
        "outputs": [] if is_atomic else ports(child.outputs),
    }


def binding(name: str, bound: Any) -> dict[str, str]:
    if isinstance(bound, ArgumentBinding):
        return {"name": name, "source": "argument", "value": bound.argument}
    if isinstance(bound, ParameterBinding):
        return {"name": name, "source": "parameter", "value": bound.parameter}
    if isinstance(bound, CopyBinding):
        return {"name": name, "source": "copy", "value": ""}
    return {"name": name, "source": "value", "value": json.dumps(bound.value)}
