"""Values that never occur twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import MOST_KEYS, End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Unique(RuleModel):
    """No two records of a pattern (and key) have the same value. Keeps a million values in mind, the first ones."""

    kind: Literal["unique"]
    """Says that values differ."""
    on: AnyPattern
    """The records."""
    value: Expression
    """What differs."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        value = facts.over_record("value", self.value, matcher)
        return lambda tally: _Watch(tally, matcher, value)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, value: Compiled) -> None:
        super().__init__(tally)
        self.matcher, self.value = matcher, value
        self.lines: dict[Any, int] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        value = self.value.call(record, None)
        key = (self.matcher.key(record, None), value)
        self.tally.due += 1
        if key in self.lines:
            self.tally.violate(
                f"a {self.value.text} that differs from all before",
                f"{value!r} again; first in line {self.lines[key]}",
                target=record,
            )
        elif len(self.lines) < MOST_KEYS:
            self.lines[key] = record.line

    def finish(self, end: End) -> None:
        pass
