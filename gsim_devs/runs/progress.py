"""Where a run is, by its events alone. Shows nothing.

    queued ─▶ asked ─▶ examined ─▶ accepted
                 ▲         │           │
                 └─ repaired ◀─────────┘      (failed: the run ended before it was accepted)

Kinds of events that are not known here change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from gsim_devs.contracts import snake_case

from .events import Event

Stand: TypeAlias = Literal["queued", "asked", "examined", "repaired", "accepted", "failed"]
PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Part:
    """The plan, the inside of a model, or a component: what is known of it."""

    name: str
    stand: Stand = "queued"
    attempt: int = 0
    """The latest one; 0: nobody was asked."""
    replies: int = 0
    tokens: int = 0
    seconds: float = 0.0
    """Of waiting for replies."""
    asked_at: float | None = None
    """Since when a reply is waited for; None: none is."""
    stage: str = ""
    """Which examination found something."""
    findings: tuple[str, ...] = ()
    """What the last examination found."""
    inside_of: str | None = None
    """The model in whose place it is."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a run is."""

    plans: Mapping[str, Part] = field(default_factory=dict)
    """`plan`, and `plan/MODEL` for each model that is planned further."""
    components: Mapping[str, Part] = field(default_factory=dict)
    """By model, in snake case."""
    round: int = 0
    """How often the whole was tried and had to be mended."""
    operational: float | None = None
    """The latest score of the whole; None: it has not been tried."""
    behavioural: float | None = None
    events: int = 0
    at: float = 0.0
    """Seconds that the run had been worked on, at the latest event."""
    status: str = "running"
    reason: str = ""

    @property
    def where(self) -> str:
        """In a few words."""
        if self.status != "running":
            return self.status
        if not self.components:
            return "planning"
        if self.operational is not None:
            return f"mending, round {self.round}" if self.round else "tried"
        accepted = sum(part.stand == "accepted" for part in self.components.values())
        return f"writing components, {accepted} of {len(self.components)} accepted"


def reduce(events: Iterable[Event]) -> State:
    """Where these events lead."""
    progress = Progress()
    for event in events:
        progress.take(event)
    return progress.state


class Progress:
    """The same, event by event."""

    def __init__(self) -> None:
        self._plans: dict[str, Part] = {}
        self._components: dict[str, Part] = {}
        self._whole = State()

    @property
    def state(self) -> State:
        """Where the events so far lead."""
        return replace(self._whole, plans=dict(self._plans), components=dict(self._components))

    def take(self, event: Event) -> None:
        """Go on by one event."""
        self._whole = replace(self._whole, events=self._whole.events + 1, at=event.at)
        step = _STEPS.get(event.kind)
        if step is not None:
            step(self, event)

    # One for each kind of event.

    def planned(self, event: Event) -> None:
        self._settle(self._plans, PLAN)
        self._queue(event, None)

    def split(self, event: Event) -> None:
        model = event.node or ""
        key = _key(model)
        self._components.pop(key, None)
        self._settle(self._plans, f"{PLAN}/{model.lower()}")
        self._queue(event, model)

    def kept_whole(self, event: Event) -> None:
        name = f"{PLAN}/{(event.node or '').lower()}"
        if name in self._plans:
            self._plans[name] = replace(
                self._plans[name], stand="failed", findings=_texts([event.data.get("reason")])
            )

    def asked(self, event: Event) -> None:
        parts, key, attempt = self._of_slot(event)
        part = parts.get(key, Part(key))
        stand: Stand = "asked" if attempt <= 1 else "repaired"
        parts[key] = replace(part, stand=stand, attempt=attempt, asked_at=event.at)

    def answered(self, event: Event) -> None:
        parts, key, attempt = self._of_slot(event)
        part, data = parts.get(key, Part(key)), event.data
        parts[key] = replace(
            part,
            stand="examined",
            attempt=attempt,
            replies=part.replies + 1,
            tokens=part.tokens + _count(data.get("input")) + _count(data.get("output")),
            seconds=part.seconds + _seconds(data.get("seconds")),
            asked_at=None,
        )

    def examined(self, event: Event) -> None:
        findings = _texts(event.data.get("findings"))
        stage = event.data.get("stage")
        self._change(
            event,
            stand="examined" if findings else "accepted",
            findings=findings,
            stage=stage if isinstance(stage, str) else "",
        )

    def accepted(self, event: Event) -> None:
        self._change(event, stand="accepted")

    def mending(self, event: Event) -> None:
        self._whole = replace(self._whole, round=_count(event.data.get("number")))
        for model in _texts(event.data.get("models")):
            if (key := _key(model)) in self._components:
                self._components[key] = replace(self._components[key], stand="repaired")

    def tried(self, event: Event) -> None:
        self._whole = replace(
            self._whole,
            operational=_score(event.data.get("operational")),
            behavioural=_score(event.data.get("behavioural")),
        )

    def resumed(self, event: Event) -> None:
        self._whole = replace(self._whole, status="running", reason="")

    def finished(self, event: Event) -> None:
        status, reason = event.data.get("status"), event.data.get("reason")
        self._whole = replace(
            self._whole, status=str(status), reason=reason if isinstance(reason, str) else ""
        )
        for parts in (self._plans, self._components):
            for key, part in parts.items():
                stand: Stand = part.stand if part.stand == "accepted" else "failed"
                parts[key] = replace(part, stand=stand, asked_at=None)

    # What they share.

    def _queue(self, event: Event, inside_of: str | None) -> None:
        for model in _texts(event.data.get("models")):
            self._components.setdefault(_key(model), Part(model, inside_of=inside_of))

    def _settle(self, parts: dict[str, Part], key: str) -> None:
        if key in parts:
            parts[key] = replace(parts[key], stand="accepted", asked_at=None)

    def _change(self, event: Event, **changes: Any) -> None:
        model = event.node or ""
        part = self._components.get(_key(model), Part(model))
        attempt = part.attempt if event.attempt is None else event.attempt
        self._components[_key(model)] = replace(part, attempt=attempt, **changes)

    def _of_slot(self, event: Event) -> tuple[dict[str, Part], str, int]:
        """Where the part of a slot is kept, its key there, and the attempt: component/sender/a2."""
        slot, _, last = (event.node or "").rpartition("/")
        attempt = int(last[1:]) if last[:1] == "a" and last[1:].isdecimal() and len(last) < 9 else 0
        first, _, rest = slot.partition("/")
        return (self._components, rest, attempt) if first == "component" else (self._plans, slot, attempt)


_STEPS = {
    "planned": Progress.planned,
    "split": Progress.split,
    "kept whole": Progress.kept_whole,
    "asked": Progress.asked,
    "answered": Progress.answered,
    "examined": Progress.examined,
    "accepted": Progress.accepted,
    "mending": Progress.mending,
    "tried": Progress.tried,
    "resumed": Progress.resumed,
    "finished": Progress.finished,
}


def _key(model: str) -> str:
    return snake_case(model)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _count(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0


def _seconds(value: Any) -> float:
    return float(value) if type(value) in (int, float) and value >= 0 else 0.0


def _score(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None
