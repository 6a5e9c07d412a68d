"""Two things follow each other, one to one."""

from __future__ import annotations

from typing import Literal

from ..facts import Facts
from ..monitors import MakeMonitor
from ..patterns import AnyPattern, Expression, RuleModel
from .obligations import Obligations, Terms


class Succession(RuleModel):
    """Each `first` is followed by a `then` of its own, and each `then` had such a `first`, for each key.

    Several may be open at once (two that must take turns: `alternate`). Without `within`, the last `first` needs its
    `then` before the end; how long exactly it takes is said by `delay`.
    """

    kind: Literal["succession"]
    """Says that two things follow each other one to one."""
    first: AnyPattern
    """What comes first."""
    then: AnyPattern
    """What follows."""
    within: Expression | None = None
    """At most how much later: over `trigger` (the `first`) and the run's arguments."""
    unless: tuple[AnyPattern, ...] = ()
    """What cancels each `first` that is open (of the same key)."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        first = facts.pattern(self, "first", self.first)
        then = facts.pattern(self, "then", self.then)
        unless = tuple(facts.pattern(self, "unless", pattern) for pattern in self.unless)
        high = None
        if self.within is not None:
            high = facts.over_pair("within", self.within, first, then, "number")
        terms = Terms(
            first, then, unless, None, high,
            needs_target=any(name.startswith("target.") for name, _ in high.names) if high else False,
            forward=True,
            backward=True,
            answers_all=False,
        )  # fmt: skip
        return lambda tally: Obligations(tally, terms)
