"""What `response`, `delay` and `within` have in common: something makes something else due, within an interval."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Matcher
from ..monitors import End, Monitor, See, Tally, guarded
from ..scopes import MISSING


@dataclass(frozen=True, slots=True)
class Terms:
    """What is due, resolved once for a run."""

    trigger: Matcher
    target: Matcher
    unless: tuple[Matcher, ...]
    """What cancels an obligation that is not overdue."""
    low: Compiled | None
    """How long after the trigger at the earliest; None: at once."""
    high: Compiled | None
    """How long after the trigger at the latest; None: before the end."""
    needs_target: bool
    """Whether an interval is only known once there is a target."""
    forward: bool
    """Whether each trigger needs a target."""
    backward: bool
    """Whether each target needs a trigger."""
    answers_all: bool
    """Whether one target answers all triggers that are open, or only one of them."""


class Open:
    """An obligation: between these times something is due."""

    __slots__ = ("record", "low", "high")

    def __init__(self, record: Record, low: float, high: float) -> None:
        self.record = record
        self.low = low
        self.high = high


class Obligations(Monitor):
    """Keeps the open obligations of each key."""

    def __init__(self, tally: Tally, terms: Terms) -> None:
        super().__init__(tally)
        self.terms = terms
        self.open: dict[Any, deque[Open]] = {}
        self.low = terms.low.call if terms.low and not terms.needs_target else _zero
        self.high = terms.high.call if terms.high and not terms.needs_target else _never
        constants = [one.constant for one in (terms.low, terms.high) if one is not None]
        self.fixed: tuple[float, float] | None = None
        if len(constants) == 2 and MISSING not in constants:
            self.fixed = constants[0], constants[1]
        self.trigger_key, self.target_key = terms.trigger.key, terms.target.key

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        for matcher in self.terms.unless:
            yield matcher, guarded(matcher, self._canceller(matcher))
        yield self.terms.target, guarded(self.terms.target, self.on_target)
        yield self.terms.trigger, guarded(self.terms.trigger, self.on_trigger)

    def on_trigger(self, record: Record) -> None:
        key = self.trigger_key(record, None)
        now = record.time
        queue = self.open.get(key)
        if queue is None:
            queue = self.open[key] = deque()
        elif queue and queue[0].high < now:
            self._drop_overdue(queue, now)
        if self.fixed is None:
            queue.append(Open(record, now + self.low(record, record), now + self.high(record, record)))
        else:
            # Most delays are the same throughout a run.
            queue.append(Open(record, now + self.fixed[0], now + self.fixed[1]))

    def on_target(self, record: Record) -> None:
        key = self.target_key(record, None)
        queue = self.open.get(key)
        if not queue:
            if self.terms.backward:
                self._orphan(record)
            return
        now = record.time
        if self.terms.needs_target:
            self._set_intervals(queue, record)
        head = queue[0]
        margin = self.absolute + self.relative * now
        if self.terms.answers_all:
            self._answer_all(queue, record, margin)
        elif head.low - margin <= now <= head.high + margin:
            queue.popleft()
            self.tally.due += 1
        else:
            self._answer_one(queue, record, margin)
        if not queue:
            del self.open[key]

    def finish(self, end: End) -> None:
        for queue in self.open.values():
            for one in queue:
                if self.terms.needs_target or not self.terms.forward:
                    self.tally.pending += 1
                elif one.high == inf or self.is_due(one.high, end):
                    self._missing(one, min(one.high, end.time))
                else:
                    self.tally.pending += 1

    def _canceller(self, matcher: Matcher) -> See:
        def on_cancel(record: Record) -> None:
            queue = self.open.get(matcher.key(record, None))
            if queue is not None:
                self._drop_overdue(queue, record.time)
                del self.open[matcher.key(record, None)]

        return on_cancel

    def _answer_all(self, queue: deque[Open], record: Record, margin: float) -> None:
        now = record.time
        early = [one for one in queue if now < one.low - margin]
        for one in queue:
            if now >= one.low - margin:
                if now <= one.high + margin:
                    self.tally.due += 1
                else:
                    self._wrong(one, record)
        if len(early) == len(queue) and self.terms.backward:
            self._wrong(early.pop(0), record)
        queue.clear()
        queue.extend(early)

    def _answer_one(self, queue: deque[Open], record: Record, margin: float) -> None:
        now = record.time
        fitting = next((one for one in queue if one.low - margin <= now <= one.high + margin), None)
        if fitting is not None:
            self.tally.due += 1
            queue.remove(fitting)
            self._drop_overdue(queue, now)
        elif self.terms.backward or now > queue[0].high:
            self._wrong(queue.popleft(), record)

    def _set_intervals(self, queue: deque[Open], target: Record) -> None:
        terms = self.terms
        for one in queue:
            start = one.record.time
            one.low = start + (terms.low.call(target, one.record) if terms.low else 0.0)
            one.high = start + (terms.high.call(target, one.record) if terms.high else inf)

    def _drop_overdue(self, queue: deque[Open], now: float) -> None:
        if self.terms.needs_target:
            return
        overdue = [one for one in queue if one.high + self.margin(one.high) < now]
        for one in overdue:
            queue.remove(one)
            if self.terms.forward:
                self._missing(one, one.high)

    def _missing(self, one: Open, due: float) -> None:
        self.tally.due += 1
        self.tally.violate(
            f"{self.terms.target.text} {_when(one)}",
            f"missing, due at {due!r}",
            trigger=one.record,
            due=due,
            kinds=self.terms.target.kinds,
        )

    def _wrong(self, one: Open, target: Record) -> None:
        self.tally.due += 1
        self.tally.violate(
            f"{self.terms.target.text} {_when(one)}",
            f"at {target.time!r}",
            trigger=one.record,
            target=target,
            due=one.high if one.high != inf else None,
        )

    def _orphan(self, record: Record) -> None:
        self.tally.due += 1
        self.tally.violate(
            f"{self.terms.trigger.text} before it",
            "there is none that is not answered already",
            target=record,
        )


def _when(one: Open) -> str:
    if one.low == one.high:
        return f"at {one.high!r}"
    if one.high == inf:
        return f"from {one.low!r} on"
    return f"between {one.low!r} and {one.high!r}"


def _zero(record: Record, other: Any) -> float:
    return 0.0


def _never(record: Record, other: Any) -> float:
    return inf
