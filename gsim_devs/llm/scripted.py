"""A backend for tests: it answers from a list, or from a list for each slot, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .estimates import estimated_usage
from .failures import ScriptError
from .messages import Reply, Request

Scripted = str | Reply | Exception
"""A text, a whole reply, or what goes wrong instead."""


class Script:
    """Replies in the order in which they are asked for; of a mapping, in that order within each slot."""

    def __init__(
        self, replies: Iterable[Scripted] | Mapping[str, Scripted | Iterable[Scripted]], model: str = "script"
    ) -> None:
        self._model = model
        self._by_slot = (
            {slot: _listed(one) for slot, one in replies.items()} if isinstance(replies, Mapping) else None
        )
        self._in_order = [] if isinstance(replies, Mapping) else list(replies)
        self.requests: list[Request] = []
        """All that was asked, in order."""

    async def complete(self, request: Request) -> Reply:
        """The next reply; raises ScriptError where there is none."""
        self.requests.append(request)
        left = self._in_order if self._by_slot is None else self._by_slot.get(request.slot, [])
        if not left:
            raise ScriptError(
                f"the script has no reply left for {request.slot}, request {len(self.requests)}"
            )
        following = left.pop(0)
        if isinstance(following, Exception):
            raise following
        if isinstance(following, Reply):
            return following
        return Reply(text=following, model=self._model, usage=estimated_usage(request, following))


def _listed(one: Scripted | Iterable[Scripted]) -> list[Scripted]:
    return [one] if isinstance(one, str | Reply | Exception) else list(one)
