"""Stress tests of parameters: run a system's hardest test inputs with them, and count what its rules say is broken.

Data tell what a system did; rules tell what it can never do. A run that fails, or a record that the contract does not
allow, counts as broken too. Leaves out what else is known beforehand of a test input, such as counts: that was written
down for other parameters. Rules that compare with a reference simulator have none here, and say nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from gsim_devs.contracts import Case, Contract, FileArgument, check_cases, load_cases
from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Pool, Result
from gsim_devs.rules import Report, RuleSet, Violation, arguments_of, check_runs, load_rule_set, rule_defects
from gsim_devs.trace import read

from .experiment import Theta

CONTRACT = "the contract"
"""Stands in place of a rule's name where a record is not such as the contract allows."""


@dataclass(frozen=True)
class StressTest:
    """What parameters are put through."""

    contract: Contract
    rules: RuleSet
    cases: tuple[Case, ...]
    """Files that their arguments name are named relative to `folder`."""
    folder: Path

    @classmethod
    def of_files(cls, contract: Contract, rules: Path, cases: Path) -> Self:
        """The rules of a file and the cases of the level `stress` of another; all of them where none is of that level.

        Raises UsageError where they are broken, or do not fit the contract.
        """
        rule_set, held = load_rule_set(rules), load_cases(cases)
        _refuse(rules, rule_defects(rule_set, contract))
        _refuse(cases, check_cases(held, contract))
        if code := [rule.id for rule in rule_set.rules if rule.kind == "python"]:
            raise UsageError(
                f"{rules}: rule {code[0]} is code, and no code but the simulator's runs in a stress test; "
                "give a file with the other rules"
            )
        hard = tuple(case for case in held.cases if case.level == "stress")
        return cls(contract, rule_set, hard or held.cases, cases.parent.absolute())


@dataclass(frozen=True)
class StressResult:
    """What some parameters did under stress."""

    due: int
    """What was to be kept: obligations of rules, and one for each record, to fit the contract."""
    broken: Mapping[str, int]
    """How much of that was not kept, by rule; only those that were broken."""
    share: float
    """What was broken of what was due, on average over the test inputs; all of one in which a run failed."""
    failures: Mapping[str, str]
    """Why a run did not end well, by test input."""
    examples: tuple[Violation, ...] = ()
    """The first violation of each rule."""

    @property
    def is_clean(self) -> bool:
        """Whether everything ran and nothing was broken."""
        return not self.broken and not self.failures

    @property
    def violations(self) -> int:
        """How many obligations were broken, without runs that failed."""
        return sum(self.broken.values())


def run_stress(pool: Pool, test: StressTest, thetas: Sequence[Theta]) -> list[StressResult]:
    """Put each of these parameters through the test, in a pool of workers of the simulator.

    The seeds are those of the test inputs: the same parameters have the same result, and different ones differ under
    common random numbers.
    """
    runs = [(case, job) for case in test.cases for job in _jobs(case, test)]
    jobs = (
        Job(job.arguments, job.stdin, seed=job.seed, parameters=_plain(theta))
        for theta in thetas
        for _, job in runs
    )
    results = pool.run(jobs, records=False)
    return [
        _judged([(*run, result) for run, result in zip(runs, _next(results, len(runs)), strict=True)], test)
        for _ in thetas
    ]


def _next(results: Iterator[Result], count: int) -> list[Result]:
    return list(islice(results, count))


def _jobs(case: Case, test: StressTest) -> Iterator[Job]:
    """A job for each run of a case."""
    declared = test.contract.arguments
    arguments: dict[str, Any] = {
        name: str(test.folder / str(value)) if isinstance(declared.get(name), FileArgument) else value
        for name, value in case.arguments.items()
    }
    # As in a conformance test: where the seed is an argument, its default is part of a single run.
    is_chosen = "seed" in declared and "seed" not in arguments and bool(case.seeds or case.replications > 1)
    for seed in case.seeds or range(case.replications):
        yield Job(arguments | {"seed": seed} if is_chosen else arguments, case.stdin_text, seed=seed)


def _plain(theta: Theta) -> dict[str, Any]:
    # Numbers of numpy are not all JSON.
    return {name: np.asarray(value).tolist() for name, value in theta.items()}


def _judged(runs: Sequence[tuple[Case, Job, Result]], test: StressTest) -> StressResult:
    due, broken, shares = 0, Counter[str](), []
    failures: dict[str, str] = {}
    examples: dict[str, Violation] = {}
    for case in test.cases:
        own = [(job, result) for one, job, result in runs if one is case]
        failed = next((result for _, result in own if not result.ok), None)
        if failed:
            failures[case.id] = failed.reason
            shares.append(1.0)
            continue
        expected, missed = 0, Counter[str]()
        for report in _reports(own, test):
            expected += _count(report, missed)
            for rule in report.rules:
                for violation in rule.violations[:1]:
                    examples.setdefault(rule.id, violation)
        due, broken = due + expected, broken + missed
        shares.append(missed.total() / expected if expected else 0.0)
    share = sum(shares) / len(shares)
    return StressResult(due, dict(broken.most_common()), share, failures, tuple(examples.values()))


def _reports(runs: Sequence[tuple[Job, Result]], test: StressTest) -> Iterator[Report]:
    """One for all runs of a case, so that rules about chance see them together; rules know one set of arguments."""
    declared = test.contract.model_dump(mode="json", by_alias=True)
    is_one = all(job.arguments == runs[0][0].arguments for job, _ in runs)
    for group in [list(runs)] if is_one else [[one] for one in runs]:
        yield check_runs(
            (read(result.trace, declared) for _, result in group),
            test.rules,
            test.contract,
            arguments_of(test.contract, group[0][0].arguments),
            limit=1,
        )


def _count(report: Report, missed: Counter[str]) -> int:
    """How much was due; what was not kept goes to its rule."""
    for rule in report.rules:
        if rule.due > rule.met:
            missed[rule.id] += rule.due - rule.met
    if not report.is_valid:
        missed[CONTRACT] += report.defective_records + report.bad_line_count
    return report.records + report.bad_line_count + sum(rule.due for rule in report.rules)


def _refuse(path: Path, defects: list[str]) -> None:
    if defects:
        raise UsageError("\n".join(f"{path}: {defect}" for defect in defects))
