"""Conversations are generators: they yield what they want done and receive what came of it.

What they say is decided in the rooms above; here is the one driver that does it. So a conversation is plain code
without network, threads or waiting, and a test answers it from a list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gsim_devs.errors import GsimError

from .messages import Backend, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work:
    """Something that takes a while and is no request, such as running a simulator; others go on meanwhile."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Together:
    """Several conversations at once; what came out of them comes back in their order."""

    conversations: Sequence[Conversation[Any]]


Conversation = Generator[Request | Work | Together, Any, T]
"""Yields requests (and receives replies) and work (and receives its result); returns what came out of it."""


async def converse(conversation: Conversation[T], backend: Backend) -> T:
    """Lead a conversation to its end. What goes wrong on the way is raised where the conversation asked for it."""
    try:
        wanted = next(conversation)
        while True:
            try:
                result = await _done(wanted, backend)
            except GsimError as error:
                wanted = conversation.throw(error)
            else:
                wanted = conversation.send(result)
    except StopIteration as end:
        value: T = end.value
        return value


async def _done(wanted: Request | Work | Together, backend: Backend) -> Any:
    if isinstance(wanted, Request):
        return await backend.complete(wanted)
    if isinstance(wanted, Work):
        return await asyncio.to_thread(wanted.call)
    # One that fails does not end the others: what they were told already is worth keeping.
    results = await asyncio.gather(
        *(converse(one, backend) for one in wanted.conversations), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
