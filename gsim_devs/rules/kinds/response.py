"""One thing makes another one happen sooner or later."""

from __future__ import annotations

from typing import Literal

from ..facts import Facts
from ..monitors import MakeMonitor
from ..patterns import AnyPattern, Expression, RuleModel
from .obligations import Obligations, Terms


class Response(RuleModel):
    """Each trigger is followed by a target, which may answer several triggers. Without `within`: before the end."""

    kind: Literal["response"]
    """Says that one thing makes another one happen."""
    trigger: AnyPattern
    """What comes first."""
    target: AnyPattern
    """What follows."""
    within: Expression | None = None
    """At most how much later: over `trigger` and the run's arguments."""
    unless: tuple[AnyPattern, ...] = ()
    """What cancels it (of the same key)."""
    answers: Literal["all", "one"] = "all"
    """Whether a target answers all triggers before it, or only the oldest that is open."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        trigger = facts.pattern(self, "trigger", self.trigger)
        target = facts.pattern(self, "target", self.target)
        unless = tuple(facts.pattern(self, "unless", pattern) for pattern in self.unless)
        high = None
        if self.within is not None:
            high = facts.over_pair("within", self.within, trigger, target, "number")
        terms = Terms(
            trigger, target, unless, None, high,
            needs_target=any(name.startswith("target.") for name, _ in high.names) if high else False,
            forward=True,
            backward=False,
            answers_all=self.answers == "all",
        )  # fmt: skip
        return lambda tally: Obligations(tally, terms)
