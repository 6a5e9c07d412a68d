"""Policies to choose from: every combination of some variables, and what each of them does to a simulator.

    start=0:95:5    beds=0,500,1000
    scale infection_rate by 0.3 from start to start + 20
    set standard_capacity to 20 + beds

The second form is what is done to a parameter; its numbers are expressions over the variables, the simulator's
parameters as they are, and `args.NAME`. Simulates nothing.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.runtime.program import Program

from .costs import Measure, Scope, compiled
from .variants import Intervention, Scaling, Setting, Variant, variant_of

Number: TypeAlias = int | float

MOST_POINTS = 10_000
"""Of a grid."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Something that can be chosen, and what it can be."""

    name: str
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done to a parameter, for all of the run or a part of it."""

    text: str
    is_scaling: bool
    name: str
    value: Measure
    begin: Measure | None
    """When it begins; none: with the run."""
    end: Measure | None
    """When it is over; none: with the run."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Variables, and what is done with them."""

    variables: tuple[Variable, ...]
    doings: tuple[Doing, ...] = ()
    arguments: Mapping[str, Measure | str] = field(default_factory=dict)
    """Of the command line; a text stands for itself."""
    stdin: str = ""
    """Commands, the same for every point."""


@dataclass(frozen=True, slots=True)
class Point:
    """One policy."""

    values: Mapping[str, Number]
    """Of the variables."""
    variant: Variant
    """What it does."""
    scope: Scope
    """What the names in a cost stand for."""

    @property
    def text(self) -> str:
        """For people."""
        return ", ".join(f"{name} = {value:g}" for name, value in self.values.items())


def grid_of(
    contract: Contract,
    over: Iterable[str],
    *,
    do: Iterable[str] = (),
    arguments: Mapping[str, str] | None = None,
    stdin: str = "",
) -> Grid:
    """The grid that these texts describe. Raises UsageError for what is none, and says why.

    Args:
        contract: of the simulator.
        over: variables, such as `start=0:95:5` or `beds=1,2,4`.
        do: what is done, such as `scale infection_rate by 0.3 from start to start + 20`.
        arguments: of the command line; those that are numbers may be expressions.
        stdin: commands.
    """
    variables = tuple(_variable(text, contract) for text in over)
    names = [variable.name for variable in variables]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"the variable {twice[0]} is there twice")
    if (count := math.prod(len(variable.values) for variable in variables)) > MOST_POINTS:
        raise UsageError(f"{count} points are too many; at most {MOST_POINTS} can be compared")
    doings = tuple(_doing(text, contract, names) for text in do)
    given = {name: _argument(name, text, contract, names) for name, text in (arguments or {}).items()}
    return Grid(variables, doings, given, stdin)


def points_of(grid: Grid, program: Program, parameters: Mapping[str, Any] | None = None) -> list[Point]:
    """Every point of a grid, for a simulator; the first variable changes slowest.

    Args:
        grid: what can be chosen.
        program: the simulator.
        parameters: values that it has in all points, on which what is done acts; others are its own.
    """
    given = dict(parameters or {})
    own = program.settle_parameters(given)
    combinations = itertools.product(*(variable.values for variable in grid.variables))
    return [
        _point(
            grid,
            program,
            given,
            own,
            {one.name: value for one, value in zip(grid.variables, values, strict=True)},
        )
        for values in combinations
    ]


def unused(grid: Grid, cost: Measure) -> list[str]:
    """The variables that decide neither what is done nor what it costs."""
    measures = [cost, *(one for one in grid.arguments.values() if isinstance(one, Measure))]
    for doing in grid.doings:
        measures += [one for one in (doing.value, doing.begin, doing.end) if one]
    used = {name for measure in measures for name in measure.variables}
    return [variable.name for variable in grid.variables if variable.name not in used]


def interventions_of(
    contract: Contract,
    do: Iterable[str],
    program: Program,
    arguments: Mapping[str, object],
    parameters: Mapping[str, Any],
) -> list[Intervention]:
    """What these texts say is to be done, where there are no variables."""
    scope = Scope({}, program.settle_parameters(parameters), settled_arguments(program, arguments))
    return [_intervention(_doing(text, contract, ()), scope) for text in do]


def settled_arguments(program: Program, arguments: Mapping[str, object]) -> dict[str, Any]:
    """The value of every argument of a run; the seed, which each run has of its own, is 0."""
    needs_seed = "seed" in program.contract["arguments"] and "seed" not in arguments
    return program.settle({**arguments, **({"seed": 0} if needs_seed else {})})


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = {"args", "set", "scale", "to", "by", "from", "if", "else", "and", "or", "not", "in", "is", "for"}
_FORM = re.compile(r"(set|scale)\s+(\w+)\s+(to|by)\s+(.+)", re.DOTALL)
_SPAN = re.compile(r"(.+?)(?:\s+from\s+(.+?))?(?:\s+to\s+(.+?))?", re.DOTALL)
_LONGEST = 2000


def _variable(text: str, contract: Contract) -> Variable:
    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not _NAME.fullmatch(name):
        raise UsageError(f"{text!r} is no variable; write NAME=FIRST:LAST:STEP or NAME=VALUE,VALUE,...")
    if name in _RESERVED or name in contract.observables or name in contract.parameters:
        what = (
            "an observable"
            if name in contract.observables
            else "a parameter"
            if name in contract.parameters
            else "a word"
        )
        raise UsageError(f"the variable {name} needs another name: {name} is {what} already")
    values = _range(text, written) if ":" in written else _list(text, written)
    return Variable(name, values)


def _range(text: str, written: str) -> tuple[Number, ...]:
    parts = written.split(":")
    if len(parts) != 3:
        raise UsageError(f"{text!r} is no range; write NAME=FIRST:LAST:STEP")
    first, last, step = (_decimal(text, part) for part in parts)
    if step <= 0 or last < first:
        raise UsageError(
            f"{text!r} is no range: the last value must not be below the first, and the step above 0"
        )
    # Division by a tiny step has no end in digits that anybody wants.
    if (last - first) > step * MOST_POINTS:
        raise UsageError(f"{text!r} has too many values; at most {MOST_POINTS} points can be compared")
    return tuple(_plain(first + k * step) for k in range(int((last - first) // step) + 1))


def _list(text: str, written: str) -> tuple[Number, ...]:
    values = tuple(_plain(_decimal(text, part)) for part in written.split(","))
    if len(set(values)) < len(values):
        raise UsageError(f"{text!r} has a value twice")
    return values


def _decimal(text: str, written: str) -> Decimal:
    try:
        value = Decimal(written.strip())
    except InvalidOperation:
        raise UsageError(f"{text!r}: {written.strip()!r} is no number") from None
    # Digits that a float has; others would make the sums slow.
    if not value.is_finite() or not -100 < value.adjusted() < 100:
        raise UsageError(f"{text!r}: {written.strip()!r} is no number that can be used here")
    return value


def _plain(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)


def _doing(text: str, contract: Contract, names: Sequence[str]) -> Doing:
    form = _FORM.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if form is None or (form[1] == "set") != (form[3] == "to"):
        raise UsageError(
            f"{text[:100]!r} does not say what to do; write 'set NAME to VALUE' or 'scale NAME by FACTOR', "
            "and 'from TIME', 'to TIME', or both behind it"
        )
    if form[2] not in contract.parameters:
        known = ", ".join(contract.parameters) or "none"
        raise UsageError(f"{text!r}: {contract.id} has no parameter {form[2]!r}; there are {known}")
    span = _SPAN.fullmatch(form[4])
    assert span
    value, begin, end = (
        part if part is None else compiled(part, contract, names, is_known_before=True)
        for part in span.groups()
    )
    assert value
    return Doing(text, form[1] == "scale", form[2], value, begin, end)


def _argument(name: str, text: str, contract: Contract, names: Sequence[str]) -> Measure | str:
    if name not in contract.arguments:
        raise UsageError(f"{contract.id} has no argument {name!r}; there are {', '.join(contract.arguments)}")
    if contract.arguments[name].type not in ("integer", "number"):
        return text
    measure = compiled(text, contract, names, is_known_before=True)
    if "args." in text:
        raise UsageError(f"the argument {name}: `{text}` must not depend on other arguments")
    return measure


def _point(
    grid: Grid,
    program: Program,
    given: Mapping[str, Any],
    own: Mapping[str, Any],
    values: Mapping[str, Number],
) -> Point:
    try:
        before = Scope(values, own)
        arguments = {
            name: one if isinstance(one, str) else _whole(one.known(before))
            for name, one in grid.arguments.items()
        }
        scope = Scope(values, own, settled_arguments(program, arguments))
        if grid.stdin:
            _check_commands(grid.stdin, program, scope)
        interventions = [_intervention(one, scope) for one in grid.doings]
        variant = variant_of(program, interventions, parameters=given, arguments=arguments, stdin=grid.stdin)
    except UsageError as error:
        where = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        raise UsageError(f"at {where}: {error}" if where else str(error)) from None
    return Point(values, variant, Scope(values, {**own, **variant.parameters}, scope.arguments))


def _check_commands(stdin: str, program: Program, scope: Scope) -> None:
    if program.contract["stdin"]["form"] == "none":
        raise UsageError(f"{program.contract['id']} takes no commands")
    program.commands(stdin, scope.arguments)


def _intervention(doing: Doing, scope: Scope) -> Intervention:
    value = doing.value.known(scope)
    begin = doing.begin.known(scope) if doing.begin else 0.0
    end = doing.end.known(scope) if doing.end else math.inf
    return (
        Scaling(doing.name, value, begin, end) if doing.is_scaling else Setting(doing.name, value, begin, end)
    )


def _whole(value: float) -> Number:
    return int(value) if value.is_integer() else value
