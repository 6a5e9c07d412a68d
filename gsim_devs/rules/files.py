"""Rules files: read, and held against the contract, the specification, and themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, model_validator

from gsim_devs.contracts.cases import repeated_ids
from gsim_devs.contracts.contract import Contract
from gsim_devs.contracts.declaration import Declaration, Defect, Identifier, dotted, refuse_if_any
from gsim_devs.contracts.load import load
from gsim_devs.contracts.schema import DRAFT
from gsim_devs.contracts.sentences import nearest
from gsim_devs.errors import UsageError

from .facts import Facts
from .kinds import Rule
from .kinds.python import PythonRule
from .python_files import PythonFile, read_python

_SHORTEST_QUOTE = 12
"""Characters: less than that is found in any text and says nothing."""


class RuleSet(Declaration):
    """The rules that the traces of one system must keep."""

    system: Identifier
    """The id of the contract."""
    rules: tuple[Rule, ...]
    """The rules."""

    _python: PythonFile | None = PrivateAttr(default=None)

    @property
    def python(self) -> PythonFile | None:
        """The code of rules that are functions, as it was read with them."""
        return self._python

    def with_python(self, file: PythonFile) -> RuleSet:
        """The same rules, and their code."""
        rules = self.model_copy()
        rules._python = file
        return rules

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        refuse_if_any(repeated_ids("rules", [rule.id for rule in self.rules]))
        return self


def load_rule_set(path: str | Path) -> RuleSet:
    """Read a rules file, and the code beside it if rules need that; runs nothing.

    `rule_defects` says whether the rules fit a contract.
    """
    rules = load(RuleSet, path)
    wanted = [rule for rule in rules.rules if isinstance(rule, PythonRule)]
    if not wanted:
        return rules
    file = read_python(Path(path).with_suffix(".py"))
    missing = [
        f"{path}: rule {rule.id}: {file.path} has no function {rule.function!r}"
        + nearest(rule.function, list(file.functions))
        for rule in wanted
        if rule.function not in file.functions
    ]
    if missing:
        raise UsageError("\n".join(missing))
    return rules.with_python(file)


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a rules file."""
    return {"$schema": DRAFT, **RuleSet.model_json_schema(by_alias=True)}


def rule_defects(rules: RuleSet, contract: Contract, specification: str | None = None) -> list[str]:
    """One sentence for each thing that does not agree: unknown events, fields, arguments; types; clauses."""
    sentences = []
    if rules.system != contract.id:
        sentences.append(f"the rules are of the system {rules.system}, the contract of {contract.id}")
    for rule in rules.rules:
        for place, sentence in _defects(rule, contract):
            sentences.append(f"rule {rule.id}: {dotted(place)}: {sentence}")
        if specification is not None and _plain(rule.clause) not in _plain(specification):
            sentences.append(
                f"rule {rule.id}: clause: the specification does not say {rule.clause!r}; quote it word for word"
            )
    return sentences


def is_quoted(clause: str, specification: str) -> bool:
    """Whether a text says something that the specification says word for word, however it is set."""
    plain = _plain(clause)
    return len(plain) >= _SHORTEST_QUOTE and plain in _plain(specification)


def _defects(rule: Rule, contract: Contract) -> list[Defect]:
    facts = Facts(contract, None, 0.0, contract.horizon.closed)
    rule.prepare(facts)
    if rule.when is not None:
        facts.over_run("when", rule.when, "bool")
    if rule.scope is not None:
        for name in ("after", "before"):
            pattern = getattr(rule.scope, name)
            if pattern is not None:
                facts.pattern(rule, f"scope.{name}", pattern, keyed=False)
    # One defect can be met on several ways.
    return list(dict.fromkeys(facts.defects))


def _plain(text: str) -> str:
    """A text without its markup and line breaks, so that a clause is found however it is set."""
    for mark in "*_`":
        text = text.replace(mark, "")
    return " ".join(text.split())
