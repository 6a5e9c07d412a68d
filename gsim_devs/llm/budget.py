"""A budget counts and refuses: what a call may take is set aside before it, and what it took is counted after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from gsim_devs.contracts import Declaration
from gsim_devs.errors import UsageError

from .estimates import Price, most_usage
from .failures import BudgetError, CallError, StoppedError
from .messages import Backend, Reply, Request, Usage


class Limits(Declaration):
    """How much a run may take; none: as much as it takes."""

    max_calls: Annotated[int, Field(ge=1)] | None = None
    """Calls, failed ones included."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens, input and output together."""
    max_cost: Annotated[float, Field(gt=0)] | None = None
    """US dollars."""
    max_seconds: Annotated[float, Field(gt=0)] | None = None
    """Seconds after which no call is begun."""


class Budget:
    """What was spent, what is set aside, and what may still be spent."""

    def __init__(
        self,
        limits: Limits | None = None,
        price: Price | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        if self.limits.max_cost is not None and price is None:
            raise UsageError(
                "max_cost needs the price of the model; state it under [llm.prices], or limit max_tokens instead"
            )
        self.spent = Usage(calls=0)
        """By all calls so far."""
        self._price = price
        self._clock = clock
        self._begun = clock()
        self._aside: list[Usage] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._stopped = ""

    @property
    def cost(self) -> float | None:
        """US dollars spent so far; none: the price is not known."""
        return self._price.of(self.spent) if self._price is not None else None

    @property
    def seconds_left(self) -> float:
        """Until no further call is begun."""
        most = self.limits.max_seconds
        if self._stopped:
            return 0.0
        return float("inf") if most is None else max(0.0, most - (self._clock() - self._begun))

    def stop(self, why: str) -> None:
        """Begin no further call; those under way finish."""
        self._stopped = why

    async def reserve(self, most: Usage) -> None:
        """Set aside what a call may take; waits while others under way may leave enough, then raises BudgetError."""
        while limit := self._limit_passed_by(most):
            if not self._aside:
                raise BudgetError(self._refusal(limit), limit)
            freed = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            await freed
        self._aside.append(most)

    def settle(self, most: Usage, took: Usage) -> None:
        """Count what the call took instead of what was set aside for it."""
        self._aside.remove(most)
        self.spent += took
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()

    def _limit_passed_by(self, most: Usage) -> str:
        """The first limit that would be passed if this and all that is set aside were spent; empty: none."""
        if self._stopped:
            raise StoppedError(self._stopped)
        limits, all_aside = self.limits, sum(self._aside, most)
        if self.seconds_left <= 0:
            return "max_seconds"
        if limits.max_calls is not None and self.spent.calls + all_aside.calls > limits.max_calls:
            return "max_calls"
        if limits.max_tokens is not None and self.spent.tokens + all_aside.tokens > limits.max_tokens:
            return "max_tokens"
        if limits.max_cost is not None:
            assert self._price is not None
            if self._price.of(self.spent + all_aside) > limits.max_cost:
                return "max_cost"
        return ""

    def _refusal(self, limit: str) -> str:
        most = getattr(self.limits, limit)
        spent = f"{self.spent.calls} calls, {self.spent.tokens} tokens"
        if self.cost:
            spent += f", {self.cost:.4f} US dollars"
        return (
            f"the budget is used up: the next call might pass {limit} = {most}; spent so far: {spent}. "
            f"What was answered is kept: raise {limit} to go on"
        )


class Budgeted:
    """Asks beneath as long as the budget allows."""

    def __init__(self, beneath: Backend, budget: Budget) -> None:
        self._beneath = beneath
        self._budget = budget

    async def complete(self, request: Request) -> Reply:
        """Raises BudgetError where the budget does not allow it, StoppedError after `Budget.stop`."""
        most = most_usage(request)
        await self._budget.reserve(most)
        # Given up halfway, it has still cost its input.
        took = most.model_copy(update={"output": 0})
        try:
            reply = await self._beneath.complete(request)
            took = reply.usage
        except CallError as error:
            took = error.usage
            raise
        finally:
            self._budget.settle(most, took)
        return reply
