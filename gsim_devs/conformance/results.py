"""What trying a simulator on a scenario found, and the two scores. How it is told: `telling`, `junit`.

With v = 1 for a case that is operational, else 0, and m cases:

    operational = mean of v
    behavioural = mean of v · (component + system) / 2

where `component` and `system` are the shares of the rules of a level that are not violated, among those that were
exercised. A level whose rules were not exercised at all has nothing that is violated and counts as 1; one
that has no rules does not count. `obligations` is the same with met / due of each rule in place of kept or not: it
tells how far a simulator is off, where `behavioural` tells how much of it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gsim_devs.rules import Report, RuleResult, Violation

LEVELS = ("component", "system")


@dataclass(frozen=True, slots=True)
class Run:
    """One replication of a case."""

    number: int
    """From 1."""
    command: str
    """What to type to repeat it; the case's stdin goes to its standard input."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation, and where it came to light."""

    violation: Violation
    run: Run | None
    """None: only all of them together show it."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a simulator did in one case."""

    id: str
    level: str
    operational: bool
    """Whether every run ended with exit code 0, in time, and with a trace that the contract allows."""
    reason: str
    """Why it is not operational; empty if it is."""
    report: Report | None
    """How the rules were kept, all runs together; None where a run did not end well."""
    unmet: tuple[str, ...]
    """What the case expects and the trace does not hold; no part of the scores."""
    seconds: float
    runs: tuple[Run, ...] = ()
    findings: tuple[Finding, ...] = ()
    """The violations in the report, in the order of the rules."""
    has_expectation: bool = False
    stdin: str = ""
    """What every run of the case is given on its standard input."""
    suspects: tuple[str, ...] = ()
    """The components that may have reported what the contract does not allow, where that is the reason."""

    @property
    def holds(self) -> bool:
        """Whether it is operational, keeps every rule, and is as expected."""
        return self.operational and not self.unmet and self.report is not None and self.report.holds

    @property
    def as_expected(self) -> bool | None:
        """Whether its traces hold what the case expects; None where it expects nothing, or a run did not end well."""
        return not self.unmet if self.has_expectation and self.report else None

    @property
    def violated(self) -> tuple[RuleResult, ...]:
        """The rules that are violated."""
        return tuple(rule for rule in self.rules if rule.verdict == "violated")

    @property
    def rules(self) -> tuple[RuleResult, ...]:
        """How each rule was kept."""
        return self.report.rules if self.report else ()

    def score(self, level: str) -> float | None:
        """The share of a level's rules that are kept; None where nothing could be judged."""
        return self._mean(level, lambda rule: float(rule.verdict == "held"))

    @property
    def behavioural(self) -> float | None:
        """The mean of the scores of both levels, 0 if it is not operational; None where there are no rules."""
        return self._over_levels(lambda rule: float(rule.verdict == "held"))

    @property
    def obligations(self) -> float | None:
        """The same, by how much of what was due has been met."""
        return self._over_levels(lambda rule: rule.score or 0.0)

    def _over_levels(self, score: Callable[[RuleResult], float]) -> float | None:
        if not self.operational:
            return 0.0
        scores = [found for level in LEVELS if (found := self._mean(level, score)) is not None]
        return sum(scores) / len(scores) if scores else None

    def _mean(self, level: str, score: Callable[[RuleResult], float]) -> float | None:
        rules = [rule for rule in self.rules if rule.level == level]
        if not rules:
            return None
        scores = [score(rule) for rule in rules if rule.verdict != "not_exercised"]
        return sum(scores) / len(scores) if scores else 1.0


@dataclass(frozen=True, slots=True)
class Conformance:
    """How a simulator did in the cases of a scenario."""

    system: str
    cases: tuple[CaseResult, ...]
    rules: tuple[str, ...]
    """The ids of the rules."""

    @property
    def holds(self) -> bool:
        """Whether all is well in every case."""
        return all(case.holds for case in self.cases)

    @property
    def operational(self) -> float:
        """The share of cases that are operational."""
        return sum(case.operational for case in self.cases) / len(self.cases)

    @property
    def behavioural(self) -> float | None:
        """The mean over the cases; None where there are no rules."""
        return self._mean([case.behavioural for case in self.cases])

    @property
    def obligations(self) -> float | None:
        """The same, by how much of what was due has been met."""
        return self._mean([case.obligations for case in self.cases])

    @property
    def never_exercised(self) -> tuple[str, ...]:
        """The rules of which nothing was due in any case."""
        exercised = {rule.id for case in self.cases for rule in case.rules if rule.verdict != "not_exercised"}
        return tuple(rule for rule in self.rules if rule not in exercised)

    @property
    def text(self) -> str:
        """For people, with the first violations in full."""
        from .telling import text

        return text(self)

    @property
    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        from .telling import data

        return data(self)

    @property
    def junit(self) -> str:
        """As JUnit XML: a suite for each case, a test case for each rule."""
        from .junit import junit

        return junit(self)

    def _mean(self, scores: list[float | None]) -> float | None:
        known = [score for score in scores if score is not None]
        return sum(known) / len(known) if self.rules and known else None
