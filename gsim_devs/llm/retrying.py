"""Ask again where that may help. The only place that does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from .failures import CallError, DeadlineError, DialectError, EmptyError, RateLimitError, UnavailableError
from .gate import Gate
from .messages import Backend, Reply, Request, Usage

LONGEST_PAUSE = 120.0
"""Seconds; a service that wants us to wait longer is not asked again."""

_FIRST_PAUSE = 0.5
_LONGEST_BACKOFF = 30.0
_AT_ONCE = (DialectError, EmptyError)
_WORTH_TELLING = 5.0


class Retrying:
    """Passes requests through the gate, and repeats calls that failed for a while only."""

    def __init__(
        self,
        beneath: Backend,
        gate: Gate,
        *,
        random: Random | None = None,
        seconds_left: Callable[[], float] = lambda: float("inf"),
        told: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._beneath = beneath
        self._gate = gate
        self._random = random or Random()
        self._seconds_left = seconds_left
        self._told = told

    async def complete(self, request: Request) -> Reply:
        """The usage of a reply, or of the error, covers all calls that were made."""
        wasted = Usage(calls=0)
        failed: Counter[type[CallError]] = Counter()
        while True:
            async with self._gate.turn() as begun:
                outcome = await self._tried(request)
                if isinstance(outcome, Reply):
                    self._gate.went_well(begun)
                    return outcome.model_copy(update={"usage": wasted + outcome.usage})
                failed[type(outcome)] += 1
                pause = self._pause(outcome, failed[type(outcome)])
                gives_up = not self._helps(outcome, failed[type(outcome)], pause)
                self._tell_gate(outcome, begun, 0.0 if gives_up else pause)
            wasted += outcome.usage
            if gives_up:
                outcome.usage, outcome.args = wasted, (_with_count(str(outcome), failed.total()),)
                raise outcome
            if pause > _WORTH_TELLING:
                self._told(f"{outcome}; asked again in {pause:.0f} seconds")
            if not isinstance(outcome, RateLimitError):
                await asyncio.sleep(pause)

    async def _tried(self, request: Request) -> Reply | CallError:
        try:
            return await self._beneath.complete(request)
        except CallError as error:
            return error

    def _pause(self, error: CallError, times: int) -> float:
        """Seconds until it makes sense to ask again; no two wait equally long."""
        if isinstance(error, _AT_ONCE):
            return 0.0
        if isinstance(error, RateLimitError):
            times = max(times, self._gate.complaints + 1)
        backoff = min(_LONGEST_BACKOFF, _FIRST_PAUSE * 2.0 ** (times - 1))
        return max(error.retry_after or 0.0, backoff) * self._random.uniform(1.0, 1.5)

    def _helps(self, error: CallError, times: int, pause: float) -> bool:
        """Whether to ask again."""
        if isinstance(error, RateLimitError):
            times = max(times, self._gate.complaints)
        return times <= error.repeats and (
            (error.retry_after or 0.0) <= LONGEST_PAUSE and pause <= self._seconds_left()
        )

    def _tell_gate(self, error: CallError, begun: float, pause: float) -> None:
        if isinstance(error, RateLimitError):
            self._gate.complained(begun, pause)
        elif not isinstance(error, UnavailableError | DeadlineError):
            self._gate.went_well(begun)


def _with_count(told: str, calls: int) -> str:
    return f"{told} (asked {calls} times)" if calls > 1 else told
