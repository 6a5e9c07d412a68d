"""The part of a trace within a rule's scope: a fresh monitor each time the scope opens, finished when it closes."""

from __future__ import annotations

from collections.abc import Iterable

from gsim_devs.trace import Record

from .facts import Matcher
from .monitors import End, MakeMonitor, Monitor, See, Tally, guarded

Ends = list[Matcher | None]
"""What opens the scope and what closes it."""


class Part:
    """Leads records to a monitor while the scope is open; the records that open and close it are outside."""

    def __init__(self, tally: Tally, make: MakeMonitor, ends: Ends | None) -> None:
        self.tally, self.make = tally, make
        self.opens, self.closes = ends or [None, None]
        self.monitor: Monitor | None = make(tally) if self.opens is None else None
        self.seers: list[See] = []

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        """What the rule wants to see, scope included."""
        if self.opens is None and self.closes is None and self.monitor is not None:
            yield from self.monitor.listeners()
            return
        if self.closes is not None:
            yield self.closes, guarded(self.closes, self.on_close)
        template = list((self.monitor or self.make(self.tally)).listeners())
        if self.monitor is not None:
            self.seers = [see for _, see in template]
        for number, (matcher, _) in enumerate(template):
            yield matcher, self._forward(number)
        if self.opens is not None:
            yield self.opens, guarded(self.opens, self.on_open)

    def on_open(self, record: Record) -> None:
        if self.monitor is None:
            self.monitor = self.make(self.tally)
            self.seers = [see for _, see in self.monitor.listeners()]

    def on_close(self, record: Record) -> None:
        if self.monitor is not None:
            self.monitor.finish(End(record.time, is_horizon=False))
            self.monitor = None

    def finish(self, end: End) -> None:
        """The trace is over."""
        if self.monitor is not None:
            self.monitor.finish(end)

    def _forward(self, number: int) -> See:
        def see(record: Record) -> None:
            if self.monitor is not None:
                self.seers[number](record)

        return see
