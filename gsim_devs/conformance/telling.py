"""The results of trying a simulator: as text for people, and as plain data. Judges nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gsim_devs.rules import in_words

from .results import LEVELS, CaseResult, Conformance, Finding, Run

_HEADINGS = ("case", "level", "operational", "component", "system", "rules violated", "seconds")
FEW = 5
"""How many violations are told in full where nobody asks for all."""
_MOST_RULES = 3
_LONGEST_STDIN = 400


def text(conformance: Conformance, limit: int | None = FEW) -> str:
    """A table of the cases, the scores, and in full the first `limit` violations of each kind; None: all."""
    lines = [
        *_table([_HEADINGS, *map(_row, conformance.cases)]),
        "",
        *_scores(conformance),
        *_troubles(conformance, limit),
        *_violations(conformance, limit),
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


def by_hand(run: Run, stdin: str) -> str:
    """What to type into a shell to repeat a run."""
    if not stdin:
        return f"{run.command} < /dev/null"
    if len(stdin) <= _LONGEST_STDIN:
        return f"printf %s {shlex.quote(stdin)} | {run.command}"
    return f"{run.command}  # reads the case's stdin"


def first_by_rule(case: CaseResult) -> Iterator[Finding]:
    """The first violation of each rule."""
    seen: set[str] = set()
    for finding in case.findings:
        if finding.violation.rule not in seen:
            seen.add(finding.violation.rule)
            yield finding


def _row(case: CaseResult) -> tuple[str, ...]:
    names = [rule.id for rule in case.violated]
    shown = ", ".join(names[:_MOST_RULES]) + (
        f" and {len(names) - _MOST_RULES} more" if names[_MOST_RULES:] else ""
    )
    judged = [_number(case.score(level)) if case.operational else "-" for level in LEVELS]
    remark = shown or ("not as expected" if case.unmet else "")
    return (case.id, case.level, "yes" if case.operational else "NO", *judged, remark, f"{case.seconds:.2f}")


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


def _troubles(conformance: Conformance, limit: int | None) -> Iterator[str]:
    """Why cases are not operational, and what is not as expected."""
    for case in conformance.cases:
        sentences = [*([f"not operational: {case.reason}"] if case.reason else []), *case.unmet]
        if sentences:
            yield ""
            yield from (f"{case.id}: {sentence}" for sentence in sentences[:limit])
            if len(sentences) > len(sentences[:limit]):
                yield f"{case.id}: and {len(sentences) - len(sentences[:limit])} more"
            if case.runs:
                yield f"  {by_hand(case.runs[0], case.stdin)}"


def _violations(conformance: Conformance, limit: int | None) -> Iterator[str]:
    found = [
        (case, finding)
        for case in conformance.cases
        for finding in (case.findings if limit is None else first_by_rule(case))
    ]
    if limit is not None:
        found = _of_different_rules(found)
    for case, finding in found[:limit]:
        yield ""
        yield from _told(case, finding)
    if len(found) > len(found[:limit]):
        yield ""
        yield f"… and {len(found) - len(found[:limit])} more."


def _of_different_rules(found: list[tuple[CaseResult, Finding]]) -> list[tuple[CaseResult, Finding]]:
    """In each rule's simplest case only: that is the first."""
    kept: dict[str, tuple[CaseResult, Finding]] = {}
    for case, finding in found:
        kept.setdefault(finding.violation.rule, (case, finding))
    return list(kept.values())


def _told(case: CaseResult, finding: Finding) -> Iterable[str]:
    several = finding.run is not None and len(case.runs) > 1
    head, *rest = in_words(finding.violation)
    yield f"{case.id}{f', run {finding.run.number}' if several and finding.run else ''}: {head}"
    yield from rest
    run = finding.run or case.runs[0]
    yield f"  again     {by_hand(run, case.stdin)}"


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
        "unmet": list(case.unmet),
        "seconds": case.seconds,
        "stdin": case.stdin,
        "runs": [{"number": run.number, "command": run.command} for run in case.runs],
        "report": report,
    }
