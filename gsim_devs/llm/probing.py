"""Try a service with three tiny requests and say in plain words what works, and what to change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from gsim_devs.errors import BackendError

from .configuration import Configuration
from .dialect import Rung
from .failures import DialectError
from .messages import Message, Reply, Request
from .opening import service_of

_MOST_SECONDS = 60.0
_MOST_TOKENS = 2_000
_QUESTION = "How many legs do three spiders have together?"
_FORM = {
    "type": "object",
    "properties": {"legs": {"type": "integer"}},
    "required": ["legs"],
    "additionalProperties": False,
}
_MEANING: Mapping[Rung, str] = {
    "json_schema": "replies in JSON are asked for by schema, and the service enforces it",
    "json_object": "replies in JSON are asked for as objects; that they fit the schema is asked for in words",
    "prompted": "replies in JSON are asked for in words only; expect some that must be asked for again",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one thing that was tried."""

    works: bool
    sentence: str


async def probe(configuration: Configuration, environment: Mapping[str, str]) -> list[Finding]:
    """Three calls at most; raises UsageError where a setting is missing."""
    configuration = configuration.model_copy(update={"timeout": min(configuration.timeout, _MOST_SECONDS)})
    text = await _tried(configuration, environment, None)
    if isinstance(text, BackendError):
        return [Finding(False, f"text: {text}")]
    findings = [Finding(True, f"text: {text.model} answered in {text.seconds:.1f} seconds")]
    works: Rung = "prompted"
    for rung in ("json_object", "json_schema"):
        finding = _judged(rung, await _tried(configuration, environment, rung))
        findings.append(finding)
        works = rung if finding.works else works
    return [*findings, Finding(True, _MEANING[works]), *_advice(configuration, text)]


async def _tried(
    configuration: Configuration, environment: Mapping[str, str], rung: Rung | None
) -> Reply | BackendError:
    """One request; none: for text."""
    service = service_of(configuration, environment, rung or "json_schema")
    request = Request(
        slot=f"probe/{rung or 'text'}",
        messages=(Message(role="user", text=_QUESTION),),
        reply_schema=_FORM if rung else None,
        most_tokens=_MOST_TOKENS,
    )
    try:
        try:
            return await service.complete(request)
        except DialectError as error:
            # The name for the limit of length is learnt by the way; of the form it is what we want to know.
            return error if service.rung != (rung or service.rung) else await service.complete(request)
    except BackendError as error:
        return error
    finally:
        await service.close()


def _judged(rung: Rung, result: Reply | BackendError) -> Finding:
    if isinstance(result, BackendError):
        return Finding(False, f"{rung}: {result}")
    try:
        data = json.loads(result.text)
    except ValueError:
        return Finding(False, f"{rung}: the service takes it and ignores it: the reply is not JSON")
    fits = isinstance(data, dict) and set(data) == {"legs"} and isinstance(data["legs"], int)
    if not fits:
        return Finding(False, f"{rung}: the reply is JSON, but does not fit what was asked for")
    return Finding(True, f"{rung}: works, {result.seconds:.1f} seconds")


def _advice(configuration: Configuration, text: Reply) -> list[Finding]:
    found = []
    if text.usage.estimated:
        told = "the service does not say how many tokens it takes; budgets count one for four characters"
        found.append(Finding(False, f"usage: {told}"))
    else:
        found.append(Finding(True, "usage: the service says how many tokens it takes"))
    if configuration.price is None:
        told = f'no price is known, so costs are not told; add [llm.prices."{configuration.model}"]'
        found.append(Finding(False, f"cost: {told} with input and output (US dollars per million tokens)"))
    return found
