"""No more than so many at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Capacity(RuleModel):
    """For each key, what has entered and not left is never more than `limit` and never less than nothing."""

    kind: Literal["capacity"]
    """Says that there is room for so many."""
    enter: AnyPattern
    """What takes a place."""
    leave: AnyPattern
    """What gives it back."""
    limit: Expression
    """How many places there are, over the run's arguments."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        enter = facts.pattern(self, "enter", self.enter)
        leave = facts.pattern(self, "leave", self.leave)
        limit = facts.over_run("limit", self.limit)
        return lambda tally: _Watch(tally, enter, leave, limit)


class _Watch(Monitor):
    def __init__(self, tally: Tally, enter: Matcher, leave: Matcher, limit: float) -> None:
        super().__init__(tally)
        self.enter, self.leave, self.limit = enter, leave, limit
        self.inside: dict[Any, int] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.leave, guarded(self.leave, self.on_leave)
        yield self.enter, guarded(self.enter, self.on_enter)

    def on_enter(self, record: Record) -> None:
        key = self.enter.key(record, None)
        inside = self.inside[key] = self.inside.get(key, 0) + 1
        self.tally.due += 1
        if inside > self.limit:
            self.tally.violate(f"at most {self.limit!r} at once", f"{inside}", target=record)

    def on_leave(self, record: Record) -> None:
        key = self.leave.key(record, None)
        inside = self.inside.pop(key, 0) - 1
        self.tally.due += 1
        if inside < 0:
            self.tally.violate(
                f"{self.enter.text} before it", "nothing is there that could leave", target=record
            )
        elif inside:
            self.inside[key] = inside

    def finish(self, end: End) -> None:
        pass
