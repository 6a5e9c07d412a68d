"""Find the record of a reference that one of a trace agrees with. Leaves out what it means that there is none.

Two records agree where they are equal but for their numbers, which may differ by the tolerance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from math import inf
from typing import Any

from gsim_devs.trace import Record

Fields = Sequence[str] | None
"""The payload fields that count; None: all."""


class Expected:
    """A record of the reference, and whether it has been met."""

    __slots__ = ("record", "position", "stiff", "numbers", "is_open", "is_told")

    def __init__(self, record: Record, position: int, fields: Fields) -> None:
        self.record = record
        self.position = position
        """Its place in the reference."""
        self.stiff, self.numbers = signature(record, fields)
        self.is_open = True
        self.is_told = False
        """Whether a violation has told of it already."""


_MOST_STEPS = 8
"""By how many numbers of a record it is looked for; of those that it leaves, all are compared."""

_Entry = tuple[tuple[float, ...], int, Expected]


class Pool:
    """Records that are expected, found by what they say."""

    def __init__(self, absolute: float, relative: float) -> None:
        self.absolute, self.relative = absolute, relative
        self._buckets: dict[Hashable, list[_Entry]] = {}

    def add(self, expected: Expected) -> None:
        entry = (expected.numbers, expected.position, expected)
        insort(self._buckets.setdefault(expected.stiff, []), entry)

    def remove(self, expected: Expected) -> None:
        """It is met, or nothing can meet it any more."""
        expected.is_open = False
        bucket = self._buckets[expected.stiff]
        del bucket[bisect_left(bucket, (expected.numbers, expected.position))]
        if not bucket:
            del self._buckets[expected.stiff]

    def find(self, record: Record, fields: Fields, may_be: Callable[[Expected], bool]) -> Expected | None:
        """The first one with the same numbers, or else the first one within the tolerance."""
        stiff, numbers = signature(record, fields)
        bucket = self._buckets.get(stiff)
        if bucket is None:
            return None
        exact = bisect_left(bucket, (numbers,))
        while exact < len(bucket) and bucket[exact][0] == numbers:
            if may_be(bucket[exact][2]):
                return bucket[exact][2]
            exact += 1
        near = (one for one in self._near(bucket, numbers) if may_be(one))
        return min(near, key=lambda one: one.position, default=None)

    def reach(self, number: float) -> float:
        """How far from a number those may be that agree with it, at most."""
        # The larger one counts, and it may be the other one. The little more is for rounding.
        relative = self.relative + 1e-12
        if relative >= 1:
            return inf
        return self.absolute + relative * (abs(number) + self.absolute) / (1 - relative)

    def are_near(self, a: float, b: float) -> bool:
        """Whether two numbers agree."""
        return a == b or abs(a - b) <= self.absolute + self.relative * max(abs(a), abs(b))

    def differing(self, a: Record, b: Record, fields: Fields) -> list[str]:
        """The payload fields in which two records differ."""
        names = dict.fromkeys((*a.payload, *b.payload)) if fields is None else fields
        return [name for name in names if not self._same_field(a, b, name)]

    def _same_field(self, a: Record, b: Record, name: str) -> bool:
        one, other = signature(a, (name,)), signature(b, (name,))
        return one[0][2:] == other[0][2:] and self._agree(one[1], other[1])

    def _near(self, bucket: list[_Entry], numbers: tuple[float, ...]) -> Iterator[Expected]:
        """Those that agree. The bucket is sorted by the first number, then the second: each of them narrows it down."""
        pending = [(0, len(bucket), 0)]
        while pending:
            low, high, depth = pending.pop()
            if depth == min(len(numbers), _MOST_STEPS):
                yield from (one for found, _, one in bucket[low:high] if self._agree(found, numbers))
                continue
            number = numbers[depth]
            reach = self.reach(number)
            nth = partial(_nth, depth)
            low = bisect_left(bucket, number - reach, low, high, key=nth)
            while low < high and nth(bucket[low]) <= number + reach:
                end = bisect_right(bucket, nth(bucket[low]), low, high, key=nth)
                pending.append((low, end, depth + 1))
                low = end

    def _agree(self, some: tuple[float, ...], others: tuple[float, ...]) -> bool:
        return all(map(self.are_near, some, others))


def _nth(number: int, entry: _Entry) -> float:
    return entry[0][number]


def signature(record: Record, fields: Fields) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    """What must be equal, and the numbers that must be near, of the payload fields that count."""
    payload = record.payload
    names = sorted(payload) if fields is None else [name for name in fields if name in payload]
    stiff: list[Any] = [record.entity, record.event, *names]
    numbers: list[float] = []
    # A stack and not a recursion: a payload may be nested deeper than Python calls.
    pending: list[Any] = [payload[name] for name in reversed(names)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            keys = sorted(value)
            stiff.append(("object", *keys))
            pending += [value[key] for key in reversed(keys)]
        elif isinstance(value, list | tuple):
            stiff.append(("list", len(value)))
            pending += reversed(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            stiff.append(float)
            numbers.append(value)
        else:
            stiff.append((type(value), value))
    return tuple(stiff), tuple(numbers)
