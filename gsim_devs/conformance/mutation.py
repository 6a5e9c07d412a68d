"""Try mutants on test inputs: does the rule that is meant to notice a change notice it, and who is blamed?

Simulators run in warm workers, always with `--detail`. Assembles nothing, and leaves the table to `mutation_report`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Literal

from gsim_devs.contracts import (
    Case,
    Mutant,
    PlanTree,
    atomics,
    mutated_components,
    speakers,
)
from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Limits, Pool, Result
from gsim_devs.rules import Violation, arguments_of, check_runs
from gsim_devs.trace import BadLine, Record, read

from .scenarios import Scenario
from .simulators import Start, starts
from .trace_edits import edited

Outcome = Literal["meant", "other", "not operational", "survived", "equivalent"]
"""Which rule was violated: the one that is meant to be, or only others; or what else happened. equivalent: in all
its cases the mutant reports byte for byte what the reference simulator reports."""

Records = Iterable[Record | BadLine]

_LONGEST_TRACE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trial:
    """What one case showed of a mutant."""

    case: str
    violated: tuple[str, ...] = ()
    """The rules, in the order of their file."""
    reason: str = ""
    """Why the simulator is not operational; empty if it is."""
    first: str = ""
    """The rule of the first violation on the trace."""
    named: tuple[str, ...] = ()
    """The components that the first violation names, by their paths in the plan."""
    unheard: tuple[str, ...] = ()
    """Those that it names as feeding these without reporting anything."""
    is_same: bool = False
    """Whether it is what the reference simulator does."""
    is_hung: bool = False


@dataclass(frozen=True, slots=True)
class MutantResult:
    """What became of a mutant."""

    mutant: str
    breaks: str
    outcome: Outcome
    trial: Trial | None
    """The case that decided; None where it survived."""
    mutated: tuple[str, ...]
    """The components that it changes; none where it edits traces."""
    is_single: bool
    """Whether it changes the source of one component."""
    seconds: float

    @property
    def is_killed(self) -> bool:
        return self.outcome in ("meant", "other", "not operational")

    @property
    def is_located(self) -> bool | None:
        """Whether the first violation names what is changed and nothing else; None where that is not asked."""
        if not self.is_single or self.trial is None or not self.trial.violated:
            return None
        return bool(self.trial.named) and set(self.trial.named) <= set(self.mutated)

    @property
    def is_named(self) -> bool | None:
        """Whether the first violation leads to what is changed: it is located, or named as what feeds it unheard."""
        if self.is_located is None or self.trial is None:
            return None
        return self.is_located or set(self.mutated) <= set(self.trial.unheard)


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference simulator, and its traces as far as they were asked for."""

    scenario: Scenario
    simulator: Path
    folder: Path
    """Where the traces are kept, for all processes that ask."""

    def traces(self, case: Case) -> list[tuple[Start, bytes]]:
        """What it reports in each run of a case."""
        paths = [
            (start, self.folder / f"{self.scenario.id}-{case.id}-{number}")
            for number, start in enumerate(starts(self.simulator, self.scenario, case))
        ]
        if not all(path.is_file() for _, path in paths):
            with Pool(self.simulator, workers=1, limits=Limits(seconds=case.timeout)) as pool:
                for (_, path), (_, result) in zip(paths, _run(pool, self, case), strict=True):
                    if not result.ok:
                        raise UsageError(f"the reference simulator fails in case {case.id}: {result.reason}")
                    # Another process may be writing the same.
                    draft = path.with_suffix(f".{os.getpid()}")
                    draft.write_bytes(result.trace)
                    draft.rename(path)
        return [(start, path.read_bytes()) for start, path in paths]


def try_mutant(
    mutant: Mutant,
    reference: Reference,
    plan: PlanTree,
    simulator: Path | None,
    *,
    seconds: float = 10.0,
) -> MutantResult:
    """Try its cases in order until the rule that is meant to be violated is.

    `plan` and `simulator` are the mutant's own; there is no simulator where it edits traces. A run may take `seconds`:
    a mutant that runs for ever must not hold up the others.
    """
    started = time.monotonic()
    scenario = reference.scenario
    if simulator is None:
        trials = list(_until(mutant.breaks, _edited_trials(mutant, reference, plan)))
        if not trials:
            raise UsageError(f"Mutant {mutant.id}: in no case is there a record for each of its edits")
    else:
        limits = Limits(seconds=seconds, output=_LONGEST_TRACE)
        with Pool(simulator, workers=1, limits=limits) as pool:
            trials = list(
                _until(
                    mutant.breaks, (_trial(pool, reference, plan, case) for case in _cases(mutant, scenario))
                )
            )
    outcome, trial = verdict(mutant.breaks, trials)
    mutated = mutated_components(mutant, plan)
    return MutantResult(
        mutant=mutant.id,
        breaks=mutant.breaks,
        outcome=outcome,
        trial=trial,
        mutated=mutated,
        is_single=bool(mutant.source)
        and (mutant.component is not None or len({edit.file for edit in mutant.source}) == 1),
        seconds=time.monotonic() - started,
    )


def verdict(breaks: str, trials: Sequence[Trial]) -> tuple[Outcome, Trial | None]:
    """The best that was found: the rule that is meant, then any rule, then a simulator that is not operational."""
    for trial in trials:
        if breaks in trial.violated:
            return "meant", trial
    for trial in trials:
        if trial.violated:
            return "other", trial
    for trial in trials:
        if trial.reason:
            return "not operational", trial
    return ("equivalent" if all(trial.is_same for trial in trials) else "survived"), None


def first_violation(found: Sequence[tuple[int, Violation]]) -> Violation:
    """The earliest on the traces, each given with the number of its run.

    Within one instant: rules of level component first, because they need no other component to be right; then
    records that are wrong, by their lines, before those that are missing; then the order given.
    """
    return min(found, key=lambda one: (one[0], *_place(one[1])))[1]


def _place(violation: Violation) -> tuple[float, str, float]:
    target, trigger = violation.target, violation.trigger
    if target is not None:
        return target.time, violation.level, target.line
    if violation.due is not None:
        return violation.due, violation.level, inf
    return (trigger.time if trigger else inf), violation.level, inf


def _cases(mutant: Mutant, scenario: Scenario) -> list[Case]:
    if mutant.cases:
        return [scenario.case(name) for name in mutant.cases]
    return [case for case in scenario.cases if case.level != "stress"]


def _until(breaks: str, trials: Iterable[Trial]) -> Iterator[Trial]:
    for trial in trials:
        yield trial
        # What hangs in one case would most likely hang in the others, each time up to its limit.
        if breaks in trial.violated or trial.is_hung:
            return


def _trial(pool: Pool, reference: Reference, plan: PlanTree, case: Case) -> Trial:
    """Run a mutant on a case, and check what it reports."""
    scenario = reference.scenario
    runs: list[tuple[Start, bytes]] = []
    for start, result in _run(pool, reference, case):
        if not result.ok:
            return Trial(case.id, reason=result.reason, is_hung=result.status == "timeout")
        runs.append((start, result.trace))
    declared = _declared(scenario)
    trial = _checked(case, [(start, read(trace, declared)) for start, trace in runs], reference, plan)
    if trial.violated or trial.reason:
        return trial
    is_same = [trace for _, trace in runs] == [trace for _, trace in reference.traces(case)]
    return Trial(case.id, is_same=is_same)


def _edited_trials(mutant: Mutant, reference: Reference, plan: PlanTree) -> Iterator[Trial]:
    """Edit the reference simulator's traces, and check them; cases in which nothing is to be edited are left out."""
    scenario = reference.scenario
    declared = _declared(scenario)
    for case in _cases(mutant, scenario):
        runs: list[tuple[Start, Records]] = []
        is_edited, is_same = False, True
        for start, trace in reference.traces(case):
            records = [one for one in read(trace, declared) if isinstance(one, Record)]
            new = edited(records, mutant.trace, scenario.contract, _arguments(scenario, start))
            is_edited |= new is not None
            is_same &= new is None or _contents(new) == _contents(records)
            runs.append((start, records if new is None else new))
        if is_edited:
            trial = _checked(case, runs, reference, plan)
            yield trial if trial.violated or trial.reason else Trial(case.id, is_same=is_same)


def _contents(records: Iterable[Record]) -> list[Any]:
    return [(record.time, record.entity, record.event, record.payload) for record in records]


def _checked(
    case: Case, runs: Sequence[tuple[Start, Records]], reference: Reference, plan: PlanTree
) -> Trial:
    """Check the runs of a case together; those that differ in their arguments one by one."""
    scenario = reference.scenario
    models = _models(case, reference)
    is_one = all(start.arguments == runs[0][0].arguments for start, _ in runs)
    groups = [range(len(runs))] if is_one else [range(at, at + 1) for at in range(len(runs))]
    watch = _Watch()
    violated: set[str] = set()
    invalid = ""
    for group in groups:
        report = check_runs(
            watch.counted(runs[at][1] for at in group),
            scenario.rules,
            scenario.contract,
            _arguments(scenario, runs[group[0]][0]),
            speakers=speakers(plan),
            notify=watch.note,
            references=[models[at] for at in group] if models else None,
        )
        violated |= {rule.id for rule in report.rules if rule.verdict == "violated"}
        if not report.is_valid:
            invalid = invalid or f"the trace does not fit the contract: {report.findings[0]}"
    if not watch.found:
        return Trial(case.id, reason=invalid)
    first = first_violation(watch.found)
    return Trial(
        case.id,
        violated=tuple(rule.id for rule in scenario.rules.rules if rule.id in violated),
        reason=invalid,
        first=first.rule,
        named=tuple(dict.fromkeys(_path_in(plan, component) for component in first.components)),
        unheard=first.unheard,
    )


def _models(case: Case, reference: Reference) -> list[Records]:
    """What the reference simulator reports in each run, where a rule compares with that; else nothing."""
    if all(rule.kind != "reference" for rule in reference.scenario.rules.rules):
        return []
    declared = _declared(reference.scenario)
    return [read(trace, declared) for _, trace in reference.traces(case)]


@dataclass
class _Watch:
    """Notes in which run each violation is found."""

    run: int = 0
    found: list[tuple[int, Violation]] = field(default_factory=list)

    def counted(self, runs: Iterable[Records]) -> Iterator[Records]:
        for records in runs:
            self.run += 1
            yield records

    def note(self, violation: Violation) -> None:
        self.found.append((self.run, violation))


def _path_in(plan: PlanTree, component: str) -> str:
    """A component by its path in the plan: copies share one, without their numbers."""
    paths = [path for path, _, _ in atomics(plan)]
    without = re.sub(r"_\d+$", "", component)
    return without if component not in paths and without in paths else component


def _run(pool: Pool, reference: Reference, case: Case) -> Iterator[tuple[Start, Result]]:
    """Run each replication of a case; the records say who speaks."""
    begun = starts(reference.simulator, reference.scenario, case)
    jobs = [
        Job(
            arguments={name: _plain(value) for name, value in start.arguments.items()},
            stdin=case.stdin_text,
            seed=start.seed or 0,
            detail=True,
        )
        for start in begun
    ]
    yield from zip(begun, pool.run(jobs, records=False), strict=True)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _arguments(scenario: Scenario, start: Start) -> Mapping[str, Any]:
    return arguments_of(scenario.contract, start.arguments)


def _declared(scenario: Scenario) -> dict[str, Any]:
    return scenario.contract.model_dump(mode="json", by_alias=True)
