"""What a value is on average, where chance decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Literal

from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..laws import is_number
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression
from ..pooling import LARGEST_NUMBER, ExpectationRule, Outcome, Pool, number_of, refuse
from ..statistics import Moments, bounded_p, studentised_p


class Mean(ExpectationRule):
    """The expectation of a value in the records of a pattern, pooled over all runs.

    The values must not depend on each other: waiting times of one queue do, its service times do not.
    """

    kind: Literal["mean"]
    """Says that this is a mean."""
    on: AnyPattern
    """The records."""
    value: Expression
    """The value."""
    range: tuple[Expression, Expression] | None = None
    """The least and the greatest value that can occur, over the run's arguments; another one is a violation at once.
    With it the test (Hoeffding's) holds for any distribution and any number of values. Without it, it is Student's t
    with Hall's correction for skewness: approximate, with 100 values or more (the more skewed they are, the more:
    50 times the square of their skewness, 200 for exponential ones) the false alarms are within twice `error`. Values
    that are all the same are not judged without a range, for nothing says how they scatter."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        value = facts.over_record("value", self.value, matcher, "number")
        low, high = self._bounds(facts)
        least, most = self.span(facts, low, high) or (low, high)
        bounds = None if self.range is None else (low, high)
        pool = Pool(self, matcher, lambda: _Sample(value.text, least, most, bounds))
        return lambda tally: _Watch(tally, matcher, value, (low, high), pool)

    def _bounds(self, facts: Facts) -> tuple[float, float]:
        if self.range is None:
            return -inf, inf
        low, high = (number_of(facts, ("range", at), one) for at, one in enumerate(self.range))
        if low is None or high is None:
            return -inf, inf
        if low < high:
            return low, high
        refuse(facts, "range", f"it is from {low!r} to {high!r}; the first must be less")
        return -inf, inf


@dataclass(slots=True)
class _Sample:
    text: str
    least: float
    most: float
    bounds: tuple[float, float] | None
    values: Moments = field(default_factory=Moments)

    def tests(self, level: float, minimum: int) -> Iterable[Outcome]:
        n = self.values.count
        if n >= minimum and self._is_enough(level):
            yield Outcome(
                self._p(self.values),
                f"mean of {self.text} {self._wanted()}, in {n} records",
                f"{self.values.mean:.6g} with standard deviation {self.values.sd:.3g}",
            )

    def _is_enough(self, level: float) -> bool:
        if self.bounds is None:
            return self.values.count >= self.values.enough
        return min(self._p(Moments(self.values.count, end)) for end in self.bounds) <= level

    def _p(self, values: Moments) -> float:
        """The p-value for the border of what may be that is nearest, or for both where that is one point."""
        expected = min(max(values.mean, self.least), self.most)
        if expected == values.mean:
            return 1.0
        sides = 2.0 if isfinite(self.least) and isfinite(self.most) else 1.0
        if self.bounds is None:
            return min(1.0, sides * studentised_p(values, expected))
        return min(1.0, sides * bounded_p(values, expected, *self.bounds))

    def _wanted(self) -> str:
        if self.least == self.most:
            return f"{self.least:.6g}"
        low = f"at least {self.least:.6g}" if isfinite(self.least) else ""
        high = f"at most {self.most:.6g}" if isfinite(self.most) else ""
        return " and ".join(filter(None, (low, high)))


class _Watch(Monitor):
    def __init__(
        self,
        tally: Tally,
        matcher: Matcher,
        value: Compiled,
        bounds: tuple[float, float],
        pool: Pool[_Sample],
    ) -> None:
        super().__init__(tally)
        self.matcher, self.value, self.pool = matcher, value, pool
        self.low, self.high = bounds
        tally.conclude = lambda: pool.conclude(tally)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        value = self.value.call(record, None)
        sample = self.pool.of(self.matcher.key(record, None))
        if not is_number(value) or not self._lies_within(value):
            self.tally.due += 1
            within = f" from {self.low!r} to {self.high!r}" if isfinite(self.low) else ""
            self.tally.violate(
                f"{self.value.text}: a number{within}", f"{self.value.text} = {value!r}", target=record
            )
        elif sample is not None:
            sample.values.add(min(max(value, self.low), self.high))

    def finish(self, end: End) -> None:
        """Nothing is judged before all runs are over."""

    def _lies_within(self, value: float) -> bool:
        margin = self.margin(value)
        return abs(value) <= LARGEST_NUMBER and self.low - margin <= value <= self.high + margin
