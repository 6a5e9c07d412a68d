"""Run many simulations of one model in one go, where they go the same way and differ in their numbers only.

The components are those that would run alone. Settings that differ are handed to them as `Many` numbers, a draw draws
once for each simulation from its own stream, and functions of numbers that a component has imported look at each. As
long as every `if` goes the same way in all simulations and everything happens at the same times, each of them gets what
it would get alone, to the last bit, for a fraction of the work. Where they part, they are run again in groups that go
the same way, and in the end one by one, which is also what happens with whatever fails: `run_all` says only who was not
run. Leaves out what is done with the records.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import call
from types import BuiltinFunctionType, FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple, Protocol, TypeVar

from .atomic import Seat
from .clock import Sink
from .commands import Command
from .discerning import may_discern
from .draws import Draw
from .many import Many, PartedError, columns, for_each, mapped, part
from .program import Program


class _Writable(Protocol):
    def write(self, tick: int, entity: str, event: str, payload: dict[str, Any], component: str) -> None: ...


S = TypeVar("S", bound=_Writable)

FEWEST = 8
"""Simulations for which going together is worth while."""
_GAIN = 40
"""So many together take as much longer as one alone takes."""
_LAWS = frozenset(
    (
        "bernoulli",
        "beta",
        "binomial",
        "exponential",
        "gamma",
        "geometric",
        "integer",
        "lognormal",
        "negative_binomial",
        "normal",
        "poisson",
        "triangular",
        "uniform",
        "weibull",
    )
)


class Lane(NamedTuple):
    """One of many simulations."""

    settings: Mapping[str, Any]
    """As `Program.simulate` takes them."""
    seed: int


def run_all(
    program: Program,
    lanes: Sequence[Lane],
    commands: list[Command],
    new_sink: Callable[[], S],
    done: Callable[[Sequence[int], S], bool],
) -> list[int]:
    """Simulate lanes with the same horizon, and return the numbers of those that have to be run alone.

    Args:
        program: what is simulated.
        lanes: the simulations.
        commands: of all of them.
        new_sink: makes something that takes the records of a group; their numbers may be `Many`.
        done: told which lanes have been run into a sink; says whether to believe it.
    """
    alone: list[int] = []
    groups = [list(range(len(lanes)))]
    # In simulations that are run alone; half of what it takes to run all of them like that may be lost.
    left = 2 + len(lanes) / 2
    while groups:
        group = groups.pop()
        cost = 1 + len(group) / _GAIN
        if len(group) < FEWEST or cost > left:
            alone += group
            continue
        left -= cost
        sink = new_sink()
        try:
            _run(program, [lanes[number] for number in group], commands, sink.write)
        except PartedError as parted:
            groups += _groups(group, parted.groups)
        except (Exception, SystemExit):  # noqa: BLE001  (any code at all may stand in a simulator)
            # One of them may have failed, or all because of their company; alone each will say what is wrong.
            groups += [group[: len(group) // 2], group[len(group) // 2 :]]
        else:
            alone += [] if done(group, sink) else group
    return alone


def _groups(group: list[int], keys: Sequence[Any] | None) -> list[list[int]]:
    """Those that make the same of what they parted at; each by itself where nobody knows."""
    found: dict[Any, list[int]] = {}
    for number, key in zip(group, keys or group, strict=True):
        found.setdefault(key, []).append(number)
    return [*found.values()]


def _run(program: Program, lanes: Sequence[Lane], commands: list[Command], sink: Sink) -> None:
    names = lanes[0].settings
    settings = {name: _joined([lane.settings[name] for lane in lanes]) for name in names}
    PartedError.happened = False
    # The functions of a module can be exchanged once it is there.
    modules = _modules(program.system())
    if any(map(may_discern, modules)):
        part()
    with _looking_at_each(modules):
        kernel = program.prepared(settings, commands, 0, 0, sink)
        shared: dict[tuple[int, str], _Source] = {}
        for seat in kernel.nodes:
            if type(seat) is not Seat:
                part()
            draws: Any = _Draws([lane.seed for lane in lanes], seat.path, shared)
            stream: Any = _NoStream()
            seat.draw, seat.rng = draws, stream
        program.complete(kernel, settings)
    if PartedError.happened:
        part()


def _joined(values: list[Any]) -> Any:
    """One value where all are the same; many where they are numbers; many in their places where they are in tuples."""
    first = values[0]
    if len(set(map(id, values))) == 1:
        return first
    if set(map(type, values)) <= {int, float}:
        is_one = values.count(first) == len(values) and len(set(map(repr, values))) == 1
        return first if is_one else Many(values)
    if all(type(value) is tuple and len(value) == len(first) for value in values):
        return tuple([_joined(list(column)) for column in zip(*values, strict=True)])
    # What is equal need not be the same: 1 and 1.0, or the order of a dict. Most are one and the same object.
    texts = {id(value): repr(value) for value in {id(value): value for value in values}.values()}
    if len(set(texts.values())) > 1:
        part([texts[id(value)] for value in values])
    return first


# Draws.


class _Source:
    """The uniform numbers of one stream, fetched once for all that draw the same ones."""

    def __init__(self, seed: int, path: str) -> None:
        self._draw = Draw(seed, 0, path)
        self._blocks: list[list[float]] = []

    def block(self, number: int) -> list[float]:
        """The numbers of one fetch, to be consumed from the end."""
        while number >= len(self._blocks):
            last = self._draw._fetch()
            self._blocks.append([*self._draw._waiting, last])
        return self._blocks[number]


class _SharedDraw(Draw):
    """Draws as `Draw` does, from a source that others draw from too."""

    __slots__ = ("_number", "_source")

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._number = 0
        self._waiting = []

    def _fetch(self) -> float:
        self._waiting = self._source.block(self._number).copy()
        self._number += 1
        return self._waiting.pop()


class _Draws:
    """The draws of one component in many simulations; stands in the place of a `Draw`."""

    def __init__(self, seeds: list[int], path: str, shared: dict[tuple[int, str], _Source]) -> None:
        self._seeds, self._path, self._shared = seeds, path, shared
        self._each: list[Draw] = []

    def __getattr__(self, law: str) -> Any:
        if law not in _LAWS:
            # What it hands over, or does in place, is no number.
            part()
        if not self._each:
            self._each = [_SharedDraw(self._source(seed)) for seed in self._seeds]
        methods = [getattr(draw, law) for draw in self._each]

        def drawn(*args: Any, **named: Any) -> Many:
            if not named:
                return mapped(call, methods, *columns(args, len(methods)))
            count = len(args)

            def with_names(method: Callable[..., Any], *row: Any) -> Any:
                return method(*row[:count], **dict(zip(named, row[count:], strict=True)))

            return mapped(with_names, methods, *columns([*args, *named.values()], len(methods)))

        setattr(self, law, drawn)
        return drawn

    def _source(self, seed: int) -> _Source:
        key = seed, self._path
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = _Source(seed, self._path)
        return found


class _NoStream:
    """In the place of a numpy generator: how much of it a simulation takes depends on its numbers."""

    def __getattr__(self, name: str) -> Any:
        part()


# Functions.


class _Kind(type):
    """Of what stands in the place of `int` and `float`."""

    kind: type

    def __call__(cls, *args: Any) -> Any:
        return for_each(cls.kind, args) if _has_many(args) else cls.kind(*args)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.kind)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.kind)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.kind

    def __hash__(cls) -> int:
        return hash(cls.kind)


class _Int(int, metaclass=_Kind):
    kind = int


class _Float(float, metaclass=_Kind):
    kind = float


def _for_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers that takes many."""

    def looking(*args: Any, **named: Any) -> Any:
        return for_each(function, args) if _has_many(args) and not named else function(*args, **named)

    return looking


def _for_extremes(function: Callable[..., Any]) -> Callable[..., Any]:
    """`min` or `max`, which take their numbers one by one or together."""

    def looking(*args: Any, **named: Any) -> Any:
        if len(args) == 1 and "key" not in named:
            args = (list(args[0]),)
            if _has_many(args[0]):
                return for_each(lambda *row: function(row), args[0])
        return for_each(function, args) if _has_many(args) and not named else function(*args, **named)

    return looking


def _for_pairs(function: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], Any]:
    """A function that makes two numbers of one."""

    def looking(number: Any, /) -> Any:
        if type(number) is not Many:
            return function(number)
        pairs = for_each(function, (number,)).each
        return tuple([Many(list(column)) for column in zip(*pairs, strict=True)])

    return looking


def _for_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a row of numbers: some of Python's own go another way with floats than with anything else."""

    def looking(items: Any, /, *others: Any, **named: Any) -> Any:
        row = list(items)
        if not all(_has_no_many(other) for other in (*others, *named.values())):
            # A beginning, weights.
            part()
        if _has_many(row):
            return for_each(lambda *cells: function(cells, *others, **named), row)
        return function(row, *others, **named)

    return looking


def _has_many(args: Sequence[Any]) -> bool:
    return any(type(arg) is Many for arg in args)


def _has_no_many(value: Any) -> bool:
    """Whether this is surely without any."""
    return type(value) in (int, float) or (type(value) in (list, tuple) and not _has_many(value))


def _parting(*args: Any, **named: Any) -> Any:
    """In the place of what would make something else of many numbers, such as `type`."""
    part()


_BUILT_IN = {
    "float": _Float,
    "int": _Int,
    "id": _parting,
    "max": _for_extremes(max),
    "min": _for_extremes(min),
    "pow": _for_numbers(pow),
    "sum": _for_rows(sum),
    "type": _parting,
}
_OF_PAIRS = ("frexp", "modf")
_OF_ROWS = ("fsum", "prod", "fmean", "mean", "median")
_ABSENT = object()


def _looking(name: str, value: Any) -> Any:
    """What stands in the place of a function of `math` or `statistics`; other things stay what they are."""
    if type(value) not in (BuiltinFunctionType, FunctionType):
        return value
    if name in _OF_PAIRS:
        return _for_pairs(value)
    if name in _OF_ROWS:
        return _for_rows(value)
    return _for_numbers(value) if value.__module__ == "math" and name != "sumprod" else _parting


@cache
def _fresh(module: str) -> SimpleNamespace:
    """`math` or `statistics` as a whole."""
    return SimpleNamespace(
        **{name: _looking(name, value) for name, value in vars(sys.modules[module]).items()}
    )


def _exchanged(value: Any) -> Any:
    """What stands in the place of something that a module has imported or renamed."""
    if isinstance(value, ModuleType):
        return _fresh(value.__name__) if value.__name__ in ("math", "statistics") else value
    if type(value) in (BuiltinFunctionType, FunctionType) and value.__module__ in ("math", "statistics"):
        return getattr(_fresh(value.__module__), value.__name__)
    return next((held for name, held in _BUILT_IN.items() if value is getattr(builtins, name)), value)


@contextmanager
def _looking_at_each(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Let functions of numbers take many where the simulator's own modules call them."""
    changed: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for module in modules:
            names = vars(module)
            fresh: dict[str, Any] = {name: held for name, held in _BUILT_IN.items() if name not in names}
            for name, value in names.items():
                if (exchanged := _exchanged(value)) is not value:
                    fresh[name] = exchanged
            changed += [(names, name, names.get(name, _ABSENT)) for name in fresh]
            names.update(fresh)
        yield
    finally:
        for names, name, value in changed:
            if value is _ABSENT:
                names.pop(name, None)
            else:
                names[name] = value


def _modules(system: ModuleType) -> list[ModuleType]:
    """Those of the simulator, but for the runtime that it brings along."""
    own = __name__.partition(".")[0]
    folder = str(system.__file__).rpartition(os.sep)[0] + os.sep
    return [
        module
        for name, module in [*sys.modules.items()]
        if name.partition(".")[0] != own and (getattr(module, "__file__", None) or "").startswith(folder)
    ]
