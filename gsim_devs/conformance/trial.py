"""The runs of one case, checked as they come. What is made of the report: `running`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

from gsim_devs.contracts import Case, Speakers
from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, Simulator
from gsim_devs.rules import Report, RuleResult, Violation, arguments_of, check_runs
from gsim_devs.trace import BadLine, Record, read

from .expectations import unmet
from .results import Finding, Run
from .runners import Runner
from .scenarios import Scenario
from .simulators import Start, starts

_MOST_FINDINGS = 20
_LONGEST_SENTENCE = 300
# Of two verdicts on one rule the later one stands.
_STRENGTH = ("not_exercised", "held", "violated")


@dataclass
class Trial:
    """The runs of one case, and what they have shown so far."""

    scenario: Scenario
    case: Case
    starts: Sequence[Start]
    limits: Limits
    runner: Runner
    speakers: Speakers | None
    trace: Path
    """Where the trace of the run at hand is: a large one is not for the memory."""
    model: Model | None = None
    """What traces are compared with."""
    allow_python: bool = False
    detail: bool = False
    reason: str = field(default="", init=False)
    """Why it is not operational, as far as that shows without a look into the traces."""
    unmet: list[str] = field(default_factory=list, init=False)
    _is_cut: bool = field(default=False, init=False)
    """Whether a run did not end well, so that nothing is to be said of its trace, or of those that would follow."""
    _current: Run | None = field(default=None, init=False)
    _origins: dict[int, Run | None] = field(default_factory=dict, init=False)
    """The run in which each violation was found, by the violation's identity."""

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(Run(number, start.command) for number, start in enumerate(self.starts, 1))

    def checked(self) -> Report | None:
        """Run them all and check them; None where one did not end well."""
        numbered = list(zip(self.starts, self.runs, strict=True))
        # Rules know one set of arguments: runs that differ in theirs are checked one by one.
        is_one = all(start.arguments == self.starts[0].arguments for start in self.starts)
        groups = [numbered] if is_one else [[one] for one in numbered]
        reports = []
        for group in groups:
            reports.append(self._check(group))
            if self._is_cut:
                return None
        return reduce(_added, reports)

    def findings(self, report: Report | None) -> tuple[Finding, ...]:
        """The violations in a report, and the runs in which they were found."""
        rules = report.rules if report else ()
        return tuple(Finding(one, self._origins.get(id(one))) for rule in rules for one in rule.violations)

    def _check(self, group: Sequence[tuple[Start, Run]]) -> Report:
        contract = self.scenario.contract
        return check_runs(
            self._traces(group),
            self.scenario.rules,
            contract,
            arguments_of(contract, group[0][0].arguments),
            speakers=self.speakers,
            notify=self._note,
            references=self.model.traces([which.number for _, which in group]) if self.model else None,
            allow_python=self.allow_python,
        )

    def _note(self, violation: Violation) -> None:
        self._origins[id(violation)] = self._current

    def _traces(self, group: Sequence[tuple[Start, Run]]) -> Iterator[Iterator[Record | BadLine]]:
        declared = _declared(self.scenario)
        for start, which in group:
            self._current = which
            if failure := self._run(start):
                self.reason, self._is_cut = self._said_of(which, failure), True
                return
            self._look(which, declared)
            yield read(self.trace, declared)
        # What is found from here on, no run shows alone.
        self._current = group[0][1] if len(group) == 1 else None

    def _run(self, start: Start) -> str:
        """Run it once; why it did not end well."""
        try:
            result = self.runner(
                start, self.case.stdin_text, detail=self.detail, limits=self.limits, trace_file=self.trace
            )
        except UsageError as error:
            return str(error)
        return "" if result.ok else result.reason

    def _look(self, which: Run, declared: dict[str, Any]) -> None:
        """Hold a trace against what the case expects; that it is empty must be expected."""
        expect = self.case.expect
        if not self.reason and not self.trace.stat().st_size and not (expect and expect.records == 0):
            text = "it printed no record; where that is right, the case says `expect: {records: 0}`"
            self.reason = self._said_of(which, text)
        if expect is not None:
            self.unmet += [self._said_of(which, one) for one in unmet(expect, read(self.trace, declared))]

    def _said_of(self, which: Run, sentence: str) -> str:
        words = printable(sentence)
        return words if len(self.starts) == 1 else f"run {which.number}: {words}"


@dataclass(frozen=True)
class Model:
    """The reference simulator in one case."""

    simulator: Simulator
    scenario: Scenario
    case: Case
    limits: Limits
    runner: Runner
    trace: Path
    """Where the trace of the run at hand is."""

    def traces(self, numbers: Sequence[int]) -> Iterator[Iterator[Record | BadLine]]:
        """The traces of some runs, each made when it is asked for."""
        prepared = starts(self.simulator, self.scenario, self.case)
        for number in numbers:
            result = self.runner(
                prepared[number - 1],
                self.case.stdin_text,
                detail=False,
                limits=self.limits,
                trace_file=self.trace,
            )
            if not result.ok:
                raise UsageError(f"the reference simulator fails in case {self.case.id}: {result.reason}")
            yield read(self.trace, _declared(self.scenario))


def printable(text: str) -> str:
    """On one line that is not too long and moves no cursor: what a simulator says may hold anything."""
    short = text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE]} …"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in short
    )


def _declared(scenario: Scenario) -> dict[str, Any]:
    return scenario.contract.model_dump(mode="json", by_alias=True)


def _added(one: Report, other: Report) -> Report:
    """Two reports on the same rules as one."""
    return replace(
        one,
        records=one.records + other.records,
        rules=tuple(_added_rule(*pair) for pair in zip(one.rules, other.rules, strict=True)),
        bad_line_count=one.bad_line_count + other.bad_line_count,
        defective_records=one.defective_records + other.defective_records,
        findings=(one.findings + other.findings)[:_MOST_FINDINGS],
        suspects=one.suspects if one.findings else other.suspects,
    )


def _added_rule(one: RuleResult, other: RuleResult) -> RuleResult:
    return replace(
        one,
        verdict=max(one.verdict, other.verdict, key=_STRENGTH.index),
        due=one.due + other.due,
        met=one.met + other.met,
        pending=one.pending + other.pending,
        violations=(one.violations + other.violations)[:_MOST_FINDINGS],
    )
