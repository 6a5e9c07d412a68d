"""Two things take turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, RuleModel


class Alternate(RuleModel):
    """`first` and `then` take turns, for each key, beginning with `first`; a last `first` may stand alone."""

    kind: Literal["alternate"]
    """Says that two things take turns."""
    first: AnyPattern
    """What begins."""
    then: AnyPattern
    """What comes next."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        first = facts.pattern(self, "first", self.first)
        then = facts.pattern(self, "then", self.then)
        return lambda tally: _Watch(tally, first, then)


class _Watch(Monitor):
    def __init__(self, tally: Tally, first: Matcher, then: Matcher) -> None:
        super().__init__(tally)
        self.first, self.then = first, then
        self.open: dict[Any, Record] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.then, guarded(self.then, self.on_then)
        yield self.first, guarded(self.first, self.on_first)

    def on_first(self, record: Record) -> None:
        key = self.first.key(record, None)
        self.tally.due += 1
        if key in self.open:
            self.tally.violate(
                f"{self.then.text} before the next", "there is none", trigger=self.open[key], target=record
            )
        self.open[key] = record

    def on_then(self, record: Record) -> None:
        self.tally.due += 1
        if self.open.pop(self.then.key(record, None), None) is None:
            self.tally.violate(f"{self.first.text} before it", "there is none that is open", target=record)

    def finish(self, end: End) -> None:
        pass
