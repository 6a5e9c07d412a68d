"""One thing follows another, exactly so much later."""

from __future__ import annotations

from typing import Literal

from ..facts import Facts
from ..monitors import MakeMonitor
from ..patterns import AnyPattern, Expression, RuleModel
from .obligations import Obligations, Terms


class Delay(RuleModel):
    """Each trigger is followed by a target of its own, `delay` later; and each target has such a trigger."""

    kind: Literal["delay"]
    """Says that one thing follows another after a known time."""
    trigger: AnyPattern
    """What comes first."""
    target: AnyPattern
    """What follows."""
    delay: Expression
    """How much later: over `trigger`, `target` and the run's arguments."""
    unless: tuple[AnyPattern, ...] = ()
    """What cancels a target that is not overdue (of the same key)."""
    demands: Literal["both", "target", "trigger"] = "both"
    """`target`: only that each trigger has its target; `trigger`: only that each target has its trigger."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        trigger = facts.pattern(self, "trigger", self.trigger)
        target = facts.pattern(self, "target", self.target)
        unless = tuple(facts.pattern(self, "unless", pattern) for pattern in self.unless)
        delay = facts.over_pair("delay", self.delay, trigger, target, "number")
        terms = Terms(
            trigger, target, unless, delay, delay,
            needs_target=any(name.startswith("target.") for name, _ in delay.names),
            forward=self.demands != "trigger",
            backward=self.demands != "target",
            answers_all=False,
        )  # fmt: skip
        return lambda tally: Obligations(tally, terms)
