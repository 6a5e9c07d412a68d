"""What is said to a language model, and what comes back. Knows no service and no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from gsim_devs.contracts.declaration import Declaration

_PART = "[a-z0-9_][a-z0-9_.-]*"

Slot = Annotated[str, Field(pattern=f"^{_PART}(/{_PART})*$", max_length=200)]
"""The place of a request in a run, such as `component/sender/a2`: the same in every run, however many run at once.

It is the name of a file too, so no part of it begins with a dot.
"""


class Message(Declaration):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    """Who speaks."""
    text: str
    """What is said."""


class Request(Declaration):
    """Everything that a reply depends on, but for the service that answers."""

    slot: Slot
    """Where in the run it stands."""
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    """The conversation so far; the last turn is the user's."""
    reply_schema: Mapping[str, Any] | None = None
    """The JSON Schema of the reply; none: the reply is text. Services may ignore it: replies are checked."""
    most_tokens: Annotated[int, Field(ge=1)] = 16_000
    """How long the reply may be."""

    @property
    def text(self) -> str:
        """All that is said, as one text."""
        return "\n\n".join(message.text for message in self.messages)


class Usage(Declaration):
    """The tokens of one or of many calls."""

    calls: Annotated[int, Field(ge=0)] = 1
    """How many calls, failed ones included."""
    input: Annotated[int, Field(ge=0)] = 0
    """Tokens of requests, cached ones included."""
    output: Annotated[int, Field(ge=0)] = 0
    """Tokens of replies, reasoning included."""
    cached: Annotated[int, Field(ge=0)] = 0
    """Tokens of requests that the service had in its cache."""
    estimated: bool = False
    """True: counted as a token for four characters, because the service did not say."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            estimated=self.estimated or other.estimated,
        )

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input + self.output


class Reply(Declaration):
    """What a language model answered."""

    text: str
    """Word for word."""
    model: str
    """Who answered, as the service says it."""
    usage: Usage
    """What it took, failed attempts included."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """From the request to the end of the reply; of a replayed one: when it was recorded."""
    cost: float | None = None
    """In US dollars; none: the price is not known."""
    replayed: bool = False
    """Whether it came from a recording; then nothing was spent on it now."""
    recorded: str = ""
    """The day on which it was answered, where it came from a recording."""


class Backend(Protocol):
    """Whoever answers: a service, a recording, a person with a chat window, a script."""

    async def complete(self, request: Request) -> Reply:
        """Answer; raises BackendError when no answer can be had."""
        ...
