"""One value for many simulations that go through a model together: a number of Python for each of them.

`Many` stands where a model has a number. Arithmetic and comparisons are made for each simulation with Python's own
operators, so that each gets, to the last bit, what it would get alone. Where the simulations have to agree, on the
way that an `if` takes, on an index, on a text, and do not, `PartedError` is raised: nothing is true of all of them any
more. What runs such a model is in `together`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from numbers import Number
from typing import Any, NoReturn


class PartedError(BaseException):
    """Simulations go different ways. No Exception, so that no component catches it by accident."""

    happened = False
    """Whether it was raised since somebody set this back; a component may have caught it all the same."""

    def __init__(self, groups: Sequence[Any] | None = None) -> None:
        """`groups`: what each simulation makes of it; those that make the same of it can go on together."""
        super().__init__()
        self.groups = groups
        PartedError.happened = True


class Many:
    """A number in each of many simulations. Cannot be changed."""

    __slots__ = ("each",)
    # Arrays of numpy would take it for an object.
    __array_ufunc__ = None

    def __init__(self, each: list[Any]) -> None:
        self.each = each

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What it passes for in `isinstance`: a number of the type that it has in all simulations."""
        kinds = set(map(type, self.each))
        return kinds.pop() if len(kinds) == 1 else part(list(map(type, self.each)))

    def agreed(self) -> Any:
        """The number, which must be the same in all simulations, down to its type and its sign."""
        each = self.each
        if each.count(each[0]) < len(each) or len(set(map(_exactly, each))) > 1:
            part(list(map(_exactly, each)))
        return each[0]

    def __bool__(self) -> bool:
        if any(self.each):
            return all(self.each) or part(list(map(bool, self.each)))
        return False

    # Where Python wants a number, a text or a key, there can be only one.

    def __int__(self) -> int:
        return int(self.agreed())

    def __float__(self) -> float:
        return float(self.agreed())

    def __complex__(self) -> complex:
        return complex(self.agreed())

    def __index__(self) -> int:
        return operator.index(self.agreed())

    def __trunc__(self) -> int:
        whole: int = math.trunc(self.agreed())
        return whole

    def __getattr__(self, name: str) -> NoReturn:
        # What a number has beyond that; to be without it would be another way to go.
        part()

    def __hash__(self) -> int:  # noqa: PLE0309  (it ends here)
        # Nothing may find it later that is not of these simulations.
        self.agreed()
        part()

    def __repr__(self) -> str:
        return repr(self.agreed())

    def __format__(self, form: str) -> str:
        return format(self.agreed(), form)

    def __copy__(self) -> Many:
        return self

    def __deepcopy__(self, memo: object) -> Many:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        part()

    # Python lets these return anything.

    def __floor__(self) -> Many:
        return mapped(math.floor, self.each)

    def __ceil__(self) -> Many:
        return mapped(math.ceil, self.each)

    def __round__(self, *digits: Any) -> Many:
        return for_each(round, (self, *digits))

    def __divmod__(self, other: Any) -> tuple[Many, Many]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Many, Many]:
        return other // self, other % self


def part(groups: Sequence[Any] | None = None) -> NoReturn:
    """Say that the simulations cannot go on together."""
    raise PartedError(groups)


def for_each(function: Callable[..., Any], args: Sequence[Any]) -> Many:
    """Call a function for each simulation; at least one of the arguments is many."""
    return mapped(function, *columns(args))


def mapped(function: Callable[..., Any], *each: Iterable[Any]) -> Many:
    """What a function makes of these columns; one of them ends."""
    try:
        return Many(list(map(function, *each)))
    except Exception:  # noqa: BLE001  (whatever it is, a component may expect it)
        # It must not be caught in the name of all.
        part([_mishap(function, row) for row in zip(*each, strict=False)])


def columns(args: Sequence[Any], count: int = 0) -> list[Iterable[Any]]:
    """Each argument as what it is in one simulation after the other, of which there are `count` if that is known."""
    counts = {len(arg.each) for arg in args if type(arg) is Many} | ({count} if count else set())
    if len(counts) > 1:
        # Somebody has kept a number from other simulations.
        part()
    return [arg.each if type(arg) is Many else repeat(arg) for arg in args]


def _binary(function: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The operator and its reflection."""

    def forward(self: Many, other: Any) -> Any:
        if type(other) is Many:
            return for_each(function, (self, other))
        if isinstance(other, int | float):
            return mapped(function, self.each, repeat(other))
        return _part_from_numbers(other)

    def reflected(self: Many, other: Any) -> Any:
        if isinstance(other, int | float):
            return mapped(function, repeat(other), self.each)
        return _part_from_numbers(other)

    return forward, reflected


def _part_from_numbers(other: Any) -> Any:
    """Numbers of another kind know the numbers of Python, but not many of them."""
    return part() if isinstance(other, Number) else NotImplemented


def _exactly(value: Any) -> Any:
    """Equal only for what cannot be told from it; the digits of a whole number may be too many to write down."""
    return (type(value), value) if isinstance(value, int) else repr(value)


def _unary(function: Callable[[Any], Any]) -> Callable[[Many], Many]:
    return lambda self: mapped(function, self.each)


def _mishap(function: Callable[..., Any], row: Sequence[Any]) -> str:
    """What goes wrong in one simulation; nothing, perhaps."""
    try:
        function(*row)
    except Exception as error:  # noqa: BLE001  (see above)
        return repr(error)
    return ""


for _name in (
    "add sub mul truediv floordiv mod pow lshift rshift and or xor".split()  # noqa: SIM905  (easier to read)
):
    _forward, _reflected = _binary(getattr(operator, f"__{_name}__"))
    setattr(Many, f"__{_name}__", _forward)
    setattr(Many, f"__r{_name}__", _reflected)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Many, f"__{_name}__", _binary(getattr(operator, _name))[0])
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Many, f"__{_name}__", _unary(getattr(operator, _name)))
