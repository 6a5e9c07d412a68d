"""Something happens again and again at a fixed distance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Periodic(RuleModel):
    """The k-th record of a pattern (k = 0, 1, …) is at start + k · interval, up to `until` or the end."""

    kind: Literal["periodic"]
    """Says that something happens at a fixed distance."""
    event: AnyPattern
    """What happens."""
    interval: Expression
    """The distance, over the run's arguments."""
    start: Expression | None = 0
    """When it happens first, over the run's arguments; null: whenever it does, for each key."""
    until: Expression | None = None
    """What would be at this time or later does not happen any more; over the run's arguments."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        event = facts.pattern(self, "event", self.event)
        interval = facts.over_run("interval", self.interval)
        start = None if self.start is None else facts.over_run("start", self.start)
        until = None if self.until is None else facts.over_run("until", self.until)
        if not facts.is_reading and interval <= 0:
            raise ValueError(f"the interval is {interval!r}; it must be more than 0")
        return lambda tally: _Watch(tally, event, interval, start, until)


class _Watch(Monitor):
    def __init__(
        self, tally: Tally, event: Matcher, interval: float, start: float | None, until: float | None
    ) -> None:
        super().__init__(tally)
        self.event, self.interval, self.start, self.until = event, interval, start, until
        self.next: dict[Any, tuple[float, int]] = {}
        """Of each key: the start and the number of the next one."""
        if start is not None and tally.rule.by is None:
            self.next[None] = start, 0

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.event, guarded(self.event, self.on_event)

    def on_event(self, record: Record) -> None:
        key, time = self.event.key(record, None), record.time
        first = time if self.start is None else self.start
        start, number = self.next.get(key, (first, 0))
        due = start + number * self.interval
        while due + self.margin(due) < time and due + self.interval - self.margin(due) <= time:
            self._missing(due)
            number += 1
            due = start + number * self.interval
        self.tally.due += 1
        if abs(due - time) > self.margin(due, time) or not self._belongs(due):
            expected = f"{self.event.text} at {due!r}" if self._belongs(due) else "nothing more"
            self.tally.violate(expected, f"at {time!r}", target=record, due=due)
            if time < due - self.interval / 2:
                # One too many: the next one is as due as before.
                number -= 1
        self.next[key] = start, number + 1

    def finish(self, end: End) -> None:
        for start, number in self.next.values():
            due, count = start + number * self.interval, number
            while self._belongs(due) and self.is_due(due, end) and due <= end.time + self.margin(due):
                self._missing(due)
                count += 1
                due = start + count * self.interval

    def _belongs(self, due: float) -> bool:
        return self.until is None or due < self.until - self.margin(due, self.until)

    def _missing(self, due: float) -> None:
        self.tally.due += 1
        self.tally.violate(
            f"{self.event.text} at {due!r}", f"missing, due at {due!r}", due=due, kinds=self.event.kinds
        )
