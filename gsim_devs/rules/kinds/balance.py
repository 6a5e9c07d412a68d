"""What came in minus what went out is what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gsim_devs.contracts.declaration import Declaration
from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Change(Declaration):
    """What alters the balance."""

    on: AnyPattern
    """The records."""
    add: Expression
    """By how much: more than nothing for what comes in, less for what goes out."""


class Statement(Declaration):
    """What says how large the balance is; where the same record alters it, afterwards."""

    on: AnyPattern
    """The records."""
    value: Expression
    """The balance, as the record has it."""


class Balance(RuleModel):
    """For each key, records add to a balance and take from it; what is said of it is so, and it keeps its limits.

    The balance is what the changes come to: one that is reported wrongly is not taken over.
    """

    kind: Literal["balance"]
    """Says that nothing comes from nowhere and nothing is lost."""
    start: Expression = 0
    """The balance of each key at first, over the run's arguments."""
    steps: tuple[Change, ...] = Field(min_length=1)
    """What alters it."""
    reported: tuple[Statement, ...] = ()
    """What says how large it is."""
    at_least: Expression | None = None
    """The least it ever is after a step, over the run's arguments."""
    at_most: Expression | None = None
    """The most it ever is after a step, over the run's arguments."""
    finally_: Expression | None = Field(default=None, alias="finally")
    """What it is at the end, over the run's arguments; within a scope that is closed by something: when it closes."""

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if not self.reported and self.at_least is None and self.at_most is None and self.finally_ is None:
            raise ValueError("a balance needs `reported`, `at_least`, `at_most` or `finally`")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        def limit(place: str, written: Expression | None) -> float | None:
            return None if written is None else facts.over_run(place, written)

        def resolve(place: str, on: AnyPattern, name: str, written: Expression) -> _Step:
            matcher = facts.pattern(self, f"{place}.on", on)
            return _Step(matcher, facts.over_record(f"{place}.{name}", written, matcher, "number"))

        terms = _Terms(
            start=facts.over_run("start", self.start),
            steps=[resolve(f"steps[{n}]", one.on, "add", one.add) for n, one in enumerate(self.steps)],
            reported=[
                resolve(f"reported[{n}]", one.on, "value", one.value) for n, one in enumerate(self.reported)
            ],
            at_least=limit("at_least", self.at_least),
            at_most=limit("at_most", self.at_most),
            final=limit("finally", self.finally_),
            ends_with_scope=self.scope is not None and self.scope.before is not None,
        )
        return lambda tally: _Watch(tally, terms)


@dataclass(frozen=True, slots=True)
class _Step:
    matcher: Matcher
    number: Compiled


@dataclass(frozen=True, slots=True)
class _Terms:
    start: float
    steps: list[_Step]
    reported: list[_Step]
    at_least: float | None
    at_most: float | None
    final: float | None
    ends_with_scope: bool


class _Watch(Monitor):
    def __init__(self, tally: Tally, terms: _Terms) -> None:
        super().__init__(tally)
        self.terms = terms
        self.sums: dict[Any, _Sum] = {}
        if tally.rule.by is None:
            self.sums[None] = _Sum(terms.start)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        for step in self.terms.steps:
            yield step.matcher, guarded(step.matcher, self._adder(step))
        for statement in self.terms.reported:
            yield statement.matcher, guarded(statement.matcher, self._judge(statement))

    def finish(self, end: End) -> None:
        if self.terms.final is None:
            return
        kinds = tuple(dict.fromkeys(kind for step in self.terms.steps for kind in step.matcher.kinds))
        for key, total in self.sums.items():
            if end.is_horizon and self.terms.ends_with_scope:
                self.tally.pending += 1
                continue
            is_kept = self.agree(total.value, self.terms.final)
            # Where nothing had to happen, only a trace that holds something has kept it.
            if not is_kept or self.tally.journal.recent:
                self.tally.due += 1
            if not is_kept:
                self.tally.violate(
                    f"a balance of {self.terms.final!r} at the end",
                    f"{total.value!r}" + ("" if key is None else f" for key {key!r}"),
                    due=end.time,
                    kinds=kinds,
                )

    def _of(self, key: Any) -> _Sum:
        total = self.sums.get(key)
        if total is None:
            total = self.sums[key] = _Sum(self.terms.start)
        return total

    def _adder(self, step: _Step) -> See:
        key_of, amount = step.matcher.key, step.number.call
        is_limited = self.terms.at_least is not None or self.terms.at_most is not None

        def add(record: Record) -> None:
            total = self._of(key_of(record, None))
            total.add(amount(record, None))
            if is_limited:
                self._hold(total.value, record)

        return add

    def _hold(self, value: float, record: Record) -> None:
        low, high = self.terms.at_least, self.terms.at_most
        self.tally.due += 1
        if low is not None and value < low - self.margin(value, low):
            self.tally.violate(f"a balance of at least {low!r}", f"{value!r}", target=record)
        elif high is not None and value > high + self.margin(value, high):
            self.tally.violate(f"a balance of at most {high!r}", f"{value!r}", target=record)

    def _judge(self, statement: _Step) -> See:
        def judge(record: Record) -> None:
            value = self._of(statement.matcher.key(record, None)).value
            found = statement.number.call(record, None)
            self.tally.due += 1
            if not self.agree(found, value):
                self.tally.violate(f"{statement.number.text} = {value!r}", f"{found!r}", target=record)

        return judge


class _Sum:
    """A sum that stays as exact as its parts however many there are: what rounding cuts off is kept beside it."""

    __slots__ = ("total", "rest")

    def __init__(self, start: float) -> None:
        self.total: float = start
        self.rest: float = 0

    @property
    def value(self) -> float:
        return self.total + self.rest

    def add(self, amount: float) -> None:
        total = self.total + amount
        large, small = (self.total, amount) if abs(self.total) >= abs(amount) else (amount, self.total)
        self.rest += (large - total) + small
        self.total = total
