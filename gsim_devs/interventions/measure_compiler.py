"""Expressions of measures become functions: each node of a small grammar is one of ours, and none is Python's.

Says what there is where a name is unknown, and what was wanted where kinds do not agree. Leaves out what is done with
the numbers (`by_value`), and where they come from (`costs`).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.rules.scopes import kind_of_schema
from gsim_devs.rules.syntax import refused

from .by_value import (
    ARITHMETIC,
    BY_VALUE,
    COMPARISONS,
    DIVISIONS,
    FUNCTIONS,
    REDUCTIONS,
    UNARY,
    Array,
    Series,
    both,
    chosen,
    either,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names stand for that no trace tells."""

    variables: Mapping[str, float] = field(default_factory=dict)
    """The caller's own names."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Every parameter, as it is at the beginning of the run."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Every argument, as `rules.arguments_of` tells them: durations are numbers."""


Event = tuple[str, str, str]
"""Entity, event and field; no field: the records themselves."""
Source = str | Event

_Kind = Literal["number", "series", "conditions", "records", "text", "texts"]


_Thing = Any
"""An array of numbers, a series, or a text."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What there is when an expression is applied."""

    seen: Mapping[Source, Series]
    scope: Scope
    half: float
    """Half the resolution of time."""
    doubts: list[str] = field(default_factory=list)
    """Why a value may be none, the first reason first."""

    def aligned(self, node: ast.expr, things: Sequence[_Thing]) -> tuple[list[Any], Array | None]:
        """The values of several things side by side, and the times where there is a series among them."""
        series = [thing for thing in things if isinstance(thing, Series)]
        if not series:
            return list(things), None
        times = series[0].times
        for other in series[1:]:
            if other.times is not times and not (
                len(other.times) == len(times) and (abs(other.times - times) <= self.half).all()
            ):
                raise UsageError(
                    f"`{ast.unparse(node)}` goes value by value, but its parts have values at different times; "
                    "take a sum or a mean of each first"
                )
        return [thing.values if isinstance(thing, Series) else _widened(thing) for thing in things], times


Call = Callable[[Run], _Thing]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression: what sort of thing it is, and how it is had from a run."""

    kind: _Kind
    call: Call


A: dict[_Kind, str] = {
    "number": "a number",
    "series": "a series",
    "conditions": "a series of conditions",
    "records": "the records of an event",
    "text": "a text",
    "texts": "a series of texts",
}
HINTS: dict[_Kind, str] = {
    "series": ": take its sum, mean, max, min, last, or first",
    "conditions": ": count it",
    "records": ": count them",
    "texts": ": compare it with a text, and count",
}


class Compiler:
    """Makes functions of nodes, and remembers what they look at."""

    def __init__(self, contract: Contract, names: tuple[str, ...], is_known_before: bool) -> None:
        self.observables: set[str] = set()
        self.variables: set[str] = set()
        self.events: set[Event] = set()
        self._contract = contract
        self._names = names
        self._is_known_before = is_known_before

    def part(self, node: ast.expr) -> Part:
        make: Callable[[Compiler, Any], Part] | None = _MAKERS.get(type(node))
        if make is None:
            raise refused(node, f"`{ast.unparse(node)}` has no place here")
        return make(self, node)

    def constant(self, node: ast.Constant) -> Part:
        value = node.value
        if isinstance(value, str):
            return Part("text", lambda run: value)
        if not isinstance(value, int | float):
            raise refused(node, f"{value!r} is no number")
        try:
            number = np.float64(value)
        except OverflowError:
            number = np.float64(math.inf)
        if not np.isfinite(number):
            raise refused(node, "not a finite number")
        return Part("number", lambda run: number)

    def name(self, node: ast.Name) -> Part:
        name, contract = node.id, self._contract
        if name in self._names:
            self.variables.add(name)
            return Part("number", lambda run: np.float64(run.scope.variables[name]))
        if name in contract.observables:
            if contract.observables[name].type == "text":
                raise refused(node, f"{name} is a series of texts")
            self._refuse_if_known_too_late(node)
            self.observables.add(name)
            return Part("series", lambda run: _told(run, name, name))
        if name in contract.parameters:
            if contract.parameters[name].type == "simplex":
                raise refused(node, f"{name} is several shares, no number")
            return Part("number", lambda run: np.float64(run.scope.parameters[name]))
        raise refused(node, self._unknown(name))

    def attribute(self, node: ast.Attribute) -> Part:
        words = ast.unparse(node).split(".")
        if words[0] == "args" and len(words) == 2:
            return self._argument(node, words[1])
        self._refuse_if_known_too_late(node)
        kinds = {(entity, kind.event): kind for kind in self._contract.events for entity in kind.entities}
        if len(words) > 3 or tuple(words[:2]) not in kinds:
            known = [".".join(one) for one in kinds]
            raise refused(node, f"there is no {ast.unparse(node)!r}{_near(ast.unparse(node), known)}")
        entity, event, *rest = words
        if not rest:
            self.events.add((entity, event, ""))
            return Part("records", lambda run: run.seen[entity, event, ""])
        payload = kinds[entity, event].payload
        if rest[0] not in payload:
            raise refused(node, f"{entity}.{event} has no field {rest[0]!r}{_near(rest[0], payload)}")
        return self._field(node, (entity, event, rest[0]), kind_of_schema(payload[rest[0]]))

    def arithmetic(self, node: ast.BinOp) -> Part:
        return self._by_value(node, ARITHMETIC[type(node.op)], [node.left, node.right])

    def unary(self, node: ast.UnaryOp) -> Part:
        made = self._by_value(node, UNARY[type(node.op)], [node.operand])
        return _condition(made) if isinstance(node.op, ast.Not) else made

    def logic(self, node: ast.BoolOp) -> Part:
        return _condition(self._by_value(node, both if isinstance(node.op, ast.And) else either, node.values))

    def comparison(self, node: ast.Compare) -> Part:
        parts = [self.part(one) for one in (node.left, *node.comparators)]
        signs = [type(sign) for sign in node.ops]
        if any(part.kind in ("text", "texts") for part in parts):
            return self._same_text(node, parts, signs)
        if unknown := [sign for sign in signs if sign not in COMPARISONS]:
            raise refused(node, f"`{unknown[0].__name__.lower()}` has no place here; compare numbers")
        functions = [COMPARISONS[sign] for sign in signs]

        def compared(*values: Any) -> Any:
            found = [f(a, b) for f, a, b in zip(functions, values, values[1:], strict=False)]
            return both(*found) if len(found) > 1 else found[0]

        return _condition(self._applied(node, compared, parts))

    def choice(self, node: ast.IfExp) -> Part:
        return self._by_value(node, chosen, [node.test, node.body, node.orelse])

    def function(self, node: ast.Call) -> Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS:
            raise refused(node, f"{name} cannot be called{_near(name, FUNCTIONS)}")
        if node.keywords:
            raise refused(node, f"{name} takes no arguments by name")
        if name == "count":
            return self._count(node)
        if name in REDUCTIONS and (len(node.args) == 1 or name not in BY_VALUE):
            return self._reduced(node, name)
        function, least = BY_VALUE[name]
        if len(node.args) < least or (least == 1 and len(node.args) > 1):
            raise refused(
                node,
                f"{name} takes {least} argument{'s' if least > 1 else ''}{' or more' if least > 1 else ''}",
            )
        return self._by_value(node, function, node.args)

    def _refuse_if_known_too_late(self, node: ast.expr) -> None:
        if self._is_known_before:
            raise refused(
                node,
                f"{ast.unparse(node)} is known only when a simulation has run; there are "
                f"{', '.join([*self._names, *self._contract.parameters, 'args.NAME'])}, and numbers",
            )

    def _by_value(self, node: ast.expr, function: Callable[..., Any], operands: Sequence[ast.expr]) -> Part:
        return self._applied(node, function, [self.part(one) for one in operands])

    def _applied(self, node: ast.expr, function: Callable[..., Any], parts: Sequence[Part]) -> Part:
        for part, operand in zip(parts, _operands(node), strict=True):
            if part.kind not in ("number", "series", "conditions"):
                raise refused(
                    operand,
                    f"`{ast.unparse(operand)}` is {A[part.kind]}; wanted is a number or a series of them",
                )
        calls = [part.call for part in parts]
        divides = function in DIVISIONS

        def call(run: Run) -> _Thing:
            values, times = run.aligned(node, [one(run) for one in calls])
            if divides and (values[1] == 0).any():
                run.doubts.append(f"`{ast.unparse(node)}` divides by zero")
            made = function(*values)
            return made if times is None else Series(made, times)

        has_times = any(part.kind != "number" for part in parts)
        return Part("series" if has_times else "number", call)

    def _reduced(self, node: ast.Call, name: str) -> Part:
        if len(node.args) != 1:
            raise refused(node, f"{name} takes one argument, a series")
        operand = node.args[0]
        part = self.part(operand)
        if part.kind not in ("series", "conditions"):
            raise refused(operand, f"`{ast.unparse(operand)}` is {A[part.kind]}; {name} takes a series")
        inner, reduce = part.call, REDUCTIONS[name]

        def call(run: Run) -> _Thing:
            series = inner(run)
            if not len(series.times) and name != "sum":
                raise UsageError(
                    f"`{ast.unparse(operand)}` has no values in a run, so that `{ast.unparse(node)}` is no number"
                )
            return reduce(series)

        if name == "time":
            return Part("series", call)
        return Part("number", call)

    def _count(self, node: ast.Call) -> Part:
        parts = [self.part(argument) for argument in node.args]
        if len(parts) != 1 or parts[0].kind not in ("records", "conditions"):
            raise refused(
                node, "count takes the records of an event, ENTITY.EVENT, or a condition on a series"
            )
        inner = parts[0].call

        def call(run: Run) -> _Thing:
            values = inner(run).values
            return np.where(np.isnan(values), np.nan, values != 0).sum(axis=-1)

        return Part("number", call)

    def _same_text(self, node: ast.Compare, parts: Sequence[Part], signs: Sequence[type[ast.cmpop]]) -> Part:
        if (
            {part.kind for part in parts} - {"text", "texts"}
            or len(parts) > 2
            or signs[0] not in (ast.Eq, ast.NotEq)
        ):
            raise refused(node, "a text can be compared with a text, by == or !=, and with nothing else")
        wanted, calls = signs[0] is ast.Eq, [part.call for part in parts]

        def call(run: Run) -> _Thing:
            one, two = (call(run) for call in calls)
            times = next((thing.times for thing in (one, two) if isinstance(thing, Series)), None)
            if times is None:
                return np.float64((one == two) == wanted)
            ones, twos = (
                thing.values if isinstance(thing, Series) else [thing] * len(times) for thing in (one, two)
            )
            if len(ones) != len(twos):
                raise UsageError(
                    f"`{ast.unparse(node)}` goes value by value, but its parts have different lengths"
                )
            held = [(a == b) == wanted for a, b in zip(ones, twos, strict=True)]
            return Series(np.array(held, dtype=np.float64), times)

        kinds = {part.kind for part in parts}
        return Part("conditions" if "texts" in kinds else "number", call)

    def _argument(self, node: ast.expr, name: str) -> Part:
        arguments = self._contract.arguments
        if name not in arguments:
            raise refused(node, f"there is no argument {name!r}{_near(name, arguments)}")
        if arguments[name].type == "file":
            raise refused(node, f"args.{name} is a file, no number")
        if arguments[name].type in ("text", "choice"):
            return Part("text", lambda run: str(run.scope.arguments[name]))
        return Part("number", lambda run: np.float64(run.scope.arguments[name]))

    def _field(self, node: ast.expr, source: Event, kind: str) -> Part:
        if kind in ("list", "object", "none"):
            raise refused(node, f"{'.'.join(source)} holds no numbers")
        self.events.add(source)
        if kind == "text":
            return Part("texts", lambda run: run.seen[source])
        return Part("series", lambda run: _told(run, source, ".".join(source)))

    def _unknown(self, name: str) -> str:
        if name in {entity for kind in self._contract.events for entity in kind.entities}:
            return f"{name} is an entity; write {name}.EVENT or {name}.EVENT.FIELD"
        if name in self._contract.arguments:
            return f"{name} is an argument; write args.{name}"
        numbers = [n for n, one in self._contract.observables.items() if one.type == "number"]
        known = [*self._names, *numbers, *self._contract.parameters]
        return f"there is no {name!r}{_near(name, known)}"


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.IfExp():
            return [node.test, node.body, node.orelse]
        case _:
            assert isinstance(node, ast.Call)
            return node.args


_MAKERS: dict[type[ast.expr], Callable[[Compiler, Any], Part]] = {
    ast.Constant: Compiler.constant,
    ast.Name: Compiler.name,
    ast.Attribute: Compiler.attribute,
    ast.BinOp: Compiler.arithmetic,
    ast.UnaryOp: Compiler.unary,
    ast.BoolOp: Compiler.logic,
    ast.Compare: Compiler.comparison,
    ast.IfExp: Compiler.choice,
    ast.Call: Compiler.function,
}


def _condition(part: Part) -> Part:
    return Part("conditions" if part.kind == "series" else part.kind, part.call)


def _widened(value: Any) -> Any:
    """A number for each of several runs, as it stands beside their series."""
    return value[..., None] if np.ndim(value) else value


def _told(run: Run, source: Source, name: str) -> Series:
    series = run.seen[source]
    if series.values.dtype == object:
        raise UsageError(f"{name} is a text in some record; wanted are numbers")
    missing = ~np.isfinite(series.values)
    if missing.any():
        at = float(series.times[np.nonzero(missing)[-1][0]])
        run.doubts.append(f"there is no number in {name} at time {at:g}")
    return series


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names) or 'none'}"
