"""One thing never happens without another one before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, RuleModel


class Precedence(RuleModel):
    """Each record of `then` has one of `first` before it on the trace, of the same key."""

    kind: Literal["precedence"]
    """Says that one thing needs another one before it."""
    first: AnyPattern
    """What comes first."""
    then: AnyPattern
    """What needs it."""
    once: bool = False
    """Whether each `first` serves for only one `then`."""
    strictly: bool = False
    """Whether it must be strictly earlier."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        first = facts.pattern(self, "first", self.first)
        then = facts.pattern(self, "then", self.then)
        return lambda tally: _Watch(tally, first, then, self)


class _Watch(Monitor):
    def __init__(self, tally: Tally, first: Matcher, then: Matcher, rule: Precedence) -> None:
        super().__init__(tally)
        self.first, self.then, self.rule = first, then, rule
        self.times: dict[Any, list[float]] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.then, guarded(self.then, self.on_then)
        yield self.first, guarded(self.first, self.on_first)

    def on_first(self, record: Record) -> None:
        times = self.times.setdefault(self.first.key(record, None), [])
        # Where one serves for all, only the earliest matters.
        if self.rule.once or not times:
            times.append(record.time)

    def on_then(self, record: Record) -> None:
        times = self.times.get(self.then.key(record, None))
        self.tally.due += 1
        if not times:
            self.tally.violate(f"{self.first.text} before it", "there is none", target=record)
        elif self.rule.strictly and not times[0] < record.time - self.margin(record.time):
            self.tally.violate(
                f"{self.first.text} before it", f"it is at the same time, {times[0]!r}", target=record
            )
        if times and self.rule.once:
            times.pop(0)
            if not times:
                del self.times[self.then.key(record, None)]

    def finish(self, end: End) -> None:
        pass
