"""How values are distributed, where chance decides."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Literal, Self

from pydantic import model_validator

from gsim_devs.contracts.declaration import Declaration
from gsim_devs.trace import Record

from ..expressions import EVALUATION_ERRORS, Compiled
from ..facts import Facts, Matcher
from ..families import Family, Law, law_of
from ..laws import Continuous, Discrete, Fit, fit_counts, fit_numbers, is_number, middle_of, one_sided_p
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, KeyExpression
from ..pooling import ChanceRule, Neighbours, Outcome, Pool, number_of, percent, refuse

MOST_VALUES = 100_000
"""How many numbers one rule keeps, or different values that it counts: the first ones. Later ones are left out."""


class Gap(Declaration):
    """The time from one record to the next one, of what goes on until the end of a run."""

    by: KeyExpression | None = None
    """The key within which records follow each other; none: the rule's `by` alone."""
    longest: Expression | None = None
    """Longer ones count as that long; over the run's arguments. None: the greatest value that the law allows. Gaps that
    begin later than that before the horizon are left out: the horizon would cut off the long ones among them."""


class Distribution(ChanceRule):
    """Values in the records of a pattern, or the gaps between these, follow a law; pooled over all runs.

    What the law cannot yield is a violation at once. The numbers of occurrences of discrete values are tested by
    exact binomial tests: of all values together how many lie in the lower half, of these how many in the lower
    quarter, and so on, as long as 10 are expected in each part; Fisher's method makes one p-value of theirs. Other
    numbers are tested by the exact test of Kolmogorov and Smirnov. Either way the values must not depend on each other.
    """

    kind: Literal["distribution"]
    """Says that this is a distribution."""
    on: AnyPattern
    """The records."""
    value: Expression | None = None
    """The value."""
    gap: Gap | None = None
    """Instead of a value: the time since the record before."""
    follows: Family
    """The law."""
    independent: bool = False
    """Whether it is also tested that neighbours do not depend on each other. Each value is in one pair with its
    neighbour; the pairs that lie in the same half of the law are counted."""

    @model_validator(mode="after")
    def _speaks_of_something(self) -> Self:
        if (self.value is None) == (self.gap is None):
            raise ValueError("say either `value` or `gap`")
        if self.gap is not None and self.scope is not None and self.scope.before is not None:
            raise ValueError("gaps must go on until the end of the run: `scope.before` cannot be")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        law = self._law(facts) or _UNKNOWN
        room = _Room(MOST_VALUES)

        def pool_of(text: str, law: Law) -> Pool[_Sample]:
            middle = middle_of(law) if self.independent else None
            return Pool(self, matcher, lambda: _Sample(text, law, room, middle), 2 if self.independent else 1)

        if self.value is not None:
            value = facts.over_record("value", self.value, matcher)
            pool = pool_of(value.text, law)
            return lambda tally: _Values(tally, matcher, law, pool, value)
        rhythm = self._rhythm(facts, matcher, law)
        limited = law if rhythm.cap is None else law.limited(rhythm.cap)
        gaps = pool_of(_gap(matcher), limited)
        return lambda tally: _Gaps(tally, matcher, limited, gaps, rhythm)

    def _law(self, facts: Facts) -> Law | None:
        def number(name: str, written: Expression) -> float | None:
            return number_of(facts, ("follows", *name.split(".")), written)

        try:
            return law_of(self.follows, number)
        except EVALUATION_ERRORS as error:
            refuse(facts, "follows", str(error))
            return None

    def _rhythm(self, facts: Facts, matcher: Matcher, law: Law) -> _Rhythm:
        gap = self.gap or Gap()
        sequence = None if gap.by is None else facts.key(("gap", "by"), gap.by, matcher)
        longest: float | None = law.largest
        if gap.longest is not None:
            longest = number_of(facts, ("gap", "longest"), gap.longest)
        cap = None
        if law is not _UNKNOWN and longest is not None:
            if isinstance(law, Discrete) and law.options:
                _refuse_options(facts, law, longest)
            elif not isfinite(longest):
                refuse(facts, "gap", "the law allows gaps of any length; say `longest`")
            elif longest <= law.least:
                refuse(
                    facts, "gap", f"longest is {longest!r}, and the law allows nothing below {law.least!r}"
                )
            elif longest < law.largest:
                cap = law.limited(longest).largest
        return _Rhythm(sequence, longest or inf, cap, facts.horizon)


def _refuse_options(facts: Facts, law: Discrete, longest: float) -> None:
    numbers = [option for option in law.options if is_number(option)]
    if not numbers:
        refuse(facts, "follows", "a gap is a number, and no option is one")
    elif longest < max(numbers):
        refuse(facts, "gap", f"longest is {longest!r}, but an option is {max(numbers)!r}")


_UNKNOWN: Law = Continuous(lambda x: (0.5, 0.5))
"""Stands for a law that is not known before the run."""


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """What belongs to gaps."""

    sequence: Compiled | None
    """Within what records follow each other."""
    longest: float
    cap: float | None
    """Longer gaps count as that long; none: there are no longer ones."""
    horizon: float


@dataclass(slots=True)
class _Room:
    """How much may still be kept."""

    left: int


class _Sample:
    """The values of one key."""

    def __init__(self, text: str, law: Law, room: _Room, middle: tuple[float, float] | None) -> None:
        self.text, self.law, self.room = text, law, room
        self.middle = middle[0] if middle else 0.0
        self.neighbours = Neighbours(middle[1]) if middle else None
        self.numbers = array("d")
        self.counts: dict[int, int] = {}
        self.count = 0

    def add(self, place: float) -> None:
        """A number, or the place of a discrete value."""
        if self.room.left <= 0:
            return
        self.count += 1
        if isinstance(self.law, Continuous):
            self.numbers.append(place)
            self.room.left -= 1
            return
        seen = self.counts.get(int(place), 0)
        self.counts[int(place)] = seen + 1
        self.room.left -= not seen

    def tests(self, level: float, minimum: int) -> Iterable[Outcome]:
        if self.count >= minimum and one_sided_p(self.law, self.count) <= level:
            fit = self._fit()
            expected = f"{self.text} {fit.where}: {percent(fit.expected)} of {self.count} values"
            yield Outcome(fit.p, expected, percent(fit.found))
        if self.neighbours is not None:
            yield from self.neighbours.tests(level, minimum)

    def _fit(self) -> Fit:
        if isinstance(self.law, Continuous):
            return fit_numbers(self.law, self.numbers)
        return fit_counts(self.law, self.counts)


class _Watch(Monitor):
    """Takes values, from wherever they come."""

    def __init__(self, tally: Tally, matcher: Matcher, law: Law, pool: Pool[_Sample]) -> None:
        super().__init__(tally)
        self.matcher, self.law, self.pool = matcher, law, pool
        self.waiting: dict[Any, bool] = {}
        tally.conclude = lambda: pool.conclude(tally)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    @abstractmethod
    def on_record(self, record: Record) -> None:
        """Take its value."""

    def take(self, text: str, value: Any, margin: float, record: Record, key: Any, sequence: Any) -> None:
        """`key`: which values are tested together; `sequence`: which follow each other."""
        place = self.law.place(value, margin)
        if place is None:
            self.tally.due += 1
            self.tally.violate(f"{text}: a value that can occur", f"{text} = {value!r}", target=record)
            return
        sample = self.pool.of(key)
        if sample is None:
            return
        sample.add(place)
        if sample.neighbours is not None:
            sample.neighbours.see(self.waiting, sequence, place <= sample.middle)

    def finish(self, end: End) -> None:
        """Nothing is judged before all runs are over."""


class _Values(_Watch):
    """Takes what stands in the records."""

    def __init__(
        self, tally: Tally, matcher: Matcher, law: Law, pool: Pool[_Sample], value: Compiled
    ) -> None:
        super().__init__(tally, matcher, law, pool)
        self.value = value

    def on_record(self, record: Record) -> None:
        value = self.value.call(record, None)
        margin = self.margin(value) if is_number(value) else 0.0
        key = self.matcher.key(record, None)
        self.take(self.value.text, value, margin, record, key, key)


class _Gaps(_Watch):
    """Takes the times between the records."""

    def __init__(
        self, tally: Tally, matcher: Matcher, law: Law, pool: Pool[_Sample], rhythm: _Rhythm
    ) -> None:
        super().__init__(tally, matcher, law, pool)
        self.rhythm = rhythm
        self.last: dict[Any, Record] = {}

    def on_record(self, record: Record) -> None:
        key = self.matcher.key(record, None)
        within = self.rhythm.sequence
        sequence = key, None if within is None else within.call(record, None)
        before = self.last.get(sequence)
        self.last[sequence] = record
        if before is not None and self._is_uncut(before):
            self._take(record.time - before.time, record, sequence)

    def finish(self, end: End) -> None:
        """A gap that is still open has become too long, or it is cut off by the horizon."""
        for sequence, record in self.last.items():
            if not self._is_uncut(record):
                continue
            if self.rhythm.cap is not None:
                self._take(self.rhythm.cap, record, sequence)
                continue
            due = record.time + self.rhythm.longest
            self.tally.due += 1
            self.tally.violate(
                f"{self.matcher.text} up to {due!r}",
                "missing",
                trigger=record,
                due=due,
                kinds=self.matcher.kinds,
            )

    def _take(self, gap: float, record: Record, sequence: tuple[Any, Any]) -> None:
        if self.rhythm.cap is not None:
            gap = min(gap, self.rhythm.cap)
        self.take(_gap(self.matcher), gap, self.margin(record.time), record, sequence[0], sequence)

    def _is_uncut(self, first: Record) -> bool:
        end = first.time + self.rhythm.longest
        return end < self.rhythm.horizon - self.margin(end, self.rhythm.horizon)


def _gap(matcher: Matcher) -> str:
    return f"time between {matcher.text}"
