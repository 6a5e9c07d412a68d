"""How often something happens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import model_validator

from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Expression, RuleModel


class Count(RuleModel):
    """How often a pattern occurs, for each key that occurs at all. Without `by`: in all, also where it never does."""

    kind: Literal["count"]
    """Says that something is counted."""
    event: AnyPattern
    """What is counted."""
    at_least: Expression | None = None
    """The least number, over the run's arguments; it must be reached before the end."""
    at_most: Expression | None = None
    """The greatest number, over the run's arguments."""
    exactly: Expression | None = None
    """Both in one."""

    @model_validator(mode="after")
    def _bounds_something(self) -> Count:
        if self.exactly is None and self.at_least is None and self.at_most is None:
            raise ValueError("a count needs `exactly`, `at_least` or `at_most`")
        return self

    def prepare(self, facts: Facts) -> MakeMonitor:
        matcher = facts.pattern(self, "event", self.event)

        def bound(place: str, written: Expression | None) -> float | None:
            return None if written is None else facts.over_run(place, written)

        exactly = bound("exactly", self.exactly)
        least = exactly if exactly is not None else bound("at_least", self.at_least)
        most = exactly if exactly is not None else bound("at_most", self.at_most)
        return lambda tally: _Watch(tally, matcher, least, most)


class _Watch(Monitor):
    def __init__(self, tally: Tally, matcher: Matcher, least: float | None, most: float | None) -> None:
        super().__init__(tally)
        self.matcher, self.least, self.most = matcher, least, most
        self.counts: dict[Any, int] = {} if tally.rule.by is not None else {None: 0}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        yield self.matcher, guarded(self.matcher, self.on_record)

    def on_record(self, record: Record) -> None:
        key = self.matcher.key(record, None)
        count = self.counts[key] = self.counts.get(key, 0) + 1
        if self.most is not None and count == self.most + 1:
            self.tally.violate(
                f"at most {self.most!r} of {self.matcher.text}", f"number {count}", target=record
            )

    def finish(self, end: End) -> None:
        if self.most == self.least == 0 or (self.most is not None and self.least is None):
            # Nothing had to happen: only a trace that holds something has kept it.
            self.tally.due += len(self.counts) if self.tally.journal.recent else 0
            return
        for key, count in self.counts.items():
            self.tally.due += 1
            if self.least is not None and count < self.least:
                self.tally.violate(
                    f"at least {self.least!r} of {self.matcher.text}{_of(key)}",
                    f"{count}",
                    due=end.time,
                    kinds=self.matcher.kinds,
                )


def _of(key: Any) -> str:
    return "" if key is None else f" with key {key!r}"
