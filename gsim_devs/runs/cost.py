"""What a run took: calls, tokens, seconds and money, by stage of the work and language model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .events import Event, is_number, read_events

_MOST_ROWS = 1000
"""A file may claim any number of models."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one stage took from one model."""

    stage: str = ""
    """The first part of the slots: plan, component."""
    model: str = ""
    replies: int = 0
    replayed: int = 0
    """How many of the replies came from a recording."""
    input: int = 0
    """Tokens of requests, cached ones included."""
    cached: int = 0
    output: int = 0
    """Tokens of replies."""
    seconds: float = 0.0
    """Of waiting for replies, one after the other; of replayed ones: when they were recorded."""
    spent: float | None = 0.0
    """US dollars, of replies that were not replayed; None where a price is not known."""
    recorded: float | None = 0.0
    """US dollars that the replayed ones took when they were recorded."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.stage,
            self.model,
            self.replies + other.replies,
            self.replayed + other.replayed,
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            round(self.seconds + other.seconds, 3),
            _sum(self.spent, other.spent),
            _sum(self.recorded, other.recorded),
        )


@dataclass(frozen=True, slots=True)
class CostTable:
    """A row for each stage and model."""

    rows: tuple[Cost, ...]

    @property
    def total(self) -> Cost:
        """All of them together."""
        return sum(self.rows, Cost("total"))

    @property
    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"rows": [asdict(row) for row in self.rows], "total": asdict(self.total)}


def cost_of(events: Iterable[Event]) -> CostTable:
    """Add up what the replies of a run took."""
    rows: dict[tuple[str, str], Cost] = {}
    for event in events:
        if event.kind == "answered":
            reply = _cost(event)
            key = (reply.stage, reply.model)
            if key not in rows and len(rows) == _MOST_ROWS:
                key = ("others", "")
            rows[key] = rows.get(key, Cost(*key)) + reply
    return CostTable(tuple(rows.values()))


def spent(events: Path) -> dict[str, int]:
    """What the calls of a run took so far, in calls and tokens; what was replayed took nothing."""
    names = ("calls", "input", "output", "cached")
    taken = dict.fromkeys(names, 0)
    for event in read_events(events):
        if isinstance(event, Event) and event.kind == "answered" and event.data.get("replayed") is not True:
            for name in names:
                taken[name] += int(_number(event.data.get(name)) or 0)
    return taken


def _cost(event: Event) -> Cost:
    """What one reply took; what is of another type than it should be counts as nothing."""
    data = event.data
    replayed = data.get("replayed") is True
    price = _number(data.get("cost"))
    model = data.get("model")
    return Cost(
        stage=(event.node or "").partition("/")[0],
        model=model if isinstance(model, str) else "",
        replies=1,
        replayed=int(replayed),
        input=int(_number(data.get("input")) or 0),
        cached=int(_number(data.get("cached")) or 0),
        output=int(_number(data.get("output")) or 0),
        seconds=_number(data.get("seconds")) or 0.0,
        spent=0.0 if replayed else price,
        recorded=price if replayed else 0.0,
    )


def _number(value: Any) -> float | None:
    return value if is_number(value) and value >= 0 else None


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one + other, 9)
