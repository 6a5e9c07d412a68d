"""The results of trying a simulator: as text for people, and as plain data. Judges nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from gsim_devs.rules import in_words

from .results import LEVELS, CaseResult, Conformance, Finding, Run

_HEADINGS = (
    "case",
    "level",
    "operational",
    "component",
    "system",
    "as expected",
    "rules violated",
    "seconds",
)
FEW = 5
"""How many violations are told in full where nobody asks for all."""
_MOST_RULES = 3
_LONGEST_STDIN = 400


def text(conformance: Conformance, limit: int | None = FEW) -> str:
    """A table of the cases, the scores, and the first `limit` findings of each sort in full; None: all."""
    lines = [
        *_table([_HEADINGS, *map(_row, conformance.cases)]),
        "",
        *_scores(conformance),
        *_listed([_breakdown(case) for case in conformance.cases if case.reason], limit),
        *_listed([told(*one) for one in _violations(conformance, limit)], limit),
        *_listed([_unexpected(case, limit) for case in conformance.cases if case.unmet], limit),
    ]
    return "\n".join(lines) + "\n"


def data(conformance: Conformance) -> dict[str, Any]:
    """Everything, as plain data for JSON."""
    return {
        "system": conformance.system,
        "holds": conformance.holds,
        "operational": conformance.operational,
        "behavioural": conformance.behavioural,
        "obligations": conformance.obligations,
        "never_exercised": list(conformance.never_exercised),
        "cases": [_case_data(case) for case in conformance.cases],
    }


def told(case: CaseResult, finding: Finding) -> list[str]:
    """A violation in full, and what to type to see it again."""
    head, *rest = in_words(finding.violation)
    which = f", run {finding.run.number}" if finding.run and len(case.runs) > 1 else ""
    return [f"{case.id}{which}: {head}", *rest, *again(case, finding.run)]


def again(case: CaseResult, run: Run | None) -> Iterator[str]:
    """How to see it again."""
    run = run or next(iter(case.runs), None)
    if run and run.command:
        yield f"  again     {by_hand(run, case.stdin)}"


def by_hand(run: Run, stdin: str) -> str:
    """What to type into a shell to repeat a run."""
    if not stdin:
        return f"{run.command} < /dev/null"
    if len(stdin) <= _LONGEST_STDIN:
        return f"printf %s {shlex.quote(stdin)} | {run.command}"
    return f"{run.command}  # reads the case's stdin"


def _row(case: CaseResult) -> tuple[str, ...]:
    judged = [_number(case.score(level)) if case.operational else "-" for level in LEVELS]
    return (
        case.id,
        case.level,
        "yes" if case.operational else "NO",
        *judged,
        "-" if case.as_expected is None else "yes" if case.as_expected else "NO",
        _shortened([rule.id for rule in case.violated]),
        f"{case.seconds:.2f}",
    )


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_RULES} more" if len(names) > _MOST_RULES else ""
    return ", ".join(names[:_MOST_RULES]) + more


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _scores(conformance: Conformance) -> Iterator[str]:
    cases = conformance.cases
    yield f"operational  {conformance.operational:.3f}  ({sum(one.operational for one in cases)} of {len(cases)} cases)"
    if conformance.behavioural is None:
        yield "behavioural  -      (there are no rules)" if not conformance.rules else "behavioural  -"
    else:
        yield (
            f"behavioural  {conformance.behavioural:.3f}  "
            f"(by obligations {_number(conformance.obligations)}; {len(conformance.rules)} rules)"
        )
    if conformance.never_exercised:
        yield f"never exercised: {', '.join(conformance.never_exercised)}"


def _listed(found: list[list[str]], limit: int | None) -> Iterator[str]:
    """Some paragraphs, and how many more there would be."""
    for lines in found[:limit]:
        yield ""
        yield from lines
    if left := len(found) - len(found[:limit]):
        yield ""
        yield f"… and {left} more (--all tells everything)"


def _breakdown(case: CaseResult) -> list[str]:
    return [f"{case.id} is not operational: {case.reason}", *again(case, None)]


def _unexpected(case: CaseResult, limit: int | None) -> list[str]:
    shown = case.unmet[:limit]
    left = len(case.unmet) - len(shown)
    return [
        f"{case.id} is not as expected: {shown[0]}",
        *(f"  {sentence}" for sentence in shown[1:]),
        *([f"  … and {left} more"] if left else []),
        *again(case, None),
    ]


def _violations(conformance: Conformance, limit: int | None) -> list[tuple[CaseResult, Finding]]:
    """All; or of each rule the first one in the first case that violates it."""
    found = [(case, finding) for case in conformance.cases for finding in case.findings]
    if limit is None:
        return found
    kept: dict[str, tuple[CaseResult, Finding]] = {}
    for case, finding in found:
        kept.setdefault(finding.violation.rule, (case, finding))
    return list(kept.values())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _case_data(case: CaseResult) -> dict[str, Any]:
    report = case.report.data if case.report else None
    return {
        "id": case.id,
        "level": case.level,
        "holds": case.holds,
        "operational": case.operational,
        "reason": case.reason,
        "behavioural": case.behavioural,
        "obligations": case.obligations,
        "scores": {level: case.score(level) for level in LEVELS} if case.operational else None,
        "as_expected": case.as_expected,
        "unmet": list(case.unmet),
        "seconds": case.seconds,
        "stdin": case.stdin,
        "runs": [{"number": run.number, "command": run.command} for run in case.runs],
        "report": report,
    }
