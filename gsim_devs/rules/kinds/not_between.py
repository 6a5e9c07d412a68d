"""Something that does not happen while something else is going on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, RuleModel


class NotBetween(RuleModel):
    """For each key, no `event` after a `start` and before the next `end`. Each part that is open is due once."""

    kind: Literal["not_between"]
    """Says that something does not happen meanwhile."""
    event: AnyPattern
    """What does not happen."""
    start: AnyPattern
    """What opens the part."""
    end: AnyPattern
    """What closes it."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        event = facts.pattern(self, "event", self.event)
        start = facts.pattern(self, "start", self.start)
        end = facts.pattern(self, "end", self.end)
        return lambda tally: _Watch(tally, event, start, end)


class _Watch(Monitor):
    def __init__(self, tally: Tally, event: Matcher, start: Matcher, end: Matcher) -> None:
        super().__init__(tally)
        self.event, self.start, self.end = event, start, end
        self.open: dict[Any, Record] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.end, guarded(self.end, self.on_end)
        yield self.event, guarded(self.event, self.on_event)
        yield self.start, guarded(self.start, self.on_start)

    def on_start(self, record: Record) -> None:
        key = self.start.key(record, None)
        if key not in self.open:
            self.open[key] = record
            self.tally.due += 1

    def on_end(self, record: Record) -> None:
        self.open.pop(self.end.key(record, None), None)

    def on_event(self, record: Record) -> None:
        start = self.open.pop(self.event.key(record, None), None)
        if start is not None:
            self.tally.violate(
                f"no {self.event.text} before {self.end.text}", "it happens", trigger=start, target=record
            )

    def finish(self, end: End) -> None:
        pass
