"""What goes on while a simulator is built, for whoever wants to know. Stores and shows nothing."""

from __future__ import annotations

import time
from typing import Any, Protocol

from gsim_devs.llm import Backend, Reply, Request, Usage


class Tell(Protocol):
    """Takes one thing that happened."""

    def __call__(self, kind: str, node: str | None = None, **data: Any) -> None: ...


def silent(kind: str, node: str | None = None, **data: Any) -> None:
    """Tell nobody."""


class Counted:
    """A backend whose calls are told and added up."""

    def __init__(self, backend: Backend, tell: Tell) -> None:
        self.backend = backend
        self.tell = tell
        self.usage = Usage(calls=0)
        self.seconds: dict[str, float] = {}
        """How long each reply took, by slot; of a replayed one: when it was recorded."""

    async def complete(self, request: Request) -> Reply:
        started = time.monotonic()
        self.tell("asked", request.slot)
        reply = await self.backend.complete(request)
        self.usage += reply.usage
        self.seconds[request.slot] = reply.seconds or time.monotonic() - started
        self.tell(
            "answered",
            request.slot,
            model=reply.model,
            calls=reply.usage.calls,
            input=reply.usage.input,
            output=reply.usage.output,
            cached=reply.usage.cached,
            seconds=self.seconds[request.slot],
            cost=reply.cost,
            replayed=reply.replayed,
        )
        return reply
