"""The trace that a trace is compared with, read just as far as is needed. Leaves out the comparison (`agreement`)."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from gsim_devs.errors import UsageError
from gsim_devs.trace import BadLine, Record

from .monitors import See


class Reference:
    """A reference trace, led to all who compare with it; none of it is kept here.

    Its replications belong to those of the trace in the order in which they come.
    """

    def __init__(self, records: Iterable[Record | BadLine]) -> None:
        self._records = iter(records)
        self._ahead: Record | None = None
        self._replication: int | None = None
        self._seers: list[See] = []
        self._is_read = False
        self.now = 0.0
        """How far the trace has come."""

    def begin(self) -> None:
        """The next replication begins, and with it those who want to see it are others."""
        self._seers.clear()
        self.now = 0.0
        if not self._is_read:
            self._is_read = True
            self._fetch()
        if self._ahead is not None:
            self._replication = self._ahead.replication

    def attach(self, see: See) -> None:
        """Show each record of this replication."""
        self._seers.append(see)

    @property
    def next(self) -> Record | None:
        """What comes next in this replication."""
        ahead = self._ahead
        return ahead if ahead is not None and ahead.replication == self._replication else None

    def advance(self, now: float, reach: float) -> None:
        """The trace has come so far: show what there is up to a little later."""
        self.now = now
        while (record := self.next) is not None and record.time <= now + reach:
            self._fetch()
            for see in self._seers:
                see(record)

    def finish(self, *, is_last: bool) -> None:
        """Show the rest of this replication; of the last one, all that follows it."""
        self.advance(inf, 0.0)
        while is_last and self._ahead is not None:
            self._replication = self._ahead.replication
            self.advance(inf, 0.0)

    def _fetch(self) -> None:
        found = next(self._records, None)
        if isinstance(found, BadLine):
            raise UsageError(f"nothing can be compared with this reference trace: {found}")
        if found is not None and found.defects:
            raise UsageError(f"nothing can be compared with this reference trace: {found.defects[0]}")
        self._ahead = found
