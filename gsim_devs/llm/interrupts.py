"""Ctrl-C once: begin nothing more, and let the calls under way finish and be recorded. Twice: give up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from .failures import StoppedError

T = TypeVar("T")

GRACE = 10.0
"""Seconds that calls under way have to finish."""


async def interruptible(
    work: Coroutine[Any, Any, T],
    stop: Callable[[str], None],
    *,
    grace: float = GRACE,
    told: Callable[[str], None] = lambda sentence: None,
) -> T:
    """Do the work. At Ctrl-C `stop` is called; what then is not over in time, or at a second Ctrl-C, is cancelled.

    Raises StoppedError where the work was cancelled; what it was told by `stop` it says itself.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    deadline: asyncio.TimerHandle | None = None
    given_up = False

    def give_up() -> None:
        nonlocal given_up
        given_up = True
        task.cancel()

    def pressed() -> None:
        nonlocal deadline
        if deadline is not None:
            give_up()
            return
        deadline = loop.call_later(grace, give_up)
        stop("stopped by Ctrl-C; what was answered is kept")
        told(f"waiting up to {grace:g} seconds for calls under way; press Ctrl-C again to give them up")

    # Where there are no such signals, another thread or another system, Ctrl-C is what it always was.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGINT, pressed)
    try:
        return await task
    except asyncio.CancelledError:
        if not given_up:
            raise
        raise StoppedError(
            "stopped by Ctrl-C before all calls were over; what was answered is kept"
        ) from None
    finally:
        if deadline is not None:
            deadline.cancel()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)
