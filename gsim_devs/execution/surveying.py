"""Many simulations of which only some numbers are to be told: cut into requests, and put together again.

A request holds as many simulations as take a moment. What a simulation comes to does not depend on the others of its
request: one that goes wrong as a whole (a simulation hangs, kills the worker, eats its memory) is cut into requests of
one simulation each, so that only those fail that do so alone.
"""

from __future__ import annotations

import json
import math
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from gsim_devs.errors import UsageError

from .result import Result, Status

_A_MOMENT = 0.1
_FIRST, _MOST = 16, 4096
_MOST_NUMBERS = 1_000_000
# How many sights may be under way beyond the one that is told next.
_WINDOW = 8192
_NOTHING = struct.pack("d", math.nan)


class Watch(NamedTuple):
    """A number to follow during a run."""

    event: str
    entity: str | None
    """Whose records; anybody's where it is none."""
    field: str | None
    """Of which the latest value is followed; where it is none, the number of records so far."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Simulations from one beginning, one for each of some candidates."""

    arguments: Mapping[str, object]
    times: tuple[float, ...]
    """When they are looked at; ascending."""
    candidates: Sequence[int]
    """Which of the candidates."""
    stdin: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.times:
            raise UsageError("a simulation of which nothing is looked at; give it times")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the simulations of one sight came to."""

    numbers: bytes
    """As floats of 64 bits: for each candidate, time and watch; nan where there is none."""
    failures: Mapping[int, Result]
    """Those that failed, by their place among the candidates."""


class Part(NamedTuple):
    """Some of the simulations of a sight."""

    sight: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SurveyTask:
    """A request on its way."""

    parts: tuple[Part, ...]
    request: bytes
    body: bytes
    length: int
    """Of the answer, in bytes."""

    @property
    def count(self) -> int:
        """How many simulations it holds."""
        return sum(part.end - part.begin for part in self.parts)

    def failures(self, header: Mapping[str, Any], body: bytes) -> dict[int, tuple[Status, str]]:
        """What a worker says about those that failed, by number; a ValueError if it is nonsense."""
        found = {}
        for number, status, error in header["failures"]:
            if status not in get_args(Status) or type(number) is not int or not 0 <= number < self.count:
                raise ValueError("no failure")
            found[number] = status, str(error)
        if len(body) != self.length:
            raise ValueError("not as many numbers as were asked for")
        return found


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The answer to a request."""

    numbers: bytes
    failures: Mapping[int, Result]
    seconds: float


@dataclass(slots=True)
class _Open:
    """A sight that is under way."""

    sight: Sight
    numbers: bytearray
    left: int
    failures: dict[int, Result] = field(default_factory=dict)


class SurveyBatch:
    """Sights in, what was seen out, both in order."""

    def __init__(
        self,
        sights: Iterable[Sight],
        candidates: Sequence[Mapping[str, object]],
        watches: Sequence[Watch],
        slack: float,
        limit: int,
        most: int = _MOST,
    ) -> None:
        """`limit`: of an answer, in bytes; `most`: of simulations in a request."""
        if not watches:
            raise UsageError("a survey without anything to watch; name a number")
        self._sights = iter(sights)
        self._candidates = [dict(one) for one in candidates]
        self._all = json.dumps(self._candidates).encode() if len(candidates) <= _MOST else b""
        self._about = {"watches": watches, "slack": slack, "limit": limit}
        self._width = len(watches)
        self._limit = limit
        self._most = most
        self._size = min(_FIRST, most)
        self._open: dict[int, _Open] = {}
        self._taken = 0
        self._given = 0
        self._current: Part | None = None
        """What is left of a sight that did not fit into a request."""
        self._again: deque[SurveyTask] = deque()
        self._exhausted = False

    @property
    def over(self) -> bool:
        """Whether all has been told."""
        return self._exhausted and not self._current and self._given == self._taken

    def next_task(self) -> SurveyTask | None:
        """The next request, if there is one now."""
        if self._again:
            return self._again.popleft()
        parts: list[Part] = []
        room = self._size
        numbers = min(_MOST_NUMBERS, self._limit // 8)
        while room > 0 and (part := self._current or self._next_sight()):
            each = self._length(part.sight)
            fitting = max(min(room, numbers // each), 0 if parts else 1)
            end = min(part.end, part.begin + fitting)
            self._current = Part(part.sight, end, part.end) if end < part.end else None
            if end == part.begin:
                break
            parts.append(Part(part.sight, part.begin, end))
            room -= end - part.begin
            numbers -= (end - part.begin) * each
        return self._task(parts) if parts else None

    def put_back(self, task: SurveyTask) -> None:
        """Try it again; in pieces, if it has any."""
        if task.count == 1:
            self._again.append(task)
            return
        self._size = max(1, self._size // 4)
        self._again += [
            self._task([Part(part.sight, place, place + 1)])
            for part in task.parts
            for place in range(part.begin, part.end)
        ]

    def settle(self, task: SurveyTask, result: Result | Surveyed) -> None:
        """Take an answer; a request of several simulations that has none is tried again in pieces."""
        if isinstance(result, Result):
            if task.count > 1:
                self.put_back(task)
            else:
                self.fail(task, result)
            return
        self._learn(task.count, result.seconds)
        offset = number = 0
        for part in task.parts:
            held, each = self._open[part.sight], 8 * self._length(part.sight)
            length = (part.end - part.begin) * each
            held.numbers[part.begin * each : part.end * each] = result.numbers[offset : offset + length]
            offset += length
            for place in range(part.begin, part.end):
                if number in result.failures:
                    held.failures[place] = result.failures[number]
                number += 1
            held.left -= part.end - part.begin

    def fail(self, task: SurveyTask, result: Result) -> None:
        """All simulations of a request have failed."""
        for part in task.parts:
            held = self._open[part.sight]
            held.failures |= dict.fromkeys(range(part.begin, part.end), result)
            held.left -= part.end - part.begin

    def next_results(self) -> Iterator[Seen]:
        """What can be told now."""
        while (held := self._open.get(self._given)) and not held.left:
            del self._open[self._given]
            self._given += 1
            yield Seen(bytes(held.numbers), held.failures)

    def _learn(self, count: int, seconds: float) -> None:
        """Make requests that take a moment, but never grow quickly: nobody knows what the next simulations are like."""
        fitting = int(count * _A_MOMENT / max(seconds, 1e-9))
        if fitting < count:
            self._size = max(1, fitting)
        elif count * 2 > self._size:
            self._size = min(fitting, 4 * self._size, self._most)

    def _next_sight(self) -> Part | None:
        if self._exhausted or self._taken - self._given >= _WINDOW:
            return None
        sight = next(self._sights, None)
        if sight is None:
            self._exhausted = True
            return None
        count = len(sight.candidates)
        numbers = bytearray(_NOTHING * (count * len(sight.times) * self._width))
        self._open[self._taken] = _Open(sight, numbers, count)
        self._taken += 1
        return Part(self._taken - 1, 0, count)

    def _length(self, sight: int) -> int:
        """How many numbers each simulation of a sight comes to."""
        return len(self._open[sight].sight.times) * self._width

    def _task(self, parts: Sequence[Part]) -> SurveyTask:
        chosen = [self._open[part.sight].sight.candidates[part.begin : part.end] for part in parts]
        places, body = self._sent(chosen)
        told = []
        for part, some in zip(parts, chosen, strict=True):
            sight = self._open[part.sight].sight
            numbers = [places[number] for number in some]
            told.append([dict(sight.arguments), sight.stdin, sight.seed, sight.times, numbers])
        request = json.dumps({**self._about, "sights": told}).encode()
        length = 8 * sum((part.end - part.begin) * self._length(part.sight) for part in parts)
        return SurveyTask(tuple(parts), request, body, length)

    def _sent(self, chosen: Sequence[Sequence[int]]) -> tuple[Mapping[int, int] | range, bytes]:
        """The candidates that go with a request, and where each of them is there."""
        if len(self._candidates) <= _MOST:
            # Always the same ones: a worker need not read them again.
            return range(len(self._candidates)), self._all
        used = sorted({number for some in chosen for number in some})
        places = {number: place for place, number in enumerate(used)}
        return places, json.dumps([self._candidates[number] for number in used]).encode()
