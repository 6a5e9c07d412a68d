"""Requests and backends for the tests of this room."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from gsim_devs.llm import Message, Request


def ask(slot: str = "a1", text: str = "What is 6 x 7?", **more: Any) -> Request:
    return Request(slot=slot, messages=(Message(role="user", text=text),), **more)


class _Skipping(selectors.DefaultSelector):
    """Where it would wait, it lets the time pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class _LoopWithoutWaiting(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def without_waiting(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run something to its end in simulated time."""
    with asyncio.Runner(loop_factory=_LoopWithoutWaiting) as runner:
        return runner.run(coroutine)
