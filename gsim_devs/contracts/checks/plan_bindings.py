"""Whether init arguments get their values, of fitting types, and whatever can be set reaches a component."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..arguments import FileArgument
from ..plan import ArgumentBinding, Binding, CopyBinding, ParameterBinding, PlanTree, ValueBinding
from ..tree import PlacedAtomic, atomic_nodes, atomics
from ..type_expressions import SCALARS, Many, Named, TypeExpression, accepts, holds, names_in, parse_type
from .findings import unknown

if TYPE_CHECKING:
    from ..arguments import Argument
    from ..contract import Contract
    from ..parameters import Parameter
    from ..values import AnyValue

_TYPES: dict[str, TypeExpression] = {
    "integer": Named("int"),
    "number": Named("float"),
    "duration": Named("float"),
    "text": Named("str"),
    "choice": Named("str"),
    "boolean": Named("bool"),
    "real": Named("float"),
    "log-real": Named("float"),
    "probability": Named("float"),
    "simplex": Many(Named("float")),
}

_CONTENTS: dict[str, TypeExpression | None] = {
    "text": Named("str"),
    "csv": Many(Named("dict")),
    "jsonl": Many(Named("dict")),
    "json": None,
}


def type_of(value: AnyValue | Argument | Parameter) -> TypeExpression | None:
    """The type as which a value arrives in a component; None for the content of a JSON file, which may be anything."""
    return _CONTENTS[value.format] if isinstance(value, FileArgument) else _TYPES[value.type]


def bound_arguments(plan: PlanTree) -> Iterator[str]:
    """Every init argument of a component is bound, and nothing else is."""
    for path, node, model in atomics(plan):
        for name in model.arguments:
            if name not in node.arguments:
                yield f"The component {path} does not bind the init argument {name!r} of {node.model}."
        for name in node.arguments:
            if name not in model.arguments:
                cause = unknown(f"init argument of {node.model}", name, model.arguments)
                yield f"The component {path} binds {name!r}, but {cause}."


def copy_numbers(plan: PlanTree) -> Iterator[str]:
    """Only components with copies bind the number of the copy."""
    for path, node in atomic_nodes(plan):
        for name, binding in node.arguments.items():
            if isinstance(binding, CopyBinding) and node.copies is None:
                yield f"The component {path} binds {name!r} to the number of its copy, but has no `copies`."


def fixed_values(plan: PlanTree) -> Iterator[str]:
    """Fixed values are finite, and with numbers of copies fit the types of the init arguments."""
    for place, name, binding, wanted in _bindings(plan):
        if isinstance(binding, ValueBinding) and not holds(wanted, binding.value):
            yield f"The component {place.path} binds {name!r}, which is {wanted}, to {binding.value!r}."
        if isinstance(binding, ValueBinding) and not _is_finite(binding.value):
            yield f"The component {place.path} binds {name!r} to {binding.value!r}, which holds no finite number."
        if isinstance(binding, CopyBinding) and not accepts(wanted, Named("int")):
            yield f"The component {place.path} binds {name!r}, which is {wanted}, to the number of its copy (int)."


def known_sources(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """Bindings name arguments and parameters of the contract."""
    for path, node in atomic_nodes(plan):
        for name, binding in node.arguments.items():
            if isinstance(binding, ArgumentBinding) and binding.argument not in contract.arguments:
                cause = unknown("argument of the contract", binding.argument, contract.arguments)
                yield f"The component {path} binds {name!r}, but {cause}."
            if isinstance(binding, ParameterBinding) and binding.parameter not in contract.parameters:
                cause = unknown("parameter of the contract", binding.parameter, contract.parameters)
                yield f"The component {path} binds {name!r}, but {cause}."


def source_types(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """What is bound has the type of the init argument; an int may stand for a float."""
    for place, name, binding, wanted in _bindings(plan):
        source = _source(binding, contract)
        if source is None:
            continue
        given = type_of(source)
        fits = _may_be_json(wanted) if given is None else accepts(wanted, given)
        if not fits:
            what = "dict or tuple" if given is None else str(given)
            yield (
                f"The component {place.path} binds {name!r}, which is {wanted}, to {_named(binding)}, which arrives as "
                f"{what}."
            )


def copies(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """The number of copies is an integer argument of the contract."""
    for path, node in atomic_nodes(plan):
        if not isinstance(node.copies, ArgumentBinding):
            continue
        argument = contract.arguments.get(node.copies.argument)
        if argument is None:
            cause = unknown("argument of the contract", node.copies.argument, contract.arguments)
            yield f"The `copies` of the component {path}: {cause}."
        elif argument.type != "integer":
            yield f"The `copies` of the component {path}: the argument {node.copies.argument!r} is no integer."


def arguments_reach(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """Every argument but the horizon, the seed and labels reaches a component."""
    used = {
        node.copies.argument for _, node in atomic_nodes(plan) if isinstance(node.copies, ArgumentBinding)
    }
    used |= {binding.argument for binding in _all(plan) if isinstance(binding, ArgumentBinding)}
    used |= {contract.horizon.argument, "seed"}
    for name, argument in contract.arguments.items():
        if name not in used and not argument.label:
            yield (
                f"The argument {name!r} of the contract reaches no component; bind it, or mark it `label: true` in the "
                "contract."
            )


def parameters_reach(plan: PlanTree, contract: Contract) -> Iterator[str]:
    """Every parameter reaches a component."""
    used = {binding.parameter for binding in _all(plan) if isinstance(binding, ParameterBinding)}
    for name in contract.parameters:
        if name not in used:
            yield f"The parameter {name!r} of the contract reaches no component; bind it to an init argument."


def _all(plan: PlanTree) -> Iterator[Binding]:
    for _, node in atomic_nodes(plan):
        yield from node.arguments.values()


def _bindings(plan: PlanTree) -> Iterator[tuple[PlacedAtomic, str, Binding, TypeExpression]]:
    """Bindings of init arguments that exist and have a type."""
    for place in atomics(plan):
        for name, binding in place.node.arguments.items():
            wanted = parse_type(place.model.arguments.get(name, ""))
            if wanted is not None and {*names_in(wanted)} <= {*SCALARS, "dict"}:
                yield place, name, binding, wanted


def _source(binding: Binding, contract: Contract) -> Argument | Parameter | None:
    if isinstance(binding, ArgumentBinding):
        return contract.arguments.get(binding.argument)
    return contract.parameters.get(binding.parameter) if isinstance(binding, ParameterBinding) else None


def _named(binding: Binding) -> str:
    if isinstance(binding, ArgumentBinding):
        return f"the argument {binding.argument!r}"
    return f"the parameter {binding.parameter!r}" if isinstance(binding, ParameterBinding) else "a value"


def _may_be_json(wanted: TypeExpression) -> bool:
    return isinstance(wanted, Many) or wanted == Named("dict")


def _is_finite(value: object) -> bool:
    """Whether all numbers in a value are finite; a plan as JSON could not hold the others."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return False
        if isinstance(one, list | tuple | dict):
            pending += one.values() if isinstance(one, dict) else one
    return True
