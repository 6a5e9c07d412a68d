"""Something that is true of every record of a pattern."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, Last, MakeMonitor, Monitor, See, Tally, check, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Invariant(RuleModel):
    """A condition that holds for each record of a pattern."""

    kind: Literal["invariant"]
    """Says that this is an invariant."""
    on: AnyPattern
    """The records."""
    only_last: bool = False
    """Whether only the last one of each key counts."""
    expect: Expression
    """The condition."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        expect = facts.over_record("expect", self.expect, matcher, "bool")
        return lambda tally: _Watch(tally, matcher, expect, self.only_last)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, expect: Compiled, only_last: bool) -> None:
        super().__init__(tally)
        self.matcher, self.expect, self.holds = matcher, expect, expect.call
        self.only_last, self.last = only_last, Last(matcher, self.on_record)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.last.keep if self.only_last else self.on_record)

    def on_record(self, record: Record) -> None:
        if self.holds(record, None):
            self.tally.due += 1
        else:
            check(self.tally, self.expect, record)

    def finish(self, end: End) -> None:
        self.last.finish()
