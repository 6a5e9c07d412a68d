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

from .events import Event, is_number

Stand: TypeAlias = Literal["queued", "asked", "examined", "repaired", "accepted", "failed"]
PLAN = "plan"
_MOST_PARTS = 2000
"""How many parts are followed; a file may claim any number."""
_MOST_FINDINGS = 10
_LONGEST = 2000
"""Characters of a name or a finding."""


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
    """What the last examination found, the first of it."""
    found: int = 0
    """How much that is in all."""
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
        self._change(self._plans, PLAN, stand="accepted")
        self._queue(event, None)

    def split(self, event: Event) -> None:
        model = _name(event)
        before = self._components.pop(snake_case(model), None)
        above = before.inside_of if before else None
        self._change(
            self._plans, _inside(model), model, stand="accepted", asked_at=None, inside_of=above, findings=()
        )
        self._queue(event, model)

    def kept_whole(self, event: Event) -> None:
        model = _name(event)
        reason = _texts([event.data.get("reason")])
        self._change(
            self._plans, _inside(model), stand="failed", inside_of=model, findings=reason, found=len(reason)
        )

    def asked(self, event: Event) -> None:
        if not _is_of_part(event):
            return
        parts, key, attempt = self._of_slot(event)
        stand: Stand = "asked" if attempt <= 1 else "repaired"
        self._change(parts, key, stand=stand, attempt=attempt, asked_at=event.at)

    def answered(self, event: Event) -> None:
        if not _is_of_part(event):
            return
        parts, key, attempt = self._of_slot(event)
        part, data = parts.get(key, Part(key)), event.data
        self._change(
            parts,
            key,
            stand="examined",
            attempt=attempt,
            replies=part.replies + 1,
            tokens=part.tokens + _count(data.get("input")) + _count(data.get("output")),
            seconds=part.seconds + _seconds(data.get("seconds")),
            asked_at=None,
        )

    def examined(self, event: Event) -> None:
        model, findings, stage = _name(event), _texts(event.data.get("findings")), event.data.get("stage")
        self._change(
            self._components,
            snake_case(model),
            model,
            stand="examined" if findings else "accepted",
            findings=findings[:_MOST_FINDINGS],
            found=len(findings),
            stage=stage[:_LONGEST] if isinstance(stage, str) else "",
            **({} if event.attempt is None else {"attempt": event.attempt}),
        )

    def accepted(self, event: Event) -> None:
        model = _name(event)
        self._change(self._components, snake_case(model), model, stand="accepted")

    def mending(self, event: Event) -> None:
        self._whole = replace(self._whole, round=_count(event.data.get("number")))
        for model in _texts(event.data.get("models")):
            self._change(self._components, snake_case(model), model, stand="repaired")

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
            self._whole,
            status=status if isinstance(status, str) else "finished",
            reason=reason if isinstance(reason, str) else "",
        )
        for parts in (self._plans, self._components):
            for key, part in parts.items():
                stand: Stand = part.stand if part.stand == "accepted" else "failed"
                parts[key] = replace(part, stand=stand, asked_at=None)

    # What they share.

    def _queue(self, event: Event, inside_of: str | None) -> None:
        for model in _texts(event.data.get("models")):
            if snake_case(model) not in self._components:
                self._change(self._components, snake_case(model), model, inside_of=inside_of)

    def _change(self, parts: dict[str, Part], key: str, name: str | None = None, **changes: Any) -> None:
        """Change a part, which may be new; whoever knows its name gives it."""
        if key in parts or len(parts) < _MOST_PARTS:
            # The plan of a model's inside stands below the model until it has taken its place.
            part = parts.get(key, Part(key, inside_of=key.partition("/")[2] or None))
            parts[key] = replace(part, name=name or part.name, **changes)

    def _of_slot(self, event: Event) -> tuple[dict[str, Part], str, int]:
        """Where the part of a slot is kept, its key there, and the attempt: component/sender/a2."""
        slot, _, last = _name(event).rpartition("/")
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


def _name(event: Event) -> str:
    return (event.node or "")[:_LONGEST]


def _is_of_part(event: Event) -> bool:
    """Whether a request is for the plan or a component, and no opinion on them."""
    return _name(event).partition("/")[0] in (PLAN, "component")


def _inside(model: str) -> str:
    """The slot, but for the attempt, of the plan of a model's inside."""
    return f"{PLAN}/{snake_case(model)}"


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(one[:_LONGEST] for one in value if isinstance(one, str))


def _count(value: Any) -> int:
    return int(value) if type(value) is int and is_number(value) and value >= 0 else 0


def _seconds(value: Any) -> float:
    return float(value) if is_number(value) and value >= 0 else 0.0


def _score(value: Any) -> float | None:
    return float(value) if is_number(value) else None
