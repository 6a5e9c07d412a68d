"""How many calls to one service run at once: one more while all goes well, half as many after a complaint.

A complaint pauses everybody. After the pause a single call tries whether the service has recovered, then more and
more follow; and with every complaint the number that it bears is approached more carefully.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

FIRST = 8
MOST = 32

_MOST_CAUTION = 5


class Gate:
    """Lets calls pass. A fixed number at once, or as many as the service bears."""

    def __init__(self, fixed: int | None = None) -> None:
        self._adapts = fixed is None
        self._limit = self._known = float(fixed or FIRST)
        self._caution = 0
        self._under_way = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._paused_until = 0.0
        self._complained_at = float("-inf")
        self.complaints = 0
        """How many pauses there were since a call last succeeded."""

    @property
    def limit(self) -> int:
        """How many may run at once."""
        return int(self._limit)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait for a turn; yields the time at which it began."""
        await self._admission()
        self._under_way += 1
        try:
            yield asyncio.get_running_loop().time()
        finally:
            self._under_way -= 1
            self._wake()

    def went_well(self, begun: float) -> None:
        """The service took a call that began at this time."""
        if begun < self._complained_at:
            # It was let in before the service complained, and proves nothing about now.
            return
        self.complaints = 0
        if self._limit < self._known:
            self._limit = min(self._known, self._limit + 1)
        elif self._adapts:
            self._limit = min(float(MOST), self._limit + 1 / self._limit / 2**self._caution)
        self._wake()

    def complained(self, begun: float, pause: float) -> None:
        """The service wanted fewer calls than those of this time; nobody calls for `pause` seconds."""
        now = asyncio.get_running_loop().time()
        self._paused_until = max(self._paused_until, now + pause)
        if begun < self._complained_at:
            return
        self._complained_at = now
        self.complaints += 1
        if self._adapts:
            self._known = max(1.0, self._limit // 2)
            self._caution = min(_MOST_CAUTION, self._caution + 1)
        self._limit = 1.0

    async def _admission(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pause = self._paused_until - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            elif self._under_way < self.limit:
                return
            else:
                turn = loop.create_future()
                self._waiting.append(turn)
                await turn

    def _wake(self) -> None:
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()
