"""A trace agrees with a reference trace."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, Self

from pydantic import model_validator

from gsim_devs.contracts.declaration import Defect
from gsim_devs.contracts.sentences import nearest
from gsim_devs.errors import UsageError
from gsim_devs.trace import Record

from ..agreement import Expected, Pool
from ..expressions import EVALUATION_ERRORS, reason
from ..facts import Facts, Matcher, either
from ..monitors import MOST_KEYS, End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Name, Pattern, RuleModel
from ..references import Reference

_LONGEST = 300
"""Characters of a record in a violation."""


class Agreement(RuleModel):
    """The records are those of the reference trace of the same arguments; what only one of the two has, breaks it.

    Due is each record of either trace, met are those that have a partner: the score is the F1 of the two. Memory
    grows with what the reference holds in one instant, or, where the order is `free`, with the reference.
    """

    kind: Literal["reference"]
    """Says that there is a reference. Without one the rule is not exercised."""
    events: tuple[AnyPattern, ...] = ()
    """The records that are compared; none: all."""
    fields: tuple[Name, ...] | None = None
    """The payload fields that count, of the records that have them; none: all."""
    order: Literal["fixed", "instant", "free"] = "instant"
    """`instant`: times count, and records of one instant may have any order. `fixed`: they have that of the reference
    (with `by`: those of one key). `free`: neither times nor order count, only what there is."""

    @model_validator(mode="after")
    def _speaks_of_the_whole(self) -> Self:
        if self.scope is not None:
            raise ValueError("a reference is that of a whole trace: use `events` in place of `scope`")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        everything = (Pattern(entity=tuple(dict.fromkeys(kind[0] for kind in facts.contract.vocabulary))),)
        places = [f"events[{n}]" for n in range(len(self.events))] or ["events"]
        matchers = [
            facts.pattern(self, place, pattern)
            for place, pattern in zip(places, self.events or everything, strict=True)
        ]
        terms = _Terms(
            matcher=either(matchers),
            fields=self.fields,
            order=self.order,
            end=End(facts.horizon, is_horizon=True, closes_at=facts.closed),
            closing=frozenset(kind for kind, event in facts.contract.vocabulary.items() if event.at_end),
        )
        self._check_fields(facts, terms.matcher)
        return lambda tally: _Watch(tally, terms, facts.reference)

    def _check_fields(self, facts: Facts, matcher: Matcher) -> None:
        known = {name: None for kind in matcher.kinds for name in facts.contract.vocabulary[kind].payload}
        for name in self.fields or ():
            if name not in known:
                text = f"none of these records has a field {name!r}{nearest(name, list(known))}"
                facts.defects.append(Defect(("fields",), text))


@dataclass(frozen=True, slots=True)
class _Terms:
    matcher: Matcher
    fields: tuple[str, ...] | None
    order: str
    end: End
    closing: frozenset[tuple[str, str]]
    """What may stand at the horizon even where nothing else may."""


class _Watch(Monitor):
    def __init__(self, tally: Tally, terms: _Terms, reference: Reference | None) -> None:
        super().__init__(tally)
        self.terms, self.reference = terms, reference
        self.pool = Pool(self.absolute, self.relative)
        self.queue: deque[Expected] = deque()
        """Those that are expected, in the order of the reference, and some that have been met."""
        self.positions: dict[Any, int] = {}
        """How far the order has come, for each key."""
        self.count = 0
        self.previous: Record | None = None
        self.is_over = False
        if reference is not None:
            reference.attach(self._expected_too(guarded(terms.matcher, self.on_expected)))

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        if self.reference is not None:
            yield self.terms.matcher, guarded(self.terms.matcher, self.on_record)

    def on_expected(self, record: Record) -> None:
        """A record of the reference."""
        assert self.reference is not None
        self.count += 1
        expected = Expected(record, self.count, self.terms.fields)
        if self.is_over:
            self._missing(expected)
            return
        # Another rule may have led the reference here, while nothing came of what this one compares.
        if self.terms.order != "free":
            self._give_up(self.reference.now)
        if len(self.queue) >= MOST_KEYS:
            raise UsageError(f"more than {MOST_KEYS} records of the reference would have to be kept at once")
        self.queue.append(expected)
        self.pool.add(expected)

    def on_record(self, record: Record) -> None:
        assert self.reference is not None
        now = record.time
        is_free = self.terms.order == "free"
        self.reference.advance(now, inf if is_free else self.pool.reach(now))
        if not is_free:
            self._give_up(now)
        met = self._partner(record)
        if met is None:
            self._extra(record)
        else:
            self.pool.remove(met)
            self.tally.due += 2
        self.previous = record

    def finish(self, end: End) -> None:
        """What the reference holds beyond this comes afterwards, record by record."""
        self._give_up(None)
        self.is_over = True

    def _expected_too(self, see: See) -> See:
        kinds = frozenset(self.terms.matcher.kinds)

        def expect(record: Record) -> None:
            if (record.entity, record.event) not in kinds:
                return
            try:
                see(record)
            except EVALUATION_ERRORS as error:
                rule, why = self.tally.rule.id, reason(error)
                sentence = f"rule {rule} cannot be evaluated at line {record.line} of the reference: {why}"
                raise UsageError(sentence) from None

        return expect

    def _partner(self, record: Record) -> Expected | None:
        terms, time = self.terms, record.time
        if terms.order == "free":
            return self.pool.find(record, terms.fields, lambda one: True)
        if terms.order == "instant":
            return self.pool.find(record, terms.fields, lambda one: self.pool.are_near(one.record.time, time))
        key = terms.matcher.key(record, None)
        position = self.positions.get(key, 0)
        met = self.pool.find(
            record,
            terms.fields,
            lambda one: one.position > position and self.pool.are_near(one.record.time, time),
        )
        if met is not None:
            self.positions[key] = met.position
        return met

    def _give_up(self, now: float | None) -> None:
        """Nothing that comes now, if anything comes, can meet what is expected before."""
        queue, near = self.queue, self.pool.are_near
        while queue:
            first = queue[0]
            if first.is_open:
                if now is not None and (first.record.time >= now or near(first.record.time, now)):
                    return
                self.pool.remove(first)
                self._missing(first)
            queue.popleft()

    def _missing(self, expected: Expected) -> None:
        record = expected.record
        if not self._counts(record):
            return
        if expected.is_told:
            self.tally.broken += 1
            return
        self.tally.violate(
            self._in_words(record, is_reference=True),
            "it is missing",
            trigger=self.previous,
            due=record.time,
            kinds=((record.entity, record.event),),
        )

    def _extra(self, record: Record) -> None:
        if not self._counts(record):
            return
        if not self.tally.keeps_more:
            self.tally.broken += 1
            return
        actual = self._in_words(record)
        near = self._nearest(record)
        if near is not None:
            near.is_told = True
            differing = ", ".join(self.pool.differing(near.record, record, self.terms.fields))
            actual += f": {differing or 'the order'} differs"
            expected = self._in_words(near.record, is_reference=True)
        else:
            assert self.reference is not None
            following = next((one.record for one in self.queue if one.is_open), self.reference.next)
            expected = "nothing more" if following is None else self._in_words(following, is_reference=True)
        self.tally.violate(expected, actual, target=record)

    def _nearest(self, record: Record) -> Expected | None:
        """What is expected in its place: of the same kind, and in the same instant where times count."""
        for one in self.queue:
            its = one.record
            if (
                one.is_open
                and not one.is_told
                and (its.entity, its.event) == (record.entity, record.event)
                and (self.terms.order == "free" or self.pool.are_near(its.time, record.time))
            ):
                return one
        return None

    def _counts(self, record: Record) -> bool:
        """A record without a partner is due, unless it is at the horizon or beyond."""
        if (record.entity, record.event) in self.terms.closing or self.is_due(record.time, self.terms.end):
            self.tally.due += 1
            return True
        self.tally.pending += 1
        return False

    def _in_words(self, record: Record, *, is_reference: bool = False) -> str:
        names = record.payload if self.terms.fields is None else self.terms.fields
        payload = {name: record.payload[name] for name in names if name in record.payload}
        text = f"{record.entity}.{record.event} {json.dumps(payload, default=str)}"
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
        text += f" at {record.time!r}"
        return f"{text} (line {record.line} of the reference)" if is_reference else text
