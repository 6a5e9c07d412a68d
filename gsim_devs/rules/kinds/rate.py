"""How often something is so, where chance decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import model_validator

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression
from ..pooling import ExpectationRule, Neighbours, Outcome, Pool, can_reject, percent
from ..statistics import share_p


class Rate(ExpectationRule):
    """Of the records of a pattern, pooled over all runs, the probability with which a condition is true.

    Judged by the exact binomial test: the records must not depend on each other.
    """

    kind: Literal["rate"]
    """Says that this is a rate."""
    on: AnyPattern
    """The records."""
    of: Expression
    """The condition."""
    independent: bool = False
    """Whether it is also tested that neighbours do not depend on each other. Each record is in one pair with its
    neighbour; the pairs in which the condition is true of both or of none are counted. Needs `equals`."""

    @model_validator(mode="after")
    def _can_be_tested(self) -> Self:
        if self.independent and self.equals is None:
            raise ValueError("`independent` needs `equals`: only then is it known how often neighbours agree")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        condition = facts.over_record("of", self.of, matcher, "bool")
        least, most = self.span(facts, 0.0, 1.0) or (0.0, 1.0)

        def new() -> _Sample:
            return _Sample(condition.text, least, most, Neighbours(least) if self.independent else None)

        pool = Pool(self, matcher, new, tests=2 if self.independent else 1)
        return lambda tally: _Watch(tally, matcher, condition, pool)


@dataclass(slots=True)
class _Sample:
    text: str
    least: float
    most: float
    neighbours: Neighbours | None
    count: int = 0
    true: int = field(default=0)

    def tests(self, level: float, minimum: int) -> Iterable[Outcome]:
        if self.count >= minimum and can_reject(self.count, self.least, self.most, level):
            yield Outcome(
                share_p(self.true, self.count, self.least, self.most),
                f"{self.text} in {self._wanted()} of {self.count} records",
                f"in {percent(self.true / self.count)}",
            )
        if self.neighbours is not None:
            yield from self.neighbours.tests(level, minimum)

    def _wanted(self) -> str:
        if self.least == self.most:
            return percent(self.least)
        low = f"at least {percent(self.least)}" if self.least > 0.0 else ""
        high = f"at most {percent(self.most)}" if self.most < 1.0 else ""
        return " and ".join(filter(None, (low, high)))


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, condition: Compiled, pool: Pool[_Sample]) -> None:
        super().__init__(tally)
        self.matcher, self.holds, self.pool = matcher, condition.call, pool
        self.waiting: dict[Any, bool] = {}
        tally.conclude = lambda: pool.conclude(tally)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        key = self.matcher.key(record, None)
        is_true = bool(self.holds(record, None))
        sample = self.pool.of(key)
        if sample is None:
            return
        sample.count += 1
        sample.true += is_true
        if sample.neighbours is not None:
            sample.neighbours.see(self.waiting, key, is_true)

    def finish(self, end: End) -> None:
        """Nothing is judged before all runs are over."""
