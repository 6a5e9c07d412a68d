"""Each thing goes through its states along allowed edges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from gsim_devs.contracts.declaration import Declaration, Defect
from gsim_devs.trace import Record

from ..facts import Facts, Matcher
from ..monitors import End, MakeMonitor, Monitor, See, Tally, guarded
from ..patterns import AnyPattern, Name, RuleModel


class Edge(Declaration):
    """A change of state."""

    on: AnyPattern
    """The records that make it."""
    source: Annotated[Name, Field(alias="from")]
    """The state before."""
    to: Name
    """The state after."""


class Lifecycle(RuleModel):
    """For each key, every record of the edges' patterns is one of the edges that leave the present state."""

    kind: Literal["lifecycle"]
    """Says that things go through states."""
    start: Name
    """The state of whatever has not been mentioned yet."""
    edges: Annotated[tuple[Edge, ...], Field(min_length=1)]
    """The allowed changes of state."""

    def prepare(self, facts: Facts) -> MakeMonitor:
        known = {self.start, *(edge.to for edge in self.edges)}
        for at, edge in enumerate(self.edges):
            if edge.source not in known:
                text = f"no edge leads to the state {edge.source!r}"
                facts.defects.append(Defect(("edges", at, "from"), text))
        # One listener for each pattern, whatever the number of edges that it makes.
        ways: dict[AnyPattern, dict[str, str]] = {}
        for edge in self.edges:
            ways.setdefault(edge.on, {})[edge.source] = edge.to
        resolved = [(facts.pattern(self, "edges", pattern), way) for pattern, way in ways.items()]
        return lambda tally: _Watch(tally, self.start, resolved)


class _Watch(Monitor):
    def __init__(self, tally: Tally, start: str, ways: list[tuple[Matcher, dict[str, str]]]) -> None:
        super().__init__(tally)
        self.start, self.ways = start, ways
        self.states: dict[Any, tuple[str, Record | None]] = {}

    def listeners(self) -> Iterable[tuple[Matcher, See]]:
        for matcher, way in self.ways:
            yield matcher, guarded(matcher, self._see(matcher, way))

    def finish(self, end: End) -> None:
        pass

    def _see(self, matcher: Matcher, way: dict[str, str]) -> See:
        def see(record: Record) -> None:
            key = matcher.key(record, None)
            state, before = self.states.get(key, (self.start, None))
            self.tally.due += 1
            if state not in way:
                self.tally.violate(
                    f"{matcher.text} only in the state {' or '.join(way)}",
                    f"the state is {state}",
                    trigger=before,
                    target=record,
                )
            # What follows is judged from where this record should have led.
            self.states[key] = way.get(state, next(iter(way.values()))), record

        return see
