"""From words such as `openai` or `manual:answers` to a backend that records, retries and keeps a budget."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from gsim_devs.errors import UsageError

from .budget import Budget, Budgeted
from .cassette import Cassette
from .configuration import Configuration, key_from
from .dialect import Rung
from .estimates import Priced
from .gate import Gate
from .interrupts import GRACE
from .manual import Manual
from .messages import Backend, Reply, Request
from .openai_service import OPENAI, OpenaiService
from .retrying import Retrying


class Opened:
    """A backend and what belongs to it.

    `async with` closes it: calls under way may finish and be recorded, and an exact replay refuses stale recordings.
    """

    def __init__(
        self,
        backend: Backend,
        budget: Budget,
        *,
        cassette: Cassette | None = None,
        service: OpenaiService | None = None,
        strict: bool = False,
    ) -> None:
        self._backend = backend
        self._strict = strict
        self.budget = budget
        """What was spent on calls; what was replayed cost nothing."""
        self.cassette = cassette
        self.service = service
        self._under_way: set[asyncio.Future[None]] = set()

    async def complete(self, request: Request) -> Reply:
        """Answer, from a recording where there is one."""
        done = asyncio.get_running_loop().create_future()
        self._under_way.add(done)
        try:
            return await self._backend.complete(request)
        finally:
            self._under_way.discard(done)
            done.set_result(None)

    def stop(self, why: str) -> None:
        """Begin no further call; those under way finish and are recorded."""
        self.budget.stop(why)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._under_way:
            # Somebody gave up while others were being answered: those replies are paid for.
            self.stop("the work is over; nothing more is asked")
            await asyncio.wait(self._under_way, timeout=GRACE)
        if self.service is not None:
            await self.service.close()
        if error is None and self._strict and self.cassette is not None:
            self.cassette.refuse_unused()


def open_backend(
    choice: str,
    configuration: Configuration,
    *,
    recordings: Path | None = None,
    mode: Literal["record-missing", "record"] = "record-missing",
    slots: str = "*",
    told: Callable[[str], None] = lambda sentence: None,
    again: Callable[[str], str] | None = None,
    whole: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> Opened:
    """Open `openai`, `manual:DIR` or `replay:DIR`.

    `recordings` is where replies are kept, by `mode`; `told` hears what a person should know meanwhile; `again` says
    by which command the recording of a slot is made anew. `whole` says that a replay is to ask for all recordings.
    """
    kind, _, folder = choice.partition(":")
    if kind == "replay" and folder:
        replayed = Cassette(Path(folder), again=again)
        kept = Cassette(recordings, replayed, mode="record") if recordings is not None else replayed
        return Opened(kept, Budget(), cassette=replayed, strict=whole)
    service = None
    if kind == "manual" and folder:
        budget = Budget(configuration.limits)
        by_hand = Manual(Path(folder), answered_by=configuration.answered_by, told=told)
        backend: Backend = Budgeted(by_hand, budget)
    elif choice == "openai":
        budget = Budget(configuration.limits, configuration.price)
        service = service_of(configuration, environment)
        backend = _repeating(service, budget, configuration, told)
    else:
        raise UsageError(
            f"unknown language model {choice!r}; there are openai, manual:DIR (you copy requests into a chat) "
            "and replay:DIR (recorded replies)"
        )
    if recordings is None:
        return Opened(backend, budget, service=service)
    cassette = Cassette(recordings, backend, mode=mode, slots=slots, again=again)
    return Opened(cassette, budget, cassette=cassette, service=service)


def _repeating(
    service: OpenaiService, budget: Budget, configuration: Configuration, told: Callable[[str], None]
) -> Backend:
    """The budget counts every single call, so it stands beneath what repeats them."""
    gate = Gate(None if configuration.parallel == "adaptive" else configuration.parallel)
    repeating = Retrying(Budgeted(service, budget), gate, seconds_left=lambda: budget.seconds_left, told=told)
    return Priced(repeating, configuration.price) if configuration.price is not None else repeating


def service_of(
    configuration: Configuration, environment: Mapping[str, str], rung: Rung = "json_schema"
) -> OpenaiService:
    """The service alone, which makes one call for one request; raises UsageError where a setting is missing."""
    key = key_from(environment)
    if configuration.model is None:
        raise UsageError(
            "which model? name it with --model, GSIM_DEVS_MODEL, or model in [llm] of gsim-devs.toml"
        )
    if key is None and configuration.base_url.rstrip("/") == OPENAI:
        raise UsageError(
            "OPENAI_API_KEY is not set; set it, or OPENAI_BASE_URL for a service of your own, "
            "or take manual:DIR or replay:DIR instead of openai"
        )
    return OpenaiService(
        configuration.base_url,
        configuration.model,
        key,
        seconds=configuration.timeout,
        temperature=configuration.temperature,
        reasoning_effort=configuration.reasoning_effort,
        rung=rung,
    )
