"""Run a simulator on test inputs and check what it reports. Assembles nothing: a simulator comes ready to run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

from gsim_devs.contracts import Case
from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits, Simulator, launch
from gsim_devs.rules import Report, RuleResult, Violation, arguments_of, check_runs
from gsim_devs.trace import BadLine, Record, read

from .expectations import unmet
from .results import CaseResult, Conformance, Finding, Run
from .runners import Alone, Runner
from .scenarios import Scenario
from .simulators import Emitters, Start, emitters_of, is_ours, starts
from .stopping import Stoppable

_MOST_FINDINGS = 20
_LONGEST_REASON = 300
# Of two verdicts on one rule the later one stands.
_STRENGTH = ("not_exercised", "held", "violated")


def conform(
    simulator: Simulator,
    scenario: Scenario,
    *,
    jobs: int = 1,
    cases: Sequence[Case] | None = None,
    emitters: Emitters | None = None,
    seconds: float | None = None,
    runner: Runner | None = None,
) -> Conformance:
    """Try a simulator on the cases of a scenario, `jobs` at a time; results come in the order of the cases.

    Args:
        simulator: what is tried.
        scenario: the cases and the rules.
        jobs: how many cases run at once.
        cases: which of them; all by default.
        emitters: who reports what, to name components; by default from the plan in the simulator's folder.
        seconds: how long a run may take, in place of what the cases say.
        runner: how a run is made; in a process of its own by default.
    """
    chosen = scenario.cases if cases is None else tuple(cases)
    if not chosen:
        raise UsageError("there is no case to try")
    stoppable = Stoppable(launch)

    def one(case: Case) -> CaseResult:
        return run_case(
            simulator,
            scenario,
            case,
            emitters=emitters,
            seconds=seconds,
            runner=runner or Alone(stoppable),
        )

    with ThreadPoolExecutor(jobs) as threads, stoppable:
        found = tuple(threads.map(one, chosen))
    return Conformance(scenario.id, found, tuple(rule.id for rule in scenario.rules.rules))


def run_case(
    simulator: Simulator,
    scenario: Scenario,
    case: Case,
    *,
    emitters: Emitters | None = None,
    seconds: float | None = None,
    runner: Runner | None = None,
) -> CaseResult:
    """Try a simulator on one case: each replication is a run of its own; rules see them together.

    A simulator that is not as it should be, in whatever way, is a result. Where it is one of ours and violates a rule,
    it runs once more with `--detail`, so that violations name the component.
    """
    started = time.monotonic()
    if emitters is None:
        emitters = emitters_of(simulator, scenario.contract)
    limits = Limits(seconds=seconds or case.timeout)
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        trial = _Trial(
            scenario,
            case,
            starts(simulator, scenario, case),
            limits,
            runner or Alone(),
            emitters,
            Path(folder) / "trace",
        )
        report = trial.checked()
        findings = trial.findings(report)
        if report is not None and findings and is_ours(simulator):
            again = replace(trial, detail=True)
            if (detailed := again.checked()) is not None and _same(detailed, report):
                report, findings = detailed, again.findings(detailed)
    reason = trial.reason or _invalid(report)
    return CaseResult(
        id=case.id,
        level=case.level,
        operational=not reason,
        reason=reason,
        report=report,
        unmet=tuple(trial.unmet),
        seconds=time.monotonic() - started,
        runs=trial.runs,
        findings=findings,
        has_expectation=case.expect is not None,
        stdin=case.stdin_text,
    )


@dataclass
class _Trial:
    """The runs of one case, and what they have shown so far."""

    scenario: Scenario
    case: Case
    starts: Sequence[Start]
    limits: Limits
    runner: Runner
    emitters: Emitters | None
    trace: Path
    """Where the trace of the run at hand is: a large one is not for the memory."""
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
            plan_emitters=self.emitters,
            notify=self._note,
        )

    def _note(self, violation: Violation) -> None:
        self._origins[id(violation)] = self._current

    def _traces(self, group: Sequence[tuple[Start, Run]]) -> Iterator[Iterator[Record | BadLine]]:
        declared = self.scenario.contract.model_dump(mode="json", by_alias=True)
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
        words = _printable(sentence)
        return words if len(self.starts) == 1 else f"run {which.number}: {words}"


def _invalid(report: Report | None) -> str:
    """Why the traces are not such as the contract allows."""
    if report is None or report.is_valid:
        return ""
    count = report.bad_line_count + report.defective_records
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"the trace does not fit the contract: {_printable(str(report.findings[0]))}{more}"


def _printable(text: str) -> str:
    """On one line that is not too long and moves no cursor: what a simulator says may hold anything."""
    short = text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} …"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in short
    )


def _same(one: Report, other: Report) -> bool:
    """Whether two checks came to the same: a simulator that is not repeatable gives no second opinion."""
    seen = [
        [report.records, *((rule.due, rule.met, rule.pending) for rule in report.rules)]
        for report in (one, other)
    ]
    return seen[0] == seen[1]


def _added(one: Report, other: Report) -> Report:
    """Two reports on the same rules as one."""
    return replace(
        one,
        records=one.records + other.records,
        rules=tuple(_added_rule(*pair) for pair in zip(one.rules, other.rules, strict=True)),
        bad_line_count=one.bad_line_count + other.bad_line_count,
        defective_records=one.defective_records + other.defective_records,
        findings=(one.findings + other.findings)[:_MOST_FINDINGS],
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
