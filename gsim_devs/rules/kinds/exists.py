"""Something that must happen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Exists(RuleModel):
    """At least one record of a pattern."""

    kind: Literal["exists"]
    """Says that something must happen."""
    event: AnyPattern
    """What must happen."""
    until: Expression | None = None
    """When it must have happened, over the run's arguments; none: before the end."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "event", self.event)
        until = None if self.until is None else facts.over_run("until", self.until)
        return lambda tally: _Watch(tally, matcher, until)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, until: float | None) -> None:
        super().__init__(tally)
        self.matcher, self.until = matcher, until
        self.first: Record | None = None

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        if self.first is None:
            self.first = record

    def finish(self, end: End) -> None:
        expected = f"{self.matcher.text} happens"
        if self.until is not None:
            expected += f" until {self.until!r}"
            if self.first is None and not self.is_due(self.until, end):
                self.tally.pending += 1
                return
        self.tally.due += 1
        if self.first is None:
            self.tally.violate(
                expected, "it never happens", due=self.until or end.time, kinds=self.matcher.kinds
            )
        elif self.until is not None and self.first.time > self.until + self.margin(self.until):
            self.tally.violate(expected, f"first at {self.first.time!r}", target=self.first, due=self.until)
