"""How a service wants to be asked. It begins with the best way, and steps down where the service refuses.

For replies in JSON: `json_schema` (the service enforces the schema), `json_object` (some object; the schema stands in
the request), `prompted` (the schema stands in the request, nothing is enforced).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from .messages import Request
from .schema_lint import strict_defects

Rung = Literal["json_schema", "json_object", "prompted"]
_BELOW: dict[Rung, Rung] = {"json_schema": "json_object", "json_object": "prompted"}
_OTHER_LENGTH = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_ABOUT_FORM = (
    "response_format",
    "json_schema",
    "json_object",
    "structured output",
    "guided",
    "grammar",
    "schema",
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of asking that a service has not refused yet."""

    rung: Rung = "json_schema"
    """For requests whose reply has a schema."""
    length: str = "max_tokens"
    """The name that the service has for the limit of the reply's length."""
    lengths_refused: int = 0
    """How many of the two names were refused."""

    def words(self, request: Request) -> dict[str, Any]:
        """The part of a call that says what is asked, and how the reply must look."""
        turns = [{"role": message.role, "content": message.text} for message in request.messages]
        said: dict[str, Any] = {"messages": turns, self.length: request.most_tokens}
        if request.reply_schema is None:
            return said
        schema = dict(request.reply_schema)
        if self.rung == "json_schema":
            form = {"name": "reply", "schema": schema, "strict": not strict_defects(schema)}
            return {**said, "response_format": {"type": "json_schema", "json_schema": form}}
        turns[-1]["content"] += (
            "\n\nAnswer with one JSON object, and nothing else, that fits this JSON Schema:\n"
            + json.dumps(schema, ensure_ascii=False)
        )
        return {**said, "response_format": {"type": "json_object"}} if self.rung == "json_object" else said

    def below(self) -> Dialect:
        """One rung down; the lowest stays."""
        return replace(self, rung=_BELOW.get(self.rung, self.rung))

    def after_refusal(self, complaint: str, *, has_schema: bool) -> Dialect | None:
        """Another way of asking, if the complaint is about this one."""
        complaint = complaint.lower()
        if self.length in complaint and not self.lengths_refused:
            return replace(self, length=_OTHER_LENGTH[self.length], lengths_refused=1)
        if has_schema and self.rung in _BELOW and any(word in complaint for word in _ABOUT_FORM):
            return self.below()
        return None
