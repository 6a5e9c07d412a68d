"""Have somebody decide between a rule and a simulator whose trace breaks it, by quoting the specification.

Code looks the quotation up: a decision without one leaves the matter open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gsim_devs.contracts import from_data
from gsim_devs.contracts.declaration import Declaration
from gsim_devs.llm import Conversation, Message, form_of, insist, json_object, rendered
from gsim_devs.rules import is_quoted

_PROMPTS = Path(__file__).with_name("prompts")
_LONGEST = 1000
"""Characters of a reason."""


class WireDecision(Declaration):
    """What an arbiter decides."""

    thoughts: str
    """What the records show, and what the specification says must happen there."""
    decision: Literal["rule", "simulator", "open"]
    """Who is wrong."""
    quote: str
    """The words of the specification that decide it, copied word for word; empty where it is open."""
    why: str
    """The reason in one or two sentences; of a simulator that is wrong: what it must do instead."""


@dataclass(frozen=True, slots=True)
class ArbiterPrompt:
    """What every conversation of arbiters begins with."""

    form: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a component was to keep."""

    model: str
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class DisputePrompt:
    """The matter."""

    specification: str
    rule: str
    """As YAML."""
    case: str
    arguments: str
    stdin: str
    """What comes in by stdin; empty where nothing does."""
    violation: str
    parts: Sequence[Claimed]


@dataclass(frozen=True, slots=True)
class RedecidePrompt:
    """What is sent back to an arbiter whose reply has not the form."""

    defects: Sequence[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is wrong, and which words of the specification say so."""

    wrong: Literal["rule", "simulator", "open"]
    quote: str
    why: str


def arbitrate(rule: str, matter: DisputePrompt, attempts: int = 2) -> Conversation[Decision]:
    """Ask who is wrong; a reply that cannot be read is sent back, and one that stays so decides nothing."""
    messages = (
        Message(role="system", text=rendered(_PROMPTS / "arbiter.md", ArbiterPrompt(form_of(WireDecision)))),
        Message(role="user", text=rendered(_PROMPTS / "dispute.md", matter)),
    )
    found, defects = yield from insist(
        f"arbiter/{rule}",
        messages,
        lambda text: (
            _weighed(from_data(WireDecision, json_object(text), "decision"), matter.specification),
            (),
        ),
        lambda defects: rendered(_PROMPTS / "redecide.md", RedecidePrompt(defects[:8])),
        attempts,
        WireDecision.model_json_schema(),
    )
    return found or Decision("open", "", defects[0])


def _weighed(said: WireDecision, specification: str) -> Decision:
    quote, why = " ".join(said.quote.split())[:_LONGEST], " ".join(said.why.split())[:_LONGEST]
    if said.decision != "open" and not is_quoted(said.quote, specification):
        return Decision("open", "", f"the specification does not say {quote!r}: {why}")
    return Decision(said.decision, quote, why)
