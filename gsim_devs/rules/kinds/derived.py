"""A value that follows from others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, Last, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Derived(RuleModel):
    """A value that equals another one in each record of a pattern, numbers within the tolerance."""

    kind: Literal["derived"]
    """Says that this is a derived value."""
    on: AnyPattern
    """The records."""
    only_last: bool = False
    """Whether only the last one of each key counts."""
    value: Expression
    """What is found."""
    equals: Expression
    """What it is to be."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        value = facts.over_record("value", self.value, matcher)
        equals = facts.over_record("equals", self.equals, matcher)
        return lambda tally: _Watch(tally, matcher, value, equals, self.only_last)


class _Watch(Monitor):
    def __init__(
        self, tally: Tally, matcher: Matcher, value: Compiled, equals: Compiled, only_last: bool
    ) -> None:
        super().__init__(tally)
        self.matcher, self.value, self.equals = matcher, value, equals
        self.only_last, self.last = only_last, Last(matcher, self.on_record)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.last.keep if self.only_last else self.on_record)

    def on_record(self, record: Record) -> None:
        found, wanted = self.value.call(record, None), self.equals.call(record, None)
        self.tally.due += 1
        if not self.agree(found, wanted):
            self.tally.violate(
                f"{self.value.text} = {wanted!r}", f"{self.value.text} = {found!r}", target=record
            )

    def finish(self, end: End) -> None:
        self.last.finish()
