"""Have rules drafted from a specification and a contract by somebody who sees no code, and examine them.

Rules are data, so that whoever wrote them, they can be read and checked without trust.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsim_devs.contracts import Contract, from_data
from gsim_devs.errors import UsageError
from gsim_devs.llm import Conversation, Message, Reply, Request, json_object, rendered
from gsim_devs.rules import RuleSet, is_quoted, rule_defects
from gsim_devs.rules.vocabulary import kinds, page

from .asking import contract_text

LEFT_OUT = ("python", "reference", "rate", "mean", "distribution")
"""Kinds that are not drafted: code, a comparison with a reference, chance over many runs."""

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_RULES = 40
_MOST_DEFECTS = 20

Examine = Callable[[RuleSet], list[str]]
"""Says what is wrong with a rule besides what the contract and the specification show."""


@dataclass(frozen=True, slots=True)
class RulesSystemPrompt:
    """What rules are."""

    kinds: str
    most: int


@dataclass(frozen=True, slots=True)
class RulesPrompt:
    """The request for the rules of a system."""

    specification: str
    contract: str
    system: str


@dataclass(frozen=True, slots=True)
class RulesRepairPrompt:
    """What is sent back."""

    defects: Sequence[str]


@dataclass(frozen=True, slots=True)
class Drafted:
    """Rules that nobody has held against a trace yet."""

    rules: RuleSet
    """Those without a defect."""
    left_out: Mapping[str, tuple[str, ...]]
    """What is wrong with the others of the last attempt, by their ids."""


def draft_rules(
    specification: str, contract: Contract, examine: Examine | None = None, attempts: int = 3
) -> Conversation[Drafted]:
    """Ask for rules and have them mended; what still has a defect after the last attempt is left out."""
    messages = (
        Message(
            role="system",
            text=rendered(_PROMPTS / "rules_system.md", RulesSystemPrompt(page(LEFT_OUT), _MOST_RULES)),
        ),
        Message(
            role="user",
            text=rendered(
                _PROMPTS / "rules.md", RulesPrompt(specification, contract_text(contract), contract.id)
            ),
        ),
    )
    turns: tuple[Message, ...] = ()
    found = Drafted(RuleSet(system=contract.id, rules=()), {})
    for attempt in range(1, attempts + 1):
        reply: Reply = yield Request(slot=f"rules/a{attempt}", messages=messages + turns)
        try:
            found = _sifted(_listed(reply.text), specification, contract, examine)
            defects = [sentence for sentences in found.left_out.values() for sentence in sentences]
        except ValueError as error:
            defects = str(error).splitlines()
            found = Drafted(found.rules, {"the reply": tuple(defects)})
        if not defects:
            return found
        again = rendered(_PROMPTS / "rules_repair.md", RulesRepairPrompt(defects[:_MOST_DEFECTS]))
        turns = (Message(role="assistant", text=reply.text), Message(role="user", text=again))
    return found


def _listed(text: str) -> list[Any]:
    rules = json_object(text).get("rules")
    if not isinstance(rules, list) or not rules:
        raise ValueError('The reply must be one JSON object {"rules": [rule, …]} with at least one rule.')
    return rules


def _sifted(
    written: Sequence[Any], specification: str, contract: Contract, examine: Examine | None
) -> Drafted:
    """Each rule by itself, so that one with a defect does not take the others with it."""
    sound: dict[str, RuleSet] = {}
    left_out: dict[str, tuple[str, ...]] = {}
    for number, one in enumerate(written, 1):
        name = str(one.get("id"))[:80] if isinstance(one, dict) else f"number {number}"
        if name in sound:
            left_out[f"{name}, number {number}"] = (f"rule {name}: another one has this id",)
        elif len(sound) == _MOST_RULES:
            left_out[name] = (f"rule {name}: there are more than {_MOST_RULES} rules; keep the best of them",)
        elif defects := tuple(_defects(one, name, specification, contract, examine)):
            left_out[name if name not in left_out else f"{name}, number {number}"] = defects
        else:
            sound[name] = _alone(one, name, contract)
    rules = tuple(rule for one in sound.values() for rule in one.rules)
    return Drafted(RuleSet(system=contract.id, rules=rules), left_out)


def _defects(
    written: Any, name: str, specification: str, contract: Contract, examine: Examine | None
) -> Iterator[str]:
    kind = written.get("kind") if isinstance(written, dict) else None
    if not isinstance(kind, str) or kind not in kinds(LEFT_OUT):
        yield f"rule {name}: kind is {str(kind)[:80]!r}; allowed is {', '.join(kinds(LEFT_OUT))}"
        return
    try:
        rules = _alone(written, name, contract)
    except UsageError as error:
        yield from str(error).splitlines()
        return
    defects = rule_defects(rules, contract, specification)
    yield from defects
    if not defects and not is_quoted(rules.rules[0].clause, specification):
        yield f"rule {name}: clause: {rules.rules[0].clause!r} is too short to say anything; quote the sentence"
    elif not defects and examine is not None:
        yield from examine(rules)


def _alone(written: Any, name: str, contract: Contract) -> RuleSet:
    return from_data(RuleSet, {"system": contract.id, "rules": [written]}, f"rule {name}")
