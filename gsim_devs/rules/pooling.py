"""What all runs together have shown, judged once at the end. Leaves out the tests themselves: `statistics`, `laws`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, Generic, Protocol, Self, TypeVar

from pydantic import Field, model_validator

from gsim_devs.contracts.declaration import Defect

from .facts import Facts, Matcher
from .laws import is_number
from .monitors import Tally
from .patterns import Expression, RuleModel
from .scopes import MISSING
from .statistics import binomial_p, share_p

MOST_SAMPLES = 100_000
"""How many keys one rule keeps apart; records with further keys are left out."""

LARGEST_NUMBER = 1e100
"""Larger ones are not reckoned with."""


class ChanceRule(RuleModel):
    """What rules about chance have in common."""

    error: Annotated[float, Field(gt=0, le=0.1)] = 1e-4
    """The probability of a false alarm: that the rule is violated though all is as it should be. With `by` and
    `independent` each test gets its part of it."""
    minimum: Annotated[int, Field(ge=1)] = 1
    """How many values a test needs; with fewer it is not exercised. Nor is it with so few that it could not even reject
    values that all lie on one side."""


class ExpectationRule(ChanceRule):
    """A rule about a number that is not known but estimated."""

    equals: Expression | None = None
    """What it is, over the run's arguments."""
    at_least: Expression | None = None
    """What it is not below, over the run's arguments."""
    at_most: Expression | None = None
    """What it is not above, over the run's arguments."""

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if (self.equals is None) == (self.at_least is None and self.at_most is None):
            raise ValueError("say either `equals`, or `at_least`, `at_most` or both of them")
        return self

    def span(self, facts: Facts, low: float = -inf, high: float = inf) -> tuple[float, float] | None:
        """From where to where it may be; None while that is not known. It makes no sense outside of low and high."""
        ends = []
        for name, without in (("at_least", low), ("at_most", high)):
            place = name if self.equals is None else "equals"
            written = getattr(self, place)
            value = without if written is None else number_of(facts, (place,), written)
            if value is not None and not low <= value <= high:
                refuse(facts, place, f"it is {value!r}; it must lie from {low!r} to {high!r}")
            ends.append(value)
        least, most = ends
        if least is None or most is None:
            return None
        if least > most:
            refuse(facts, "at_least", f"it is {least!r}, and at_most is {most!r}; it must not be more")
        return least, most


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test says."""

    p: float
    """The probability of a sample as odd as this one."""
    expected: str
    actual: str


class Sample(Protocol):
    """What was seen of one key."""

    def tests(self, level: float, minimum: int) -> Iterable[Outcome]:
        """The outcomes of all tests that the sample is large enough for."""


S = TypeVar("S", bound=Sample)


class Pool(Generic[S]):
    """The samples of all keys."""

    def __init__(self, rule: ChanceRule, matcher: Matcher, new: Callable[[], S], tests: int = 1) -> None:
        self.rule, self.kinds, self.new = rule, matcher.kinds, new
        self.tests = tests
        """How many tests there are for each key."""
        self.samples: dict[Any, S] = {}

    def of(self, key: Any) -> S | None:
        """The sample of a key; None where there are too many keys."""
        sample = self.samples.get(key)
        if sample is None and len(self.samples) < MOST_SAMPLES:
            sample = self.samples[key] = self.new()
        return sample

    def conclude(self, tally: Tally) -> None:
        """Judge all samples; every test is due."""
        level = self.rule.error / max(1, self.tests * len(self.samples))
        for key, sample in self.samples.items():
            of = "" if key is None else f" with key {key!r}"
            for outcome in sample.tests(level, self.rule.minimum):
                tally.due += 1
                if outcome.p <= level:
                    tally.violate(
                        outcome.expected + of,
                        f"{outcome.actual} (p = {outcome.p:.2g}, violated at {level:.2g} and below)",
                        kinds=self.kinds,
                    )


@dataclass(slots=True)
class Neighbours:
    """Pairs of values that follow each other, each value in one pair: how often both lie on the same side."""

    share: float
    """The probability of one side."""
    pairs: int = 0
    alike: int = 0

    def see(self, waiting: dict[Any, bool], key: Any, side: bool) -> None:
        """`waiting`: the first halves of pairs, in the part of the trace at hand."""
        first = waiting.pop(key, None)
        if first is None:
            waiting[key] = side
            return
        self.pairs += 1
        self.alike += first is side

    def tests(self, level: float, minimum: int) -> Iterable[Outcome]:
        alike = self.share**2 + (1.0 - self.share) ** 2
        n = self.pairs
        if 2 * n < minimum or not can_reject(n, alike, alike, level):
            return
        yield Outcome(
            binomial_p(self.alike, n, alike),
            f"independent values: {percent(alike)} of {n} pairs of neighbours alike",
            percent(self.alike / n),
        )


def can_reject(n: int, least: float, most: float, level: float) -> bool:
    """Whether a sample of n can be so odd that a share from `least` to `most` is rejected."""
    return min(share_p(0, n, least, most), share_p(n, n, least, most)) <= level


def percent(share: float) -> str:
    """For people."""
    return f"{100.0 * share:.4g} %"


def refuse(facts: Facts, place: str, sentence: str) -> None:
    """Note what is wrong with a declaration."""
    facts.defects.append(Defect((place,), sentence))


def number_of(facts: Facts, place: tuple[str | int, ...], written: Expression) -> float | None:
    """The value of an expression over the run's arguments; None while it is not known."""
    compiled = facts.compile(place, written, facts.run_scope(), "number")
    value = compiled.constant if facts.is_reading else compiled.call(None, None)
    if value is MISSING:
        return None
    if not is_number(value) or not abs(value) <= LARGEST_NUMBER:
        facts.defects.append(Defect(place, f"it must be a number of at most {LARGEST_NUMBER:g} in size"))
        return None
    return float(value)
