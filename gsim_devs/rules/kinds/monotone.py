"""Values that only rise, or only fall."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel

_SIGNS = {"increasing": ">", "nondecreasing": ">=", "decreasing": "<", "nonincreasing": "<="}


class Monotone(RuleModel):
    """Each value compared with the one before it, of the same key; the tolerance forgives where equality is allowed."""

    kind: Literal["monotone"]
    """Says that values go one way."""
    on: AnyPattern
    """The records."""
    value: Expression
    """What goes one way."""
    direction: Literal["increasing", "nondecreasing", "decreasing", "nonincreasing"]
    """Which way."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        value = facts.over_record("value", self.value, matcher, "number")
        return lambda tally: _Watch(tally, matcher, value, self.direction)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, value: Compiled, direction: str) -> None:
        super().__init__(tally)
        self.matcher, self.value, self.sign = matcher, value, _SIGNS[direction]
        self.last: dict[Any, tuple[Any, Record]] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        key, value = self.matcher.key(record, None), self.value.call(record, None)
        before = self.last.get(key)
        self.last[key] = value, record
        if before is None:
            return
        self.tally.due += 1
        step = value - before[0] if self.sign[0] == ">" else before[0] - value
        if step < -self.margin(value, before[0]) if len(self.sign) == 2 else step <= 0:
            expected = f"{self.value.text} {self.sign} {before[0]!r}"
            self.tally.violate(expected, f"{value!r}", trigger=before[1], target=record)

    def finish(self, end: End) -> None:
        pass
