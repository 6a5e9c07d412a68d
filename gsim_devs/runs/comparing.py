"""What differs between two runs: what they were given, the plan, the components, the scores. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from .events import is_number
from .reading import Account, plan_text, sources

_OWN = {"id", "started", "format"}
"""What differs between any two runs."""
_MOST_LINES = 5000
_SCORES = ("operational", "behavioural", "obligations")


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that is not the same."""

    what: str
    before: Any
    """None: it is not there."""
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between a run and another one."""

    given: tuple[Pair, ...]
    """In the manifests, with dotted names."""
    plan: tuple[str, ...]
    """A unified diff; empty where the plans are the same."""
    components: Mapping[str, tuple[str, ...]]
    """A unified diff of the sources of each model that are not the same."""
    scores: tuple[Pair, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.given or self.plan or self.components or self.scores)


def compare(before: Account, after: Account) -> Difference:
    """What differs between two runs."""
    names = f"{before.id}/", f"{after.id}/"
    first, second = sources(before), sources(after)
    components = {
        model: found
        for model in sorted({*first, *second})
        if (found := _lines(first.get(model, ""), second.get(model, ""), names, f"components/{model}"))
    }
    return Difference(
        given=tuple(_pairs(dict(_flat(_given(before))), dict(_flat(_given(after))))),
        plan=_lines(plan_text(before), plan_text(after), names, "plan.json"),
        components=components,
        scores=tuple(_pairs(scores(before.report), scores(after.report))),
    )


def scores(report: Mapping[str, Any]) -> dict[str, float]:
    """The scores of the whole, and the behavioural one of each case, as far as a report holds them."""
    found = {name: report[name] for name in _SCORES if is_number(report.get(name))}
    cases = report.get("cases")
    for case in cases if isinstance(cases, list) else ():
        if isinstance(case, dict) and isinstance(case.get("id"), str) and is_number(case.get("behavioural")):
            found[case["id"]] = case["behavioural"]
    return found


def _given(account: Account) -> dict[str, Any]:
    held = account.manifest.model_dump(mode="json", exclude=_OWN)
    return held | {"status": account.status, "reason": account.reason}


def _flat(held: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in held.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Pair]:
    for what in dict.fromkeys((*before, *after)):
        if before.get(what) != after.get(what):
            yield Pair(what, before.get(what), after.get(what))


def _lines(before: str, after: str, names: tuple[str, str], file: str) -> tuple[str, ...]:
    if before == after:
        return ()
    first, second = before.splitlines(), after.splitlines()
    # Comparing takes time with the square of the lines.
    if max(len(first), len(second)) > _MOST_LINES:
        return (f"{file}: not the same, and too long to be compared line by line",)
    return tuple(unified_diff(first, second, f"{names[0]}{file}", f"{names[1]}{file}", lineterm="")) or (
        f"{file}: not the same in the ends of its lines",
    )
