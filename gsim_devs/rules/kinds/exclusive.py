"""One at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Exclusive(RuleModel):
    """For each key (a resource), one holder at a time, and only the holder gives it back."""

    kind: Literal["exclusive"]
    """Says that there is one holder at a time."""
    acquire: AnyPattern
    """What takes the resource."""
    release: AnyPattern
    """What gives it back."""
    holder: Expression = True
    """Who holds it, according to a record; the same for all unless it is given."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matchers = [
            facts.pattern(self, "acquire", self.acquire),
            facts.pattern(self, "release", self.release),
        ]
        holders = [facts.over_record("holder", self.holder, matcher) for matcher in matchers]
        return lambda tally: _Watch(tally, matchers, holders)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matchers: list[Matcher], holders: list[Compiled]) -> None:
        super().__init__(tally)
        self.matchers, self.holders = matchers, holders
        self.held: dict[Any, tuple[Any, Record]] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matchers[1], guarded(self.matchers[1], self.on_release)
        yield self.matchers[0], guarded(self.matchers[0], self.on_acquire)

    def on_acquire(self, record: Record) -> None:
        key = self.matchers[0].key(record, None)
        before = self.held.get(key)
        self.tally.due += 1
        if before is not None:
            self.tally.violate(
                "it is free", f"it is held since {before[1].time!r}", trigger=before[1], target=record
            )
        self.held[key] = self.holders[0].call(record, None), record

    def on_release(self, record: Record) -> None:
        before = self.held.pop(self.matchers[1].key(record, None), None)
        holder = self.holders[1].call(record, None)
        self.tally.due += 1
        if before is None:
            self.tally.violate(f"{self.matchers[0].text} before it", "nobody holds it", target=record)
        elif before[0] != holder:
            self.tally.violate(
                f"{before[0]!r}, who holds it", f"{holder!r}", trigger=before[1], target=record
            )

    def finish(self, end: End) -> None:
        pass
