"""Second opinions while a simulator is built: of readers on components, of drafted rules on the whole.

What they find, what becomes of it and what it takes is counted: only that tells whether they are worth their tokens.
Mends nothing itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gsim_devs.conformance import CaseResult, Conformance, Scenario
from gsim_devs.conformance.simulators import starts
from gsim_devs.contracts.documents import write_yaml
from gsim_devs.errors import UsageError
from gsim_devs.generation import Commission, Reading, Trial, Version, answer_reader, read_component
from gsim_devs.llm import Backend, Conversation, Reply, Request, Together, Usage, converse
from gsim_devs.planning import (
    Claimed,
    Decision,
    DisputePrompt,
    Draft,
    Drafted,
    arbitrate,
    draft_rules,
)
from gsim_devs.rules import Rule, RuleSet, Violation, arguments_of, check, in_words

from .blame import models_of
from .telling import Tell

Outcome = Literal["agreed", "mended", "disputed", "unsound", "taken back"]
"""What became of a reading. `unsound`: the author's answer had defects of its own. `taken back`: the whole did better
without the answers to readers."""

_LABELS = {"rule": "withdrawn   ", "open": "open        "}
_LONGEST = 2000
_LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader said of a component, and what became of it."""

    model: str
    reading: Reading
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Dispute:
    """A drafted rule that the simulator does not keep, and what an arbiter says to that."""

    rule: str
    case: str
    """The first test in which it is broken."""
    models: tuple[str, ...]
    """Whose records break it."""
    decision: Decision
    is_mended: bool = False
    """Whether the simulator was wrong, and keeps the rule now."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """All of them."""

    readings: tuple[Read, ...] | None
    """None: nobody was asked to read."""
    drafted: Drafted | None
    """None: nobody was asked for rules."""
    disputes: tuple[Dispute, ...]
    exercised: int
    """How many drafted rules the tests exercised."""
    usage: Mapping[str, Usage]
    """What each took, the authors' answers to it included: readers, drafting, arbiter."""

    @property
    def rules(self) -> RuleSet | None:
        """The drafted rules but for those that were wrong, or that the specification leaves open."""
        if self.drafted is None:
            return None
        out = {one.rule for one in self.disputes if one.decision.wrong != "simulator"}
        rules = self.drafted.rules
        return rules.model_copy(update={"rules": tuple(rule for rule in rules.rules if rule.id not in out)})

    @property
    def unresolved(self) -> list[str]:
        """What the simulator still gets wrong, as far as an arbiter knows."""
        return [
            f"{' or '.join(one.models) or 'nobody'}: the drafted rule {one.rule} is broken in {one.case}: "
            f'"{one.decision.quote}": {one.decision.why}'
            for one in self.disputes
            if one.decision.wrong == "simulator" and not one.is_mended
        ]

    @property
    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        found: dict[str, Any] = {}
        if self.readings is not None:
            found["readers"] = self._readers(self.readings)
        if self.drafted is not None:
            found["rules"] = self._rules(self.drafted)
        return found

    @property
    def lines(self) -> list[str]:
        """For people."""
        lines = []
        data = self.data
        if readers := data.get("readers"):
            lines.append(
                f"readers      {readers['components']} components read, {readers['objections']} objections: "
                f"{readers['mended']} mended, {readers['withdrawn']} withdrawn, {readers['unsound']} answered with "
                f"unsound code; {readers['unfounded']} without a quotation; {readers['tokens']:,} tokens"
            )
        if rules := data.get("rules"):
            lines.append(
                f"rules        {rules['drafted']} drafted ({len(rules['left_out'])} more with defects), "
                f"{rules['exercised']} exercised, {len(rules['disputes'])} broken: {rules['simulator_wrong']} by a "
                f"wrong simulator ({rules['mended']} mended), {rules['rule_wrong']} wrong, {rules['open']} open; "
                f"{rules['tokens']:,} tokens, {rules['arbiter_tokens']:,} for decisions"
            )
            lines += [
                f"{_LABELS[one.decision.wrong]} {json.dumps(f'{one.rule}: {one.decision.why}', ensure_ascii=False)}"
                for one in self.disputes
                if one.decision.wrong != "simulator"
            ]
        return lines

    def _readers(self, readings: tuple[Read, ...]) -> dict[str, Any]:
        by: Counter[str] = Counter()
        for one in readings:
            by[one.outcome] += len(one.reading.objections)
        return {
            "components": len(readings),
            "objections": by.total(),
            "mended": by["mended"],
            "withdrawn": by["disputed"] + by["taken back"],
            "taken_back": by["taken back"],
            "unsound": by["unsound"],
            "unfounded": sum(len(one.reading.unfounded) for one in readings),
            **self._took("readers"),
            "readings": [
                {
                    "model": one.model,
                    "outcome": one.outcome,
                    "objections": list(one.reading.objections),
                    "unfounded": list(one.reading.unfounded),
                }
                for one in readings
            ],
        }

    def _rules(self, drafted: Drafted) -> dict[str, Any]:
        by = Counter(one.decision.wrong for one in self.disputes)
        arbiter = self._took("arbiter")
        return {
            "drafted": len(drafted.rules.rules),
            "left_out": {name: list(defects) for name, defects in drafted.left_out.items()},
            "exercised": self.exercised,
            "simulator_wrong": by["simulator"],
            "mended": sum(one.is_mended for one in self.disputes),
            "rule_wrong": by["rule"],
            "open": by["open"],
            **self._took("drafting"),
            "arbiter_calls": arbiter["calls"],
            "arbiter_tokens": arbiter["tokens"],
            "disputes": [
                {
                    "rule": one.rule,
                    "case": one.case,
                    "models": list(one.models),
                    "wrong": one.decision.wrong,
                    "quote": one.decision.quote,
                    "why": one.decision.why,
                    "mended": one.is_mended,
                }
                for one in self.disputes
            ],
        }

    def _took(self, what: str) -> dict[str, int]:
        usage = self.usage[what]
        return {"calls": usage.calls, "tokens": usage.tokens}


class Metered:
    """A backend that adds up what one purpose takes."""

    def __init__(self, beneath: Backend) -> None:
        self._beneath = beneath
        self.usage = Usage(calls=0)

    async def complete(self, request: Request) -> Reply:
        """Whatever goes wrong beneath goes wrong here."""
        reply = await self._beneath.complete(request)
        self.usage += reply.usage
        return reply


@dataclass
class Advisers:
    """Ask for opinions, and note what becomes of them."""

    scenario: Scenario
    simulator: Path
    """Where the simulator will be."""
    levels: Sequence[str]
    """The test inputs on which rules are tried."""
    backend: Backend
    tell: Tell
    reads: bool
    drafts: bool
    drafted: Drafted | None = field(default=None, init=False)
    before: dict[str, Version] = field(default_factory=dict, init=False)
    """What stood before its author answered a reader."""
    _readings: dict[str, Read] = field(default_factory=dict, init=False)
    _disputes: list[Dispute] = field(default_factory=list, init=False)
    _exercised: int = field(default=0, init=False)
    _meters: dict[str, Metered] = field(init=False)

    def __post_init__(self) -> None:
        self._meters = {name: Metered(self.backend) for name in ("readers", "drafting", "arbiter")}

    @property
    def opinions(self) -> Opinions | None:
        """What came of it; None where nobody was to be asked."""
        if not self.reads and not self.drafts:
            return None
        return Opinions(
            readings=tuple(one for _, one in sorted(self._readings.items())) if self.reads else None,
            drafted=self.drafted,
            disputes=tuple(self._disputes),
            exercised=self._exercised,
            usage={name: meter.usage for name, meter in self._meters.items()},
        )

    @property
    def arbiter(self) -> Backend:
        """Who is asked for decisions, and to mend what they find."""
        return self._meters["arbiter"]

    @property
    def rules(self) -> RuleSet | None:
        """The drafted rules to hold the simulator against; None where there are none."""
        opinions = self.opinions
        rules = opinions.rules if opinions is not None else None
        return rules if rules is not None and rules.rules else None

    # Readers.

    async def read(
        self, one: Commission, version: Version, trial: Trial, told: Callable[[Version], None]
    ) -> Version:
        """Have a sound component read, and its author answer; the version that stands."""
        meter = self._meters["readers"]
        reading = await converse(read_component(one, version.source, self.scenario.specification), meter)
        outcome: Outcome = "agreed"
        if reading.objections:
            answer = await converse(answer_reader(one, version, reading.objections, trial, told), meter)
            outcome = answer.outcome
            if outcome == "mended":
                self.before[one.model] = version
            version = answer.version
        self._readings[one.model] = Read(one.model, reading, outcome)
        self.tell(
            "read",
            one.model,
            objections=list(reading.objections),
            unfounded=list(reading.unfounded),
            outcome=outcome,
        )
        return version

    def take_back(self) -> None:
        """Note that the simulator did better without what authors answered to readers."""
        for model in self.before:
            self._readings[model] = replace(self._readings[model], outcome="taken back")
        self.tell("taken back", models=sorted(self.before))

    # Rules.

    async def draft(self) -> None:
        """Have rules drafted."""
        conversation = draft_rules(self.scenario.specification, self.scenario.contract, self._senseless)
        self.drafted = await converse(conversation, self._meters["drafting"])
        self.tell(
            "drafted",
            rules=[rule.id for rule in self.drafted.rules.rules],
            left_out=dict(self.drafted.left_out),
        )

    async def judge(self, found: Conformance, draft: Draft) -> dict[str, list[str]]:
        """Have decided who is wrong where a drafted rule is broken; what to tell the writer of each model."""
        self._note(found)
        rules = {rule.id: rule for rule in self.rules.rules} if self.rules is not None else {}
        broken = _broken(found)
        matters = [
            arbitrate(name, self._matter(rules[name], case, violation, draft))
            for name, (case, violation) in broken.items()
        ]
        decisions = await converse(_all(matters), self.arbiter)
        told: dict[str, list[str]] = {}
        for (name, (case, violation)), decision in zip(broken.items(), decisions, strict=True):
            models = models_of(violation.components, draft.plan)
            self._disputes.append(Dispute(name, case.id, models, decision))
            self.tell("decided", rule=name, wrong=decision.wrong, quote=decision.quote, why=decision.why)
            if decision.wrong == "simulator":
                for model in models:
                    told.setdefault(model, []).append(_finding(case, violation, decision))
        return told

    def conclude(self, found: Conformance) -> None:
        """Note which of the simulator's faults have been mended."""
        self._note(found)
        broken = _broken(found)
        self._disputes = [
            replace(
                one,
                is_mended=one.decision.wrong == "simulator"
                and one.rule not in broken
                and found.operational == 1.0,
            )
            for one in self._disputes
        ]

    def _note(self, found: Conformance) -> None:
        self._exercised = max(self._exercised, len(found.rules) - len(found.never_exercised))

    def _senseless(self, rules: RuleSet) -> list[str]:
        """What is wrong with a rule for the arguments with which it will be tried."""
        contract = self.scenario.contract
        for case in self.scenario.cases:
            if case.level in self.levels:
                for start in starts(self.simulator, self.scenario, case):
                    try:
                        check([], rules, contract, arguments_of(contract, start.arguments))
                    except UsageError as error:
                        return [f"{sentence} (test {case.id})" for sentence in str(error).splitlines()]
        return []

    def _matter(self, rule: Rule, case: CaseResult, violation: Violation, draft: Draft) -> DisputePrompt:
        contract = self.scenario.contract
        arguments = arguments_of(contract, self.scenario.case(case.id).arguments)
        return DisputePrompt(
            specification=self.scenario.specification,
            rule=write_yaml(rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)).rstrip(),
            case=case.id,
            arguments=json.dumps(arguments, default=str, ensure_ascii=False)[:_LONGEST],
            stdin=case.stdin[:_LONGEST].rstrip(),
            violation="\n".join(_lines(violation)),
            parts=[
                Claimed(model, draft.quoted(model)) for model in models_of(violation.components, draft.plan)
            ],
        )


def _all(conversations: Sequence[Conversation[Decision]]) -> Conversation[list[Decision]]:
    decisions: list[Decision] = yield Together(conversations)
    return decisions


def _broken(found: Conformance) -> dict[str, tuple[CaseResult, Violation]]:
    """Of each rule that is broken, where that shows first."""
    broken: dict[str, tuple[CaseResult, Violation]] = {}
    for case in found.cases:
        for finding in case.findings:
            broken.setdefault(finding.violation.rule, (case, finding.violation))
    return broken


def _finding(case: CaseResult, violation: Violation, decision: Decision) -> str:
    lines = "\n  ".join(_lines(violation))
    return (
        f"An arbiter says that in the test {case.id} this is not kept: "
        f'"{decision.quote}". {decision.why}\n  {lines}'
    )


def _lines(violation: Violation) -> Iterator[str]:
    for line in in_words(violation):
        yield line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"
