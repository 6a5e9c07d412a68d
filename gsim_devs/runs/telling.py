"""Runs in words for people: a tree of parts, an event in a line. Reads and writes nothing.

What a language model wrote may hold anything: nothing of it reaches a terminal but characters that are printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gsim_devs.contracts import snake_case
from gsim_devs.trace.wording import cut

from .events import Event
from .progress import PLAN, Part, State

_LONGEST = 100
_WIDEST_NAME = 40


def tree(state: State, now: float | None = None, *, idle: bool = True) -> list[str]:
    """A line for the plan and for each component, those of a model that was planned further below it.

    `now`: the seconds of the run, where somebody is looking while it goes on. Without `idle` those are left out that
    nothing happens to: they are accepted, or queued.
    """
    rows = list(_rows(state))
    width = min(max((len(name) for name, _ in rows), default=0), _WIDEST_NAME)
    return [
        f"{name:{width}}  {_stand(part, state.at if now is None else now)}".rstrip()
        for name, part in rows
        if idle or part.stand not in ("accepted", "queued")
    ]


def line(event: Event) -> str:
    """An event in a line."""
    tell = _DETAILS.get(event.kind)
    details = tell(event.data) if tell else ""
    attempt = "" if event.attempt is None else f", attempt {event.attempt}"
    whom = f"{event.node}: " if event.node else ""
    return cut(
        f"{event.at:8.1f} s  {whom}{event.kind}{attempt}{': ' if details else ''}{details}", 2 * _LONGEST
    )


def printable(text: str) -> str:
    """A text of many lines without what would do something to a terminal."""
    return "".join(
        one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode("ascii")
        for one in text
    )


def _rows(state: State) -> Iterator[tuple[str, Part]]:
    """The names, indented, and the parts, each once."""
    inside: dict[str, list[Part]] = {}
    for part in (*state.components.values(), *(one for key, one in state.plans.items() if key != PLAN)):
        inside.setdefault(snake_case(part.inside_of or ""), []).append(part)
    if PLAN in state.plans:
        yield PLAN, state.plans[PLAN]
    # No recursion: a file may claim any depth.
    left = [("", part) for part in reversed(inside.pop("", []))]
    while left or inside:
        if not left:
            # What is inside of something that is not known, or of itself.
            left = [("", part) for part in reversed(inside.pop(next(iter(inside))))]
        indent, part = left.pop()
        yield f"{indent}{cut(part.name, _WIDEST_NAME)}", part
        below = inside.pop(snake_case(part.name), [])
        left += [(f"{indent}  "[:_WIDEST_NAME], one) for one in reversed(below)]


def _stand(part: Part, now: float) -> str:
    words = [f"{part.stand:8}"]
    if part.attempt > 1:
        words.append(f"attempt {part.attempt}")
    if part.asked_at is not None:
        words.append(f"since {max(0.0, now - part.asked_at):.0f} s")
    if part.replies:
        words.append(f"{part.tokens:,} tokens, {part.seconds:.1f} s")
    if part.findings and part.stand != "accepted":
        more = f" (and {part.found - 1} more)" if part.found > 1 else ""
        stage = f"{part.stage}: " if part.stage else ""
        words.append(cut(f"{stage}{part.findings[0]}", _LONGEST) + more)
    return "  ".join(words)


# Details of the kinds that have some.


def _answered(data: Mapping[str, Any]) -> str:
    replayed = ", replayed" if data.get("replayed") is True else ""
    return f"{data.get('input')} + {data.get('output')} tokens, {data.get('seconds')} s{replayed}"


def _examined(data: Mapping[str, Any]) -> str:
    findings = data.get("findings")
    if not isinstance(findings, list) or not findings:
        return "nothing found"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{data.get('stage')}: {cut(str(findings[0]), _LONGEST)}{more}"


def _models(data: Mapping[str, Any]) -> str:
    models = data.get("models")
    return ", ".join(map(str, models)) if isinstance(models, list) else ""


def _tried(data: Mapping[str, Any]) -> str:
    return f"operational {data.get('operational')}, behavioural {data.get('behavioural')}"


def _finished(data: Mapping[str, Any]) -> str:
    return ", ".join(str(data[key]) for key in ("status", "reason") if data.get(key))


_DETAILS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "answered": _answered,
    "examined": _examined,
    "plan saved": _examined,
    "planned": _models,
    "split": _models,
    "mending": _models,
    "tried": _tried,
    "finished": _finished,
    "kept whole": lambda data: str(data.get("reason", "")),
    "taken over": lambda data: f"{data.get('owner')} had died",
    "resumed": lambda data: f"it was {data.get('before')}",
}
