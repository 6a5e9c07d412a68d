"""Something that must never happen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, RuleModel


class Absent(RuleModel):
    """No record of a pattern. Exercised by any trace that is not empty."""

    kind: Literal["absent"]
    """Says that something must not happen."""
    event: AnyPattern
    """What must not happen."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "event", self.event)
        return lambda tally: _Watch(tally, matcher)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher) -> None:
        super().__init__(tally)
        self.matcher = matcher
        self.happened = False

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        self.happened = True
        self.tally.due += 1
        self.tally.violate(f"no {self.matcher.text}", "it happens", target=record)

    def finish(self, end: End) -> None:
        if not self.happened and self.tally.journal.recent:
            self.tally.due += 1
