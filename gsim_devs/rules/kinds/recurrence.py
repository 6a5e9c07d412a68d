"""A state that is computed step by step, and what records must say of it after the last step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Literal

from pydantic import Field

from gsim_devs.contracts.declaration import Defect
from gsim_devs.trace import Record

from ..expressions import Compiled
from ..facts import Facts, Matcher
from ..monitors import End, Last, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, Name, RuleModel
from ..scopes import Kind, accumulator_scope

MOST_STEPS = 1_000_000
"""The most steps that are computed."""


class Recurrence(RuleModel):
    """Numbers that change in equal steps, as difference equations say; fields of the records equal the outcome.

    Where the numbers grow beyond what a computer can hold, nothing is due.
    """

    kind: Literal["recurrence"]
    """Says that a state is computed step by step."""
    on: AnyPattern
    """The records."""
    only_last: bool = False
    """Whether only the last one of each key counts."""
    state: Mapping[Name, Expression] = Field(min_length=1)
    """The numbers before the first step, over the run's arguments."""
    step: Mapping[Name, Expression] = Field(min_length=1)
    """What they become in a step, over the numbers before it and the run's arguments; all at once."""
    times: Expression
    """How many steps there are, over the run's arguments; at most a million."""
    equals: Mapping[Name, Expression] = Field(min_length=1)
    """What fields of the payload are to be after the last step."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "on", self.on)
        first = {name: facts.over_run(f"state.{name}", one) for name, one in self.state.items()}
        times = facts.over_run("times", self.times)
        numbers: dict[str, Kind] = dict.fromkeys(first, "number")
        scope = {**facts.run_scope(), **accumulator_scope(numbers)}
        step = {name: facts.compile(("step", name), one, scope, "number") for name, one in self.step.items()}
        equals = {
            name: facts.compile(("equals", name), one, scope, "number") for name, one in self.equals.items()
        }
        facts.defects += [
            Defect(("step", name), f"there is no number {name!r} in the state")
            for name in step
            if name not in first
        ]
        facts.defects += [
            Defect(("equals", name), f"the records have no field {name!r}")
            for name in equals
            if name not in matcher.fields
        ]
        wanted = {} if facts.is_reading or facts.defects else _outcome(first, step, times, equals)
        return lambda tally: _Watch(tally, matcher, self.only_last, times, wanted)


def _outcome(
    state: dict[str, Any], step: Mapping[str, Compiled], times: float, equals: Mapping[str, Compiled]
) -> dict[str, float]:
    """The fields after the last step; none where they are no finite numbers."""
    if times > MOST_STEPS:
        raise ValueError(f"it takes {times!r} steps; at most {MOST_STEPS} are computed")
    try:
        # As floats, for whole numbers could grow without bound.
        state = {name: float(value) for name, value in state.items()}
        for _ in range(int(times)):
            state = {**state, **{name: float(one.call(None, state)) for name, one in step.items()}}
        wanted = {name: float(one.call(None, state)) for name, one in equals.items()}
    except OverflowError:
        return {}
    return wanted if all(map(isfinite, wanted.values())) else {}


class _Watch(Monitor):
    def __init__(
        self, tally: Tally, matcher: Matcher, only_last: bool, times: float, wanted: Mapping[str, float]
    ) -> None:
        super().__init__(tally)
        self.matcher, self.times, self.wanted = matcher, times, wanted
        self.only_last, self.last = only_last, Last(matcher, self.on_record)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.last.keep if self.only_last else self.on_record)

    def on_record(self, record: Record) -> None:
        for name, wanted in self.wanted.items():
            self.tally.due += 1
            found = record.payload[name]
            if not self.agree(found, wanted):
                self.tally.violate(
                    f"{name} = {wanted!r} after {self.times!r} steps", f"{name} = {found!r}", target=record
                )

    def finish(self, end: End) -> None:
        self.last.finish()
