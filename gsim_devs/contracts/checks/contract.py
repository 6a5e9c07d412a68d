"""Whether a contract agrees with itself. Form and types are settled before (`contracts.contract`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from ..arguments import DurationArgument, IntegerArgument, NumberArgument
from ..declaration import Defect
from ..names import ATTRIBUTES, OPTIONS, snake_defect
from ..stdin import commands_of
from .contract_arguments import argument_defects
from .contract_data import action_defects, observable_defects, state_defects
from .contract_events import event_defects
from .contract_layout import layout_defects
from .contract_parameters import parameter_defects
from .contract_stdin import stdin_defects
from .findings import unknown

if TYPE_CHECKING:
    from ..contract import Contract


def contract_defects(contract: Contract) -> Iterator[Defect]:
    """Everything in which a contract disagrees with itself."""
    for check in CHECKS:
        yield from check(contract)


def _resolution(contract: Contract) -> Iterator[Defect]:
    ticks = 1 / Fraction(repr(contract.time.resolution))
    if ticks.denominator != 1:
        text = f"1/{contract.time.resolution!r} is not a whole number; a resolution is such as 1.0e-9, 0.001 or 1"
        yield Defect(("time", "resolution"), text)


def _horizon(contract: Contract) -> Iterator[Defect]:
    place, name = ("horizon", "argument"), contract.horizon.argument
    argument = contract.arguments.get(name)
    if argument is None:
        yield Defect(place, unknown("argument", name, contract.arguments))
    elif not isinstance(argument, IntegerArgument | NumberArgument | DurationArgument):
        yield Defect(
            place, f"{name!r} is of type {argument.type}; a horizon is a number, integer or duration"
        )


def _names(contract: Contract) -> Iterator[Defect]:
    for kind, names in (("arguments", contract.arguments), ("parameters", contract.parameters)):
        for name in names:
            if cause := snake_defect(name):
                yield Defect((kind, name), f"the name {cause}")
            elif name in OPTIONS:
                yield Defect((kind, name), f"--{name} is an option of every simulator; choose another name")
            elif name == "self":
                yield Defect((kind, name), "self is a name of Python; choose another name")
    for name in contract.parameters:
        if name in contract.arguments:
            yield Defect(("parameters", name), "there is an argument of this name; names of both must differ")
        elif name == "seed":
            yield Defect(("parameters", name), "--seed is an option of every simulator; choose another name")


def _seed(contract: Contract) -> Iterator[Defect]:
    argument = contract.arguments.get("seed")
    if argument is None:
        return
    if not isinstance(argument, IntegerArgument):
        yield Defect(
            ("arguments", "seed"), f"it is of type {argument.type}; an argument called seed is an integer"
        )
    if contract.seed is not None:
        yield Defect(("seed",), "there is an argument called seed, which replaces it; give the default there")


def _commands(contract: Contract) -> Iterator[Defect]:
    """A command is an input port and its fields are those of a message: both become names in code."""
    for name, command in commands_of(contract.stdin).items():
        if cause := snake_defect(name) or ("is a name of the runtime" if name in ATTRIBUTES else None):
            yield Defect(("stdin", "commands", name), f"the name {cause}")
        for field in command.fields:
            if cause := snake_defect(field):
                yield Defect(("stdin", "commands", name, "fields", field), f"the name {cause}")


CHECKS: tuple[Callable[[Contract], Iterator[Defect]], ...] = (
    _resolution,
    _horizon,
    _names,
    _seed,
    argument_defects,
    _commands,
    stdin_defects,
    layout_defects,
    event_defects,
    parameter_defects,
    observable_defects,
    state_defects,
    action_defects,
)
"""The checks, in the order of a contract's keys."""
