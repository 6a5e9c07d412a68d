"""Everything that the writer of one component is told, taken from a plan and a contract.

It does not grow with the system.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gsim_devs.contracts import (
    ArgumentBinding,
    Contract,
    CopyBinding,
    Emission,
    MessageType,
    ModelSpecification,
    ParameterBinding,
    PlanTree,
    ValueBinding,
    atomics,
    snake_case,
)
from gsim_devs.contracts.arguments import (
    Argument,
    BooleanArgument,
    ChoiceArgument,
    DurationArgument,
    FileArgument,
    IntegerArgument,
    NumberArgument,
)
from gsim_devs.contracts.events import EventKind
from gsim_devs.contracts.type_expressions import names_in, parse_type
from gsim_devs.contracts.values import Bound, BoundedValue


@dataclass(frozen=True, slots=True)
class Reported:
    """An event that a component reports."""

    kind: EventKind
    entity: str | None
    """The entity that it has to name; None: its own."""


@dataclass(frozen=True, slots=True)
class Commission:
    """One component to be written."""

    model: str
    specification: ModelSpecification
    sentences: Sequence[str]
    """What the specification says that it must keep."""
    messages: Mapping[str, MessageType]
    """The message types of its ports, and what these hold."""
    events: Sequence[Reported]
    bindings: Mapping[str, str]
    """Where each init argument comes from, in words."""
    samples: Mapping[str, Any]
    """A value for each init argument, as a run with all defaults would give it."""
    unit: str
    """The unit of time."""
    seen: Sequence[str] = field(default=())
    """Defects of other components of the same run."""

    @property
    def file(self) -> str:
        """Where it belongs."""
        return f"components/{snake_case(self.model)}.py"


def commission(plan: PlanTree, model: str, contract: Contract, sentences: Sequence[str]) -> Commission:
    """What there is to say of one model of a plan."""
    specification = plan.models[model]
    ports = (*specification.inputs.values(), *specification.outputs.values())
    return Commission(
        model=model,
        specification=specification,
        sentences=tuple(sentences),
        messages=_messages(plan, [port.message for port in ports]),
        events=tuple(_events(plan, model, contract)),
        bindings={name: _told(plan, model, name, contract) for name in specification.arguments},
        samples={name: _sample(plan, model, name, contract) for name in specification.arguments},
        unit=contract.time.unit,
    )


def message_lines(messages: Mapping[str, MessageType]) -> list[str]:
    """Message types as the writer sees them."""
    lines = []
    for name, one in messages.items():
        lines += [f"class {name}:" + (f"  # {' '.join(one.about.split())}" if one.about else "")]
        lines += [f"    {field_name}: {kind}" for field_name, kind in one.fields.items()] or ["    pass"]
    return lines


def skeleton(one: Commission) -> list[str]:
    """The class without its methods' bodies."""
    specification = one.specification
    lines = [f"class {one.model}(Atomic):"]
    lines += [f"    {name} = Input({port.message})" for name, port in specification.inputs.items()]
    lines += [f"    {name} = Output({port.message})" for name, port in specification.outputs.items()]
    if specification.arguments:
        arguments = ", ".join(f"{name}: {kind}" for name, kind in specification.arguments.items())
        lines += [f"    def __init__(self, {arguments}) -> None: ..."]
    lines += [
        f"    def on_{name}(self, message: {port.message}) -> None: ..."
        for name, port in specification.inputs.items()
    ]
    return [*lines, *(["    ..."] if len(lines) == 1 else [])]


def event_lines(one: Commission) -> list[str]:
    """The events as the writer sees them."""
    lines = []
    for reported in one.events:
        kind = reported.kind
        optional = f"; may be missing: {', '.join(kind.optional)}" if kind.optional else ""
        entity = f', with entity="{reported.entity}"' if reported.entity else ""
        when = f": {kind.when}" if kind.when else ""
        if kind.at_end:
            when += ". It closes the run: emit it in `stop(self)`, which is called once at the end"
        payload = json.dumps(dict(kind.payload), ensure_ascii=False)
        lines.append(f"`{kind.event}`{entity}{when}. Payload: {payload}{optional}")
    return lines


def port_lines(one: Commission) -> list[str]:
    """The ports as the writer sees them."""
    specification = one.specification
    lines = [
        f"input `{name}` ({port.message}): {port.protocol}" for name, port in specification.inputs.items()
    ]
    for name, port in specification.outputs.items():
        first = " It sends the first message by itself." if port.initial else ""
        lines.append(f"output `{name}` ({port.message}): {port.protocol}{first}")
    return lines


def _messages(plan: PlanTree, names: Sequence[str]) -> dict[str, MessageType]:
    """These message types and all that they hold."""
    found: dict[str, MessageType] = {}
    pending = list(names)
    while pending:
        name = pending.pop(0)
        if name in plan.messages and name not in found:
            found[name] = plan.messages[name]
            for text in found[name].fields.values():
                expression = parse_type(text)
                pending += names_in(expression) if expression is not None else ()
    return found


def _events(plan: PlanTree, model: str, contract: Contract) -> list[Reported]:
    spoken = {node.speaks_for for _, node, _ in atomics(plan) if node.model == model}
    found = []
    for emission in plan.models[model].emits:
        named = emission.entity if isinstance(emission, Emission) else None
        event = emission.event if isinstance(emission, Emission) else emission
        for kind in contract.events:
            if kind.event == event and (set(kind.entities) & ({named} if named else spoken)):
                found.append(Reported(kind, named))
                break
    return found


def _told(plan: PlanTree, model: str, name: str, contract: Contract) -> str:
    told = []
    for path, node, _ in atomics(plan):
        if node.model != model:
            continue
        binding = node.arguments.get(name)
        if isinstance(binding, ArgumentBinding):
            about = getattr(contract.arguments.get(binding.argument), "help", "")
            told.append(f"the argument {binding.argument} of the run" + (f" ({about})" if about else ""))
        elif isinstance(binding, ParameterBinding):
            told.append(f"the parameter {binding.parameter}")
        elif isinstance(binding, ValueBinding):
            told.append(f"{json.dumps(binding.value)} for {path}")
        elif isinstance(binding, CopyBinding):
            told.append("the number of the copy, from 1")
    return "; ".join(dict.fromkeys(told))


def _sample(plan: PlanTree, model: str, name: str, contract: Contract) -> Any:
    from gsim_devs.runtime.values import take

    binding = next((node.arguments.get(name) for _, node, _ in atomics(plan) if node.model == model), None)
    if isinstance(binding, ValueBinding):
        return binding.value
    if isinstance(binding, CopyBinding):
        return 1
    if isinstance(binding, ParameterBinding):
        return contract.parameters[binding.parameter].value
    assert isinstance(binding, ArgumentBinding)
    argument = contract.arguments[binding.argument]
    default = getattr(argument, "default", None)
    if default is None:
        return _sample_of(argument, contract)
    if isinstance(argument, FileArgument):
        return tuple(default) if argument.format in ("csv", "jsonl") else default
    return take(argument.model_dump(mode="json"), default, contract.time.unit)


def _sample_of(argument: Argument, contract: Contract) -> Any:
    """A value that the declaration allows; a pattern of a text is not heeded."""
    if isinstance(argument, IntegerArgument):
        low, high = _bounds(argument, contract, whole=True)
        return int(max(low, min(3, high)))
    if isinstance(argument, NumberArgument | DurationArgument):
        return float(_amount(*_bounds(argument, contract, whole=False)))
    if isinstance(argument, ChoiceArgument):
        return argument.choices[0]
    if isinstance(argument, FileArgument):
        return {"text": "", "json": {}}.get(argument.format, ())
    return True if isinstance(argument, BooleanArgument) else "x"


def _amount(low: float, high: float) -> float:
    """3 where that is well within the bounds."""
    if low < 3 < high:
        return 3.0
    if math.isinf(high):
        return low + max(1.0, abs(low))
    return high - max(1.0, abs(high)) if math.isinf(low) else low / 2 + high / 2


def _bounds(argument: BoundedValue, contract: Contract, whole: bool) -> tuple[float, float]:
    """The least and the greatest value; of whole numbers both are allowed."""
    low, high = -math.inf, math.inf
    for key, bound in argument.bounds.items():
        limit = _limit(bound, contract)
        if limit is None:
            continue
        if key.endswith("minimum"):
            end = math.floor(limit) + 1 if key.startswith("exclusive") else math.ceil(limit)
            low = max(low, end if whole else limit)
        else:
            end = math.ceil(limit) - 1 if key.startswith("exclusive") else math.floor(limit)
            high = min(high, end if whole else limit)
    return low, high


def _limit(bound: Bound, contract: Contract) -> float | None:
    """The number that a bound stands for; None where it is the value of an argument that must be given."""
    from gsim_devs.runtime.values import take

    if not isinstance(bound, str):
        return bound
    other = contract.arguments[bound]
    default = getattr(other, "default", None)
    return None if default is None else take(other.model_dump(mode="json"), default, contract.time.unit)
