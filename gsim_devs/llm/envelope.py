"""What a service sent: the reply in it, or why it is none. Nothing in it is believed before it is looked at."""

from __future__ import annotations

import email.utils
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .estimates import estimated_usage, tokens_of
from .failures import (
    AccessError,
    CallError,
    DeclinedError,
    EmptyError,
    FilteredError,
    GarbledError,
    QuotaError,
    RateLimitError,
    RefusedError,
    TruncatedError,
    UnavailableError,
)
from .messages import Request, Usage

_LONGEST_COMPLAINT = 300
_SHORTEST_KEY = 8
"""Services of one's own take any word as a key; it is no secret, and may occur in any sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply that was in the envelope."""

    text: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Source:
    """Who sent it."""

    name: str
    """The model that was asked."""
    key: str = ""
    """What must not be told although some services repeat it in their complaints."""

    def complaint(self, body: Any) -> str:
        """What an error body says, on one short line, with the code of the error."""
        error = body.get("error", body) if isinstance(body, Mapping) else body
        if isinstance(error, Mapping):
            parts = [error.get("message"), error.get("code") or error.get("type"), error.get("param")]
            error = ", ".join(str(part) for part in parts if part)
        text = _whole(" ".join(str(error or "").split()))
        if len(self.key) >= _SHORTEST_KEY:
            text = text.replace(self.key, "***")
        return text if len(text) <= _LONGEST_COMPLAINT else text[: _LONGEST_COMPLAINT - 3] + "..."


def opened(body: bytes, request: Request, source: Source) -> Answer:
    """The reply, or a CallError that says why there is none."""
    asked, nothing_said = source.name, estimated_usage(request)
    if body.lstrip()[:1] == b"<":
        raise RefusedError(
            f"{asked}: a web page came instead of a reply; check the base URL, which usually ends in /v1"
        )
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        told = f"{asked}: half a reply, or something else that is not JSON"
        raise GarbledError(told, usage=nothing_said) from None
    if not isinstance(data, dict):
        raise GarbledError(
            f"{asked}: what came is no reply: a JSON {type(data).__name__}", usage=nothing_said
        )
    if data.get("error"):
        raise failure(_status_in(data["error"]), source.complaint(data), {}, asked)
    choice = _mapping(_first(data.get("choices")))
    message = _mapping(choice.get("message"))
    text = message.get("content")
    usage = _usage(data, request, text if isinstance(text, str) else "")
    if (cause := _no_reply(choice, message, request, source)) is not None:
        kind, told = cause
        raise kind(f"{asked}: {told}", usage=usage)
    model = data.get("model")
    return Answer(_whole(str(text)), _whole(model) if isinstance(model, str) and model else asked, usage)


def failure(status: int, said: str, headers: Mapping[str, str], asked: str) -> CallError:
    """The error that a status stands for."""
    told = f"{asked}: {said or f'status {status}'}"
    wait = _retry_after(headers)
    if status == 429:
        if "insufficient_quota" in said or "billing" in said.lower():
            return QuotaError(f"{told}. The account is used up: see to it with the service")
        return RateLimitError(f"{told}. The service wants fewer requests", retry_after=wait)
    if status in (401, 403):
        return AccessError(f"{told}. The service refuses the key: check OPENAI_API_KEY")
    if status == 404:
        return RefusedError(f"{told}. Check the model and the base URL")
    if status >= 500 or status in (408, 409):
        return UnavailableError(f"{told}. The service failed (status {status})", retry_after=wait)
    return RefusedError(f"{told}. The service refuses the request (status {status})")


def _status_in(error: Any) -> int:
    """Gateways say 200 and mean something else."""
    code = _mapping(error).get("code")
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
        return code
    if isinstance(code, str) and code.isdecimal() and len(code) == 3:
        return int(code)
    return 429 if "rate_limit" in str(error) or "insufficient_quota" in str(error) else 400


def _no_reply(
    choice: Mapping[str, Any], message: Mapping[str, Any], request: Request, source: Source
) -> tuple[type[CallError], str] | None:
    """Why the message is no reply; None where it is one."""
    reason, text = choice.get("finish_reason"), message.get("content")
    if message.get("refusal"):
        return DeclinedError, f"the model declined: {source.complaint(message['refusal'])}"
    if reason == "content_filter":
        return FilteredError, "a filter of the service withheld the reply"
    if reason == "length":
        told = f"the reply to {request.slot} reached its limit of {request.most_tokens} tokens"
        return TruncatedError, told
    if text is not None and not isinstance(text, str):
        return GarbledError, "the content of the reply is not text"
    return None if text and text.strip() else (EmptyError, f"nothing was said to {request.slot}")


def _whole(text: str) -> str:
    """JSON may hold halves of characters, which no file can."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _usage(data: Mapping[str, Any], request: Request, text: str) -> Usage:
    said = _mapping(data.get("usage"))
    given, taken = _count(said.get("prompt_tokens")), _count(said.get("completion_tokens"))
    cached = _count(_mapping(said.get("prompt_tokens_details")).get("cached_tokens"))
    return Usage(
        input=tokens_of(request.text) if given is None else given,
        output=tokens_of(text) if taken is None else taken,
        cached=cached or 0,
        estimated=given is None or taken is None,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds: `retry-after-ms`, or `Retry-After` as a number or as a date."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
