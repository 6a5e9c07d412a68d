"""Ask until a reply is as it was wanted; what is wrong with it goes back in words. What that is, others say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gsim_devs.errors import UsageError

from .conversations import Conversation
from .messages import Message, Reply, Request

T = TypeVar("T")


def insist(
    slot: str,
    messages: tuple[Message, ...],
    read: Callable[[str], tuple[T, Sequence[str]]],
    again: Callable[[Sequence[str]], str],
    attempts: int,
    reply_schema: Mapping[str, Any] | None = None,
) -> Conversation[tuple[T | None, Sequence[str]]]:
    """What was read at last, and its defects; there are none unless the attempts were used up.

    `read` makes something of a reply, or raises UsageError or ValueError; `again` puts defects into words.
    """
    found: T | None = None
    defects: Sequence[str] = ()
    turns: tuple[Message, ...] = ()
    for attempt in range(1, attempts + 1):
        reply: Reply = yield Request(
            slot=f"{slot}/a{attempt}", messages=messages + turns, reply_schema=reply_schema
        )
        try:
            found, defects = read(reply.text)
        except (UsageError, ValueError) as error:
            defects = str(error).splitlines()
        if not defects:
            break
        # Only the latest reply is shown: earlier ones cost tokens and teach nothing.
        turns = (Message(role="assistant", text=reply.text), Message(role="user", text=again(defects)))
    return found, defects
