"""Run a simulator on test inputs and check what it reports. Assembles nothing: a simulator comes ready to run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from gsim_devs.contracts import Case, Speakers
from gsim_devs.errors import UsageError
from gsim_devs.execution import Launcher, Limits, Simulator, launch
from gsim_devs.rules import Report

from .results import CaseResult, Conformance
from .runners import Alone, Runner
from .scenarios import Scenario
from .simulators import is_ours, speakers_of, starts
from .stopping import Stoppable
from .trial import Model, Trial, printable


def conform(
    simulator: Simulator,
    scenario: Scenario,
    *,
    jobs: int = 1,
    cases: Sequence[Case] | None = None,
    speakers: Speakers | None = None,
    reference: Simulator | None = None,
    seconds: float | None = None,
    runner: Runner | None = None,
    allow_python: bool = False,
    launcher: Launcher = launch,
) -> Conformance:
    """Try a simulator on the cases of a scenario, `jobs` at a time; results come in the order of the cases.

    Args:
        simulator: what is tried.
        scenario: the cases and the rules.
        jobs: how many cases run at once.
        cases: which of them; all by default.
        speakers: who reports what, to name components; by default from the plan in the simulator's folder.
        reference: a simulator that is right, for rules that compare with one; none: they are not exercised.
        seconds: how long a run may take, in place of what the cases say.
        runner: how a run is made; in a process of its own by default.
        launcher: how such a process is started.
        allow_python: whether the code of rules of the kind `python` may run.
    """
    chosen = scenario.cases if cases is None else tuple(cases)
    if not chosen:
        raise UsageError("there is no case to try")
    stoppable = Stoppable(launcher)

    def one(case: Case) -> CaseResult:
        return run_case(
            simulator,
            scenario,
            case,
            speakers=speakers,
            reference=reference,
            seconds=seconds,
            runner=runner or Alone(stoppable),
            allow_python=allow_python,
        )

    with ThreadPoolExecutor(jobs) as threads, stoppable:
        found = tuple(threads.map(one, chosen))
    return Conformance(scenario.id, found, tuple(rule.id for rule in scenario.rules.rules))


def run_case(
    simulator: Simulator,
    scenario: Scenario,
    case: Case,
    *,
    speakers: Speakers | None = None,
    reference: Simulator | None = None,
    seconds: float | None = None,
    runner: Runner | None = None,
    allow_python: bool = False,
) -> CaseResult:
    """Try a simulator on one case: each replication is a run of its own; rules see them together.

    A simulator that is not as it should be, in whatever way, is a result. Where it is one of ours and violates a rule,
    it runs once more with `--detail`, so that violations name the component.
    """
    started = time.monotonic()
    if speakers is None:
        speakers = speakers_of(simulator, scenario.contract)
    if runner is None:
        runner = Alone()
    limits = Limits(seconds=seconds or case.timeout)
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        model = None
        if reference is not None and any(rule.kind == "reference" for rule in scenario.rules.rules):
            # A warm worker knows one simulator, which is the one that is tried.
            fits = isinstance(runner, Alone) or reference == simulator
            model = Model(
                reference, scenario, case, limits, runner if fits else Alone(), Path(folder, "reference")
            )
        trial = Trial(
            scenario,
            case,
            starts(simulator, scenario, case),
            limits,
            runner,
            speakers,
            Path(folder, "trace"),
            model,
            allow_python,
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
        suspects=report.suspects if report is not None and not trial.reason else (),
    )


def _invalid(report: Report | None) -> str:
    """Why the traces are not such as the contract allows."""
    if report is None or report.is_valid:
        return ""
    count = report.bad_line_count + report.defective_records
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"the trace does not fit the contract: {printable(str(report.findings[0]))}{more}"


def _same(one: Report, other: Report) -> bool:
    """Whether two checks came to the same: a simulator that is not repeatable gives no second opinion."""
    seen = [
        [report.records, *((rule.due, rule.met, rule.pending) for rule in report.rules)]
        for report in (one, other)
    ]
    return seen[0] == seen[1]
