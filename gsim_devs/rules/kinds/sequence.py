"""Values that follow each other in a known way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel
from ..scopes import accumulator_scope


class Sequence(RuleModel):
    """The k-th record of a pattern (and key) has the k-th value."""

    kind: Literal["sequence"]
    """Says that values follow each other."""
    on: AnyPattern
    """The records."""
    value: Expression
    """What is found."""
    equals: Expression
    """What it is to be: over the record, the run, and `index`, which counts 0, 1, … for each key."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        value = facts.over_record("value", self.value, matcher)
        equals = facts.over_record(
            "equals", self.equals, matcher, names=accumulator_scope({"index": "number"})
        )
        return lambda tally: _Watch(tally, matcher, value, equals)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, value: Compiled, equals: Compiled) -> None:
        super().__init__(tally)
        self.matcher, self.value, self.equals = matcher, value, equals
        self.next: dict[Any, int] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        key = self.matcher.key(record, None)
        index = self.next.get(key, 0)
        self.next[key] = index + 1
        found, wanted = self.value.call(record, None), self.equals.call(record, {"index": index})
        self.tally.due += 1
        if not self.agree(found, wanted):
            self.tally.violate(
                f"{self.value.text} = {wanted!r} in number {index}",
                f"{self.value.text} = {found!r}",
                target=record,
            )

    def finish(self, end: End) -> None:
        pass
