"""First in, first out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Fifo(RuleModel):
    """For each key (a line), items leave in the order in which they entered."""

    kind: Literal["fifo"]
    """Says that what comes first leaves first."""
    enter: AnyPattern
    """What enters the line."""
    leave: AnyPattern
    """What leaves it at its head."""
    item: Expression
    """Which item a record speaks of."""
    removed: AnyPattern | None = None
    """What leaves the line from any place."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matchers = [facts.pattern(self, "enter", self.enter), facts.pattern(self, "leave", self.leave)]
        if self.removed is not None:
            matchers.append(facts.pattern(self, "removed", self.removed))
        items = [facts.over_record("item", self.item, matcher) for matcher in matchers]
        return lambda tally: _Watch(tally, matchers, items)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matchers: list[Matcher], items: list[Compiled]) -> None:
        super().__init__(tally)
        self.matchers, self.items = matchers, items
        self.lines: dict[Any, deque[Any]] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        sees = (self.on_enter, self.on_leave, self.on_removed)
        pairs = [(matcher, guarded(matcher, see)) for matcher, see in zip(self.matchers, sees, strict=False)]
        return reversed(pairs)

    def on_enter(self, record: Record) -> None:
        key = self.matchers[0].key(record, None)
        self.lines.setdefault(key, deque()).append(self.items[0].call(record, None))

    def on_leave(self, record: Record) -> None:
        line = self.lines.get(self.matchers[1].key(record, None))
        item = self.items[1].call(record, None)
        self.tally.due += 1
        if not line:
            self.tally.violate(
                "an item that is in the line", f"{item!r}, and the line is empty", target=record
            )
        elif line[0] == item:
            line.popleft()
        else:
            self.tally.violate(f"{line[0]!r}, which is first in the line", f"{item!r}", target=record)
            if item in line:
                line.remove(item)

    def on_removed(self, record: Record) -> None:
        line = self.lines.get(self.matchers[2].key(record, None))
        item = self.items[2].call(record, None)
        if line and item in line:
            line.remove(item)

    def finish(self, end: End) -> None:
        pass
