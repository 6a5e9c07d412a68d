"""Whether arguments have sound bounds and defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from gsim_devs.runtime.durations import FORMATS_IN_WORDS, SECONDS_PER_UNIT, is_format, seconds_of
from gsim_devs.runtime.values import take

from ..arguments import (
    DurationArgument,
    FileArgument,
    IntegerArgument,
    NumberArgument,
)
from ..declaration import Defect
from ..sentences import nearest, one_of
from ..values import (
    BOUND_WORDS,
    BoundedValue,
    ChoiceValue,
    DurationValue,
    IntegerValue,
    TextValue,
)
from .findings import unknown

if TYPE_CHECKING:
    from ..arguments import Argument
    from ..contract import Contract
    from ..values import AnyValue, Bound

_Scalar = int | float | str | bool
_ABOVE: dict[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "exclusive_minimum": lambda value, bound: value > bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusive_maximum": lambda value, bound: value < bound,
}


def argument_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the declarations of arguments."""
    for name, argument in contract.arguments.items():
        place = ("arguments", name)
        found = list(value_type_defects(contract, place, argument, own_name=name))
        yield from found
        if found or isinstance(argument, FileArgument):
            yield from _content(place, argument)
        elif argument.default is not None and (
            cause := value_defect(contract, argument, argument.default, {})
        ):
            yield Defect((*place, "default"), f"found {argument.default!r}; it {cause}")


def value_type_defects(
    contract: Contract, place: tuple[str, ...], value: AnyValue | Argument, own_name: str = ""
) -> Iterator[Defect]:
    """What is wrong with a type of values: its format, pattern, choices, bounds."""
    if isinstance(value, DurationValue):
        yield from _format(contract, place, value)
    if (
        isinstance(value, TextValue)
        and value.pattern is not None
        and (cause := pattern_defect(value.pattern))
    ):
        yield Defect((*place, "pattern"), cause)
    if isinstance(value, ChoiceValue) and len(set(value.choices)) < len(value.choices):
        yield Defect((*place, "choices"), "the same choice occurs twice")
    if isinstance(value, BoundedValue):
        yield from _bounds(contract, place, value, own_name)


def pattern_defect(pattern: str) -> str | None:
    """Why this is no regular expression."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"found {pattern!r}; it is not a regular expression: {error}"
    return None


def value_defect(
    contract: Contract, kind: AnyValue | Argument, value: _Scalar, given: Mapping[str, _Scalar]
) -> str | None:
    """Why a value is not one of this kind; bounds that name an argument are taken from `given`, else its default.

    Numbers may be written as text, as on a command line.
    """
    if isinstance(kind, BoundedValue):
        number = _number(contract, kind, value)
        return number if isinstance(number, str) else _outside(contract, kind, number, given)
    if isinstance(kind, ChoiceValue):
        near = nearest(value, list(kind.choices)) if isinstance(value, str) else ""
        return None if value in kind.choices else f"should be {one_of(list(kind.choices))}{near}"
    if isinstance(kind, TextValue):
        matches = isinstance(value, str) and (kind.pattern is None or re.fullmatch(kind.pattern, value))
        return None if matches else f"should be text{f' that matches {kind.pattern}' if kind.pattern else ''}"
    if isinstance(kind, FileArgument):
        return None if isinstance(value, str) else "should be the path of a file"
    return None if value in (True, False, "true", "false") else "should be true or false"


def _number(contract: Contract, kind: AnyValue | Argument, value: _Scalar) -> float | str:
    """The number that a value stands for, in its unit; or why it stands for none."""
    if isinstance(kind, DurationValue):
        seconds = seconds_of(value, kind.format) if isinstance(value, str) else None
        if seconds is None:
            return f"should be a time written {kind.format}"
        return float(seconds / SECONDS_PER_UNIT[contract.time.unit])
    word = "a whole number" if isinstance(kind, IntegerValue) else "a finite number"
    try:
        # What the simulator's own command line will take.
        return float(take({"type": kind.type}, value, ""))
    except (ValueError, OverflowError):
        return f"should be {word}"


def _outside(
    contract: Contract, kind: BoundedValue, number: float, given: Mapping[str, _Scalar]
) -> str | None:
    for key, bound in kind.bounds.items():
        limit = _limit(contract, bound, given)
        if limit is not None and not _ABOVE[key](number, limit):
            return f"should be {BOUND_WORDS[key]} {bound}" + (
                f" ({limit:g})" if isinstance(bound, str) else ""
            )
    return None


def _limit(contract: Contract, bound: Bound, given: Mapping[str, _Scalar]) -> float | None:
    """The number that a bound stands for; None where it names an argument that has no sound value."""
    if not isinstance(bound, str):
        return bound
    argument = contract.arguments[bound]
    standing = given.get(bound, getattr(argument, "default", None))
    known = None if standing is None else _number(contract, argument, standing)
    return None if isinstance(known, str) else known


def _format(contract: Contract, place: tuple[str, ...], value: DurationValue) -> Iterator[Defect]:
    if not is_format(value.format):
        yield Defect((*place, "format"), f"found {value.format!r}; a format is {FORMATS_IN_WORDS}")
    if contract.time.unit not in SECONDS_PER_UNIT:
        yield Defect(
            (*place, "type"),
            f"a {contract.time.unit} has no length in seconds, so no time can be written as text",
        )


def _bounds(
    contract: Contract, place: tuple[str, ...], value: BoundedValue, own_name: str
) -> Iterator[Defect]:
    for key, bound in value.bounds.items():
        if not isinstance(bound, str):
            continue
        other = contract.arguments.get(bound)
        if other is None:
            numbers = [name for name, kind in contract.arguments.items() if isinstance(kind, BoundedValue)]
            yield Defect((*place, key), unknown("numeric argument", bound, numbers))
        elif bound == own_name:
            yield Defect((*place, key), "an argument cannot bound itself")
        elif not isinstance(other, IntegerArgument | NumberArgument | DurationArgument):
            yield Defect(
                (*place, key), f"the argument {bound!r} is of type {other.type}; a bound is a number"
            )
    yield from _nothing_between(place, value)


def _nothing_between(place: tuple[str, ...], value: BoundedValue) -> Iterator[Defect]:
    fixed = {key: bound for key, bound in value.bounds.items() if not isinstance(bound, str)}
    for low in ("minimum", "exclusive_minimum"):
        for high in ("maximum", "exclusive_maximum"):
            if low in fixed and high in fixed:
                both = low == "minimum" and high == "maximum"
                if fixed[low] > fixed[high] or (fixed[low] == fixed[high] and not both):
                    yield Defect(
                        (*place, low),
                        f"no value is {BOUND_WORDS[low]} {fixed[low]} and {BOUND_WORDS[high]} {fixed[high]}",
                    )


def _content(place: tuple[str, ...], argument: Argument) -> Iterator[Defect]:
    if not isinstance(argument, FileArgument) or argument.default is None:
        return
    content = argument.default
    table = isinstance(content, list | tuple) and all(isinstance(row, dict) for row in content)
    sound = {"text": isinstance(content, str), "csv": table, "jsonl": table, "json": True}
    if not sound[argument.format]:
        needed = "text" if argument.format == "text" else "a list of mappings"
        yield Defect((*place, "default"), f"the content of a {argument.format} file is {needed}")
