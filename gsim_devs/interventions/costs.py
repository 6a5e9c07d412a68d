"""One number from a simulation, by an expression that a user wrote: what it cost, or whatever else is to be measured.

    sum(max(0, I - 200)) + 10 * beds + 2 * count(wards.rejected)

The syntax is that of the rules' expressions, and nothing is ever evaluated as Python. A name is an observable of the
contract, which is a series: its values at its times, and arithmetic goes value by value; a variable that the caller
has; a parameter, as it is at the beginning of the run; `args.NAME`; `ENTITY.EVENT`, the records of an event; or
`ENTITY.EVENT.FIELD`, the values of a field in them. In the end there must be one number. Means are over values, however
long each of them holds. Runs nothing.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.observation import series_of
from gsim_devs.observation.series import Reported
from gsim_devs.rules.scopes import kind_of_schema
from gsim_devs.rules.syntax import ExpressionError, parse, refused
from gsim_devs.trace import BadLine, Record

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names stand for that no trace tells."""

    variables: Mapping[str, float] = field(default_factory=dict)
    """The caller's own names."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Every parameter, as it is at the beginning of the run."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Every argument, as `rules.arguments_of` tells them: durations are numbers."""


@dataclass(frozen=True, slots=True)
class Measure:
    """An expression that is ready to be applied to simulations."""

    text: str
    observables: tuple[str, ...]
    """Those that it looks at."""
    variables: tuple[str, ...]
    """The caller's names in it."""
    needs_records: bool
    """Whether it looks at records, which steps of arrays do not tell."""
    _call: _Call
    _contract: Contract
    _events: tuple[_Event, ...]

    @property
    def is_known_before(self) -> bool:
        """Whether it is a number before anything is simulated."""
        return not self.observables and not self.needs_records

    def of_records(self, records: Iterable[Reported | Record | BadLine], scope: Scope) -> float:
        """Measure one run by what it reported."""
        held = tuple(records)
        seen: dict[_Source, _Series] = {}
        if self.observables:
            looked = {name: self._contract.observables[name] for name in self.observables}
            until = float(scope.arguments[self._contract.horizon.argument])
            found = series_of(held, self._contract.model_copy(update={"observables": looked}), until)
            seen |= {name: _Series(one.values, one.times) for name, one in found.items()}
        seen |= _gathered(held, self._events)
        return float(self._value(seen, scope))

    def of_series(self, series: Array, names: Sequence[str], times: Sequence[float], scope: Scope) -> Array:
        """Measure runs by what their observables are at these times: (..., T, D) gives (...).

        One that is nan in all runs at a time has no value then.
        """
        at = np.asarray(times, dtype=np.float64)
        seen: dict[_Source, _Series] = {}
        for name in self.observables:
            values = series[..., names.index(name)]
            is_told = ~np.isnan(values).all(axis=tuple(range(values.ndim - 1)))
            seen[name] = _Series(values, at) if is_told.all() else _Series(values[..., is_told], at[is_told])
        return np.broadcast_to(self._value(seen, scope), series.shape[:-2])

    def known(self, scope: Scope) -> float:
        """Its value, where nothing needs to be simulated for it."""
        return float(self._value({}, scope))

    def _value(self, seen: Mapping[_Source, _Series], scope: Scope) -> Array:
        run = _Run(seen, scope, self._contract.time.resolution / 2)
        with np.errstate(all="ignore"):
            value = self._call(run)
        assert not isinstance(value, _Series | str)
        if not np.isfinite(value).all():
            why = run.doubts[0] if run.doubts else "the numbers are too large"
            raise UsageError(f"`{self.text}` is no finite number: {why}")
        return np.asarray(value, dtype=np.float64)


def compiled(
    text: str, contract: Contract, names: Iterable[str] = (), *, is_known_before: bool = False
) -> Measure:
    """Read an expression. Raises UsageError for what is none, and says why.

    Args:
        text: the expression.
        contract: of the simulator.
        names: of the caller's variables.
        is_known_before: whether it must be a number before anything is simulated.
    """
    try:
        tree = parse(text)
        compiler = _Compiler(contract, tuple(names), is_known_before)
        part = compiler.part(tree)
        if part.kind != "number":
            raise refused(
                tree,
                f"`{ast.unparse(tree)}` is {_A[part.kind]}; wanted is one number{_HINTS.get(part.kind, '')}",
            )
    except ExpressionError as error:
        raise UsageError(f"`{text}`: {error}") from None
    return Measure(
        text,
        tuple(sorted(compiler.observables)),
        tuple(sorted(compiler.variables)),
        bool(compiler.events),
        part.call,
        contract,
        tuple(sorted(compiler.events)),
    )


_Event = tuple[str, str, str]
"""Entity, event and field; no field: the records themselves."""
_Source = str | _Event

_Kind = Literal["number", "series", "conditions", "records", "text", "texts"]


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """Values (..., T) at times (T,)."""

    values: Any
    times: Array


_Thing = Any
"""An array of numbers, a series, or a text."""


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What there is when an expression is applied."""

    seen: Mapping[_Source, _Series]
    scope: Scope
    half: float
    """Half the resolution of time."""
    doubts: list[str] = field(default_factory=list)
    """Why a value may be none, the first reason first."""

    def aligned(self, node: ast.expr, things: Sequence[_Thing]) -> tuple[list[Any], Array | None]:
        """The values of several things side by side, and the times where there is a series among them."""
        series = [thing for thing in things if isinstance(thing, _Series)]
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
        return [thing.values if isinstance(thing, _Series) else _widened(thing) for thing in things], times


_Call = Callable[[_Run], _Thing]


@dataclass(frozen=True, slots=True)
class _Part:
    kind: _Kind
    call: _Call


_A: dict[_Kind, str] = {
    "number": "a number",
    "series": "a series",
    "conditions": "a series of conditions",
    "records": "the records of an event",
    "text": "a text",
    "texts": "a series of texts",
}
_HINTS: dict[_Kind, str] = {
    "series": ": take its sum, mean, max, min, last, or first",
    "conditions": ": count it",
    "records": ": count them",
    "texts": ": compare it with a text, and count",
}


class _Compiler:
    """Makes functions of nodes, and remembers what they look at."""

    def __init__(self, contract: Contract, names: tuple[str, ...], is_known_before: bool) -> None:
        self.observables: set[str] = set()
        self.variables: set[str] = set()
        self.events: set[_Event] = set()
        self._contract = contract
        self._names = names
        self._is_known_before = is_known_before

    def part(self, node: ast.expr) -> _Part:
        make: Callable[[_Compiler, Any], _Part] | None = _MAKERS.get(type(node))
        if make is None:
            raise refused(node, f"`{ast.unparse(node)}` has no place here")
        return make(self, node)

    def constant(self, node: ast.Constant) -> _Part:
        value = node.value
        if isinstance(value, str):
            return _Part("text", lambda run: value)
        if not isinstance(value, int | float):
            raise refused(node, f"{value!r} is no number")
        try:
            number = np.float64(value)
        except OverflowError:
            number = np.float64(math.inf)
        if not np.isfinite(number):
            raise refused(node, "not a finite number")
        return _Part("number", lambda run: number)

    def name(self, node: ast.Name) -> _Part:
        name, contract = node.id, self._contract
        if name in self._names:
            self.variables.add(name)
            return _Part("number", lambda run: np.float64(run.scope.variables[name]))
        if name in contract.observables:
            if contract.observables[name].type == "text":
                raise refused(node, f"{name} is a series of texts")
            self._refuse_if_known_too_late(node)
            self.observables.add(name)
            return _Part("series", lambda run: _told(run, name, name))
        if name in contract.parameters:
            if contract.parameters[name].type == "simplex":
                raise refused(node, f"{name} is several shares, no number")
            return _Part("number", lambda run: np.float64(run.scope.parameters[name]))
        raise refused(node, self._unknown(name))

    def attribute(self, node: ast.Attribute) -> _Part:
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
            return _Part("records", lambda run: run.seen[entity, event, ""])
        payload = kinds[entity, event].payload
        if rest[0] not in payload:
            raise refused(node, f"{entity}.{event} has no field {rest[0]!r}{_near(rest[0], payload)}")
        return self._field(node, (entity, event, rest[0]), kind_of_schema(payload[rest[0]]))

    def arithmetic(self, node: ast.BinOp) -> _Part:
        return self._by_value(node, _ARITHMETIC[type(node.op)], [node.left, node.right])

    def unary(self, node: ast.UnaryOp) -> _Part:
        made = self._by_value(node, _UNARY[type(node.op)], [node.operand])
        return _condition(made) if isinstance(node.op, ast.Not) else made

    def logic(self, node: ast.BoolOp) -> _Part:
        return _condition(
            self._by_value(node, _both if isinstance(node.op, ast.And) else _either, node.values)
        )

    def comparison(self, node: ast.Compare) -> _Part:
        parts = [self.part(one) for one in (node.left, *node.comparators)]
        signs = [type(sign) for sign in node.ops]
        if any(part.kind in ("text", "texts") for part in parts):
            return self._same_text(node, parts, signs)
        if unknown := [sign for sign in signs if sign not in _COMPARISONS]:
            raise refused(node, f"`{unknown[0].__name__.lower()}` has no place here; compare numbers")
        functions = [_COMPARISONS[sign] for sign in signs]

        def compared(*values: Any) -> Any:
            found = [f(a, b) for f, a, b in zip(functions, values, values[1:], strict=False)]
            return _both(*found) if len(found) > 1 else found[0]

        return _condition(self._applied(node, compared, parts))

    def choice(self, node: ast.IfExp) -> _Part:
        return self._by_value(node, _chosen, [node.test, node.body, node.orelse])

    def function(self, node: ast.Call) -> _Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in _KNOWN_FUNCTIONS:
            raise refused(node, f"{name} cannot be called{_near(name, _KNOWN_FUNCTIONS)}")
        if node.keywords:
            raise refused(node, f"{name} takes no arguments by name")
        if name == "count":
            return self._count(node)
        if name in _REDUCTIONS and (len(node.args) == 1 or name not in _BY_VALUE):
            return self._reduced(node, name)
        function, least = _BY_VALUE[name]
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

    def _by_value(self, node: ast.expr, function: Callable[..., Any], operands: Sequence[ast.expr]) -> _Part:
        return self._applied(node, function, [self.part(one) for one in operands])

    def _applied(self, node: ast.expr, function: Callable[..., Any], parts: Sequence[_Part]) -> _Part:
        for part, operand in zip(parts, _operands(node), strict=True):
            if part.kind not in ("number", "series", "conditions"):
                raise refused(
                    operand,
                    f"`{ast.unparse(operand)}` is {_A[part.kind]}; wanted is a number or a series of them",
                )
        calls = [part.call for part in parts]
        divides = function in _DIVISIONS

        def call(run: _Run) -> _Thing:
            values, times = run.aligned(node, [one(run) for one in calls])
            if divides and (values[1] == 0).any():
                run.doubts.append(f"`{ast.unparse(node)}` divides by zero")
            made = function(*values)
            return made if times is None else _Series(made, times)

        has_times = any(part.kind != "number" for part in parts)
        return _Part("series" if has_times else "number", call)

    def _reduced(self, node: ast.Call, name: str) -> _Part:
        if len(node.args) != 1:
            raise refused(node, f"{name} takes one argument, a series")
        operand = node.args[0]
        part = self.part(operand)
        if part.kind not in ("series", "conditions"):
            raise refused(operand, f"`{ast.unparse(operand)}` is {_A[part.kind]}; {name} takes a series")
        inner, reduce = part.call, _REDUCTIONS[name]

        def call(run: _Run) -> _Thing:
            series = inner(run)
            if not len(series.times) and name != "sum":
                raise UsageError(
                    f"`{ast.unparse(operand)}` has no values in a run, so that `{ast.unparse(node)}` is no number"
                )
            return reduce(series)

        if name == "time":
            return _Part("series", call)
        return _Part("number", call)

    def _count(self, node: ast.Call) -> _Part:
        parts = [self.part(argument) for argument in node.args]
        if len(parts) != 1 or parts[0].kind not in ("records", "conditions"):
            raise refused(
                node, "count takes the records of an event, ENTITY.EVENT, or a condition on a series"
            )
        inner = parts[0].call

        def call(run: _Run) -> _Thing:
            values = inner(run).values
            return np.where(np.isnan(values), np.nan, values != 0).sum(axis=-1)

        return _Part("number", call)

    def _same_text(
        self, node: ast.Compare, parts: Sequence[_Part], signs: Sequence[type[ast.cmpop]]
    ) -> _Part:
        if (
            {part.kind for part in parts} - {"text", "texts"}
            or len(parts) > 2
            or signs[0] not in (ast.Eq, ast.NotEq)
        ):
            raise refused(node, "a text can be compared with a text, by == or !=, and with nothing else")
        wanted, calls = signs[0] is ast.Eq, [part.call for part in parts]

        def call(run: _Run) -> _Thing:
            one, two = (call(run) for call in calls)
            times = next((thing.times for thing in (one, two) if isinstance(thing, _Series)), None)
            if times is None:
                return np.float64((one == two) == wanted)
            ones, twos = (
                thing.values if isinstance(thing, _Series) else [thing] * len(times) for thing in (one, two)
            )
            if len(ones) != len(twos):
                raise UsageError(
                    f"`{ast.unparse(node)}` goes value by value, but its parts have different lengths"
                )
            held = [(a == b) == wanted for a, b in zip(ones, twos, strict=True)]
            return _Series(np.array(held, dtype=np.float64), times)

        kinds = {part.kind for part in parts}
        return _Part("conditions" if "texts" in kinds else "number", call)

    def _argument(self, node: ast.expr, name: str) -> _Part:
        arguments = self._contract.arguments
        if name not in arguments:
            raise refused(node, f"there is no argument {name!r}{_near(name, arguments)}")
        if arguments[name].type == "file":
            raise refused(node, f"args.{name} is a file, no number")
        if arguments[name].type in ("text", "choice"):
            return _Part("text", lambda run: str(run.scope.arguments[name]))
        return _Part("number", lambda run: np.float64(run.scope.arguments[name]))

    def _field(self, node: ast.expr, source: _Event, kind: str) -> _Part:
        if kind in ("list", "object", "none"):
            raise refused(node, f"{'.'.join(source)} holds no numbers")
        self.events.add(source)
        if kind == "text":
            return _Part("texts", lambda run: run.seen[source])
        return _Part("series", lambda run: _told(run, source, ".".join(source)))

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


_MAKERS: dict[type[ast.expr], Callable[[_Compiler, Any], _Part]] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.Attribute: _Compiler.attribute,
    ast.BinOp: _Compiler.arithmetic,
    ast.UnaryOp: _Compiler.unary,
    ast.BoolOp: _Compiler.logic,
    ast.Compare: _Compiler.comparison,
    ast.IfExp: _Compiler.choice,
    ast.Call: _Compiler.function,
}


def _condition(part: _Part) -> _Part:
    return _Part("conditions" if part.kind == "series" else part.kind, part.call)


def _widened(value: Any) -> Any:
    """A number for each of several runs, as it stands beside their series."""
    return value[..., None] if np.ndim(value) else value


def _told(run: _Run, source: _Source, name: str) -> _Series:
    series = run.seen[source]
    if series.values.dtype == object:
        raise UsageError(f"{name} is a text in some record; wanted are numbers")
    missing = ~np.isfinite(series.values)
    if missing.any():
        at = float(series.times[np.nonzero(missing)[-1][0]])
        run.doubts.append(f"there is no number in {name} at time {at:g}")
    return series


def _gathered(records: Iterable[Any], events: Sequence[_Event]) -> dict[_Source, _Series]:
    """The records of events, or a field of them."""
    found: dict[_Event, tuple[list[float], list[Any]]] = {event: ([], []) for event in events}
    for record in records:
        if isinstance(record, BadLine):
            continue
        time, entity, event, payload = (
            (record.time, record.entity, record.event, record.payload)
            if isinstance(record, Record)
            else record[:4]
        )
        for (whose, what, name), (times, values) in found.items():
            if (whose, what) == (entity, event):
                times.append(time)
                values.append(payload.get(name) if name else 1.0)
    return {key: _series(times, values) for key, (times, values) in found.items()}


def _series(times: Sequence[float], values: Sequence[Any]) -> _Series:
    has_texts = any(isinstance(value, str) for value in values)
    held = (
        np.array(values, dtype=object) if has_texts else np.array([*map(_number, values)], dtype=np.float64)
    )
    return _Series(held, np.array(times, dtype=np.float64))


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def _holds(test: Any, *values: Any) -> Array:
    """1 where a test holds, 0 where not, nan where a value is none."""
    unknown = np.isnan(values[0])
    for value in values[1:]:
        unknown = unknown | np.isnan(value)
    return np.where(unknown, np.nan, test)


def _both(*values: Any) -> Any:
    """From the left to the right, as far as needed to know."""
    *before, last = values
    found = _holds(last != 0, last)
    for value in reversed(before):
        found = _holds(np.where(value != 0, found, 0.0), value)
    return found


def _either(*values: Any) -> Any:
    *before, last = values
    found = _holds(last != 0, last)
    for value in reversed(before):
        found = _holds(np.where(value != 0, 1.0, found), value)
    return found


def _chosen(test: Any, yes: Any, no: Any) -> Any:
    return _holds(np.where(test != 0, yes, no), test)


def _divided(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.divide(a, b))


def _floored(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.floor_divide(a, b))


def _remainder(a: Any, b: Any) -> Any:
    return np.where(b == 0, np.nan, np.mod(a, b))


def _greatest(*values: Any) -> Any:
    found = values[0]
    for value in values[1:]:
        found = np.maximum(found, value)
    return found


def _least(*values: Any) -> Any:
    found = values[0]
    for value in values[1:]:
        found = np.minimum(found, value)
    return found


_DIVISIONS = (_divided, _floored, _remainder)
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divided,
    ast.FloorDiv: _floored,
    ast.Mod: _remainder,
    ast.Pow: np.float_power,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Not: lambda value: _holds(value == 0, value),
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: _holds(a == b, a, b),
    ast.NotEq: lambda a, b: _holds(a != b, a, b),
    ast.Lt: lambda a, b: _holds(a < b, a, b),
    ast.LtE: lambda a, b: _holds(a <= b, a, b),
    ast.Gt: lambda a, b: _holds(a > b, a, b),
    ast.GtE: lambda a, b: _holds(a >= b, a, b),
}
_BY_VALUE: dict[str, tuple[Callable[..., Any], int]] = {
    "max": (_greatest, 2),
    "min": (_least, 2),
    "abs": (np.abs, 1),
    "floor": (np.floor, 1),
    "ceil": (np.ceil, 1),
    "round": (np.round, 1),
    "sqrt": (np.sqrt, 1),
}
"""Functions that go value by value, and how many arguments they take at least; those of one take no more."""
_REDUCTIONS: dict[str, Callable[[_Series], Any]] = {
    "sum": lambda series: series.values.sum(axis=-1),
    "mean": lambda series: series.values.mean(axis=-1),
    "max": lambda series: series.values.max(axis=-1),
    "min": lambda series: series.values.min(axis=-1),
    "first": lambda series: series.values[..., 0],
    "last": lambda series: series.values[..., -1],
    "time_of_max": lambda series: _time_of(np.argmax, series),
    "time_of_min": lambda series: _time_of(np.argmin, series),
    "time": lambda series: _Series(np.broadcast_to(series.times, series.values.shape), series.times),
}
"""Functions of a whole series."""
_KNOWN_FUNCTIONS = ("count", *_REDUCTIONS, *(name for name in _BY_VALUE if name not in _REDUCTIONS))


def _time_of(place: Callable[..., Any], series: _Series) -> Array:
    """The first time of the extreme; nan where the series is not known."""
    found = series.times[place(series.values, axis=-1)]
    return np.where(np.isnan(series.values).any(axis=-1), np.nan, found)


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names) or 'none'}"
