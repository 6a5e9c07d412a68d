"""One thing follows another, not too early and not too late."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ..facts import Facts
from ..monitors import MakeMonitor
from ..patterns import AnyPattern, Expression, RuleModel
from .obligations import Obligations, Terms


class Within(RuleModel):
    """Each trigger is followed by a target of its own, `at_least` to `at_most` later, and each target has one."""

    kind: Literal["within"]
    """Says that one thing follows another within bounds."""
    trigger: AnyPattern
    """What comes first."""
    target: AnyPattern
    """What follows."""
    at_least: Expression = 0
    """The shortest time between: over `trigger`, `target` and the run's arguments."""
    at_most: Expression
    """The longest time between."""
    unless: tuple[AnyPattern, ...] = ()
    """What cancels a target that is not overdue (of the same key)."""
    demands: Literal["both", "target", "trigger"] = "both"
    """`target`: only that each trigger has its target; `trigger`: only that each target has its trigger."""

    @model_validator(mode="after")
    def _is_no_empty_interval(self) -> Within:
        if (
            isinstance(self.at_least, int | float)
            and isinstance(self.at_most, int | float)
            and self.at_least > self.at_most
        ):
            raise ValueError("at_least is more than at_most")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        trigger = facts.pattern(self, "trigger", self.trigger)
        target = facts.pattern(self, "target", self.target)
        unless = tuple(facts.pattern(self, "unless", pattern) for pattern in self.unless)
        low = facts.over_pair("at_least", self.at_least, trigger, target, "number")
        high = facts.over_pair("at_most", self.at_most, trigger, target, "number")
        terms = Terms(
            trigger, target, unless, low, high,
            needs_target=any(name.startswith("target.") for name, _ in (*low.names, *high.names)),
            forward=self.demands != "trigger",
            backward=self.demands != "target",
            answers_all=False,
        )  # fmt: skip
        return lambda tally: Obligations(tally, terms)
