"""A state that records change, and what must be true of it: state machines, recurrences, balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from gsim_devs.contracts.declaration import Declaration, Defect
from gsim_devs.trace import Record

from ..expressions import LONGEST_VALUE, Compiled, found
from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, check
from ..patterns import AnyPattern, Expression, Name, RuleModel
from ..scopes import Kind, accumulator_scope, kind_of_value


class Step(Declaration):
    """What happens to the state at one sort of record."""

    on: AnyPattern
    """The records."""
    check: Expression | tuple[Expression, ...] = ()
    """What must be true, seen from before the step."""
    set: Mapping[Name, Expression] = {}
    """New values of accumulators, computed from the old ones and the record, all at once."""


class Fold(RuleModel):
    """Accumulators, one set for each key; each record takes all steps that fit, in the order of the file.

    In expressions the accumulators stand under their names, beside the fields of the record.
    """

    kind: Literal["fold"]
    """Says that records change a state."""
    state: Mapping[Name, Any] = Field(min_length=1)
    """The accumulators and their first values; a text is an expression over the run's arguments."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """What records do to it."""
    finally_: Expression | None = Field(default=None, alias="finally")
    """What must be true of the state of each key at the horizon; to blame is who reports what the steps check."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        first: dict[str, Any] = {}
        kinds: dict[str, Kind] = {}
        for name, written in self.state.items():
            if not isinstance(written, str):
                first[name], kinds[name] = _frozen(written), _kind(written)
                continue
            compiled = facts.compile(("state", name), written, facts.run_scope())
            kinds[name] = compiled.kind
            first[name] = None if facts.is_reading else _frozen(compiled.call(None, None))
        steps = [self._step(facts, index, step, kinds) for index, step in enumerate(self.steps)]
        final = None
        if self.finally_ is not None:
            scope = {**facts.run_scope(), **accumulator_scope(kinds)}
            final = facts.compile(("finally",), self.finally_, scope, "bool")
        return lambda tally: _Watch(tally, first, steps, final)

    def _step(self, facts: Facts, index: int, step: Step, kinds: Mapping[str, Kind]) -> _Step:
        place = ("steps", index)
        before = len(facts.defects)
        matcher = facts.pattern(self, "on", step.on)
        # The pattern's places are within the step.
        facts.defects[before:] = [
            Defect((*place, *one.place) if one.place[:1] == ("on",) else one.place, one.sentence)
            for one in facts.defects[before:]
        ]
        for name in kinds:
            if name in matcher.fields or name in ("time", "entity", "event", "payload", "args", "horizon"):
                text = f"{name!r} means something in these records already; call the accumulator otherwise"
                facts.defects.append(Defect(("state", name), text))
        for name in step.set:
            if name not in kinds:
                facts.defects.append(Defect((*place, "set", name), f"there is no accumulator {name!r}"))
        names = accumulator_scope(kinds)
        written = step.check if isinstance(step.check, tuple) else (step.check,)
        checks = [facts.over_record((*place, "check"), one, matcher, "bool", names) for one in written]
        sets = [
            (
                name,
                facts.over_record((*place, "set", name), one, matcher, kinds.get(name, "any"), names).call,
            )
            for name, one in step.set.items()
        ]
        return _Step(matcher, checks, sets)


@dataclass(frozen=True, slots=True)
class _Step:
    matcher: Matcher
    checks: list[Compiled]
    sets: list[tuple[str, Any]]


class _Watch(Monitor):
    def __init__(
        self, tally: Tally, first: dict[str, Any], steps: list[_Step], final: Compiled | None
    ) -> None:
        super().__init__(tally)
        self.first, self.steps, self.final = first, steps, final
        judged = [step for step in steps if step.checks] or steps
        self.kinds = tuple(dict.fromkeys(kind for step in judged for kind in step.matcher.kinds))
        self.states: dict[Any, dict[str, Any]] = {}
        if tally.rule.by is None:
            self.states[None] = dict(first)

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        for step in self.steps:
            yield step.matcher, self._see(step)

    def _see(self, step: _Step) -> See:
        states, first, tally, key_of = self.states, self.first, self.tally, step.matcher.key
        where = step.matcher.where.call if step.matcher.where else None
        checks = [(one, one.call) for one in step.checks]
        sets = step.sets
        only = states.get(None) if tally.rule.by is None else None
        single: str | None
        call_single: Any
        single, call_single = sets[0] if len(sets) == 1 else (None, None)

        def see(record: Record) -> None:
            if where is not None and not where(record, None):
                return
            if only is not None:
                state = only
            else:
                key = key_of(record, None)
                known = states.get(key)
                state = states[key] = dict(first) if known is None else known
            for one, holds in checks:
                if holds(record, state):
                    tally.due += 1
                else:
                    check(tally, one, record, state)
            if single is not None:
                state[single] = _bounded(call_single(record, state))
            elif sets:
                state.update([(name, _bounded(call(record, state))) for name, call in sets])

        return see

    def finish(self, end: End) -> None:
        if self.final is None or not end.is_horizon:
            return
        for key, state in self.states.items():
            holds = self.final.call(None, state)
            # Where nothing had to happen, only a trace that holds something has kept it.
            if not holds or self.tally.journal.recent:
                self.tally.due += 1
            if not holds:
                actual = found(self.final, None, state)
                if key is not None:
                    actual += f" for key {key!r}"
                self.tally.violate(f"{self.final.text} at the end", actual, due=end.time, kinds=self.kinds)


_NEVER_LARGE = (float, bool)


def _bounded(value: Any) -> Any:
    if type(value) in _NEVER_LARGE:
        return value
    if type(value) is int:
        if value.bit_length() > LONGEST_VALUE:
            raise OverflowError("an accumulator grows without bound")
    elif isinstance(value, list | tuple | str) and len(value) > LONGEST_VALUE:
        raise OverflowError(f"an accumulator has more than {LONGEST_VALUE} items")
    return value


def _frozen(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _kind(value: Any) -> Kind:
    kind = kind_of_value(value)
    # An accumulator that begins as null may become anything.
    return "any" if kind == "none" else kind
