"""How many tokens, where nobody counted them, and what tokens cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gsim_devs.contracts import Declaration

from .messages import Backend, Reply, Request, Usage

_CHARACTERS_PER_TOKEN = 4


class Price(Declaration):
    """What a model costs, in US dollars for a million tokens."""

    input: Annotated[float, Field(ge=0)]
    """Of requests."""
    output: Annotated[float, Field(ge=0)]
    """Of replies."""
    cached: Annotated[float, Field(ge=0)] | None = None
    """Of what the service has in its cache; none: as much as other input."""

    def of(self, usage: Usage) -> float:
        """What this usage costs, in US dollars."""
        cached = min(usage.cached, usage.input)
        price_cached = self.input if self.cached is None else self.cached
        millionths = (usage.input - cached) * self.input + cached * price_cached + usage.output * self.output
        return millionths / 1e6


class Priced:
    """States the cost of every reply, failed attempts included."""

    def __init__(self, beneath: Backend, price: Price) -> None:
        self._beneath = beneath
        self._price = price

    async def complete(self, request: Request) -> Reply:
        """Whatever goes wrong beneath goes wrong here."""
        reply = await self._beneath.complete(request)
        return reply.model_copy(update={"cost": self._price.of(reply.usage)})


def tokens_of(text: str) -> int:
    """A token for four characters."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def estimated_usage(request: Request, reply: str = "") -> Usage:
    """Of one call."""
    return Usage(input=tokens_of(request.text), output=tokens_of(reply), estimated=True)


def most_usage(request: Request) -> Usage:
    """What one call takes if the reply is as long as it may be."""
    return Usage(input=tokens_of(request.text), output=request.most_tokens, estimated=True)
