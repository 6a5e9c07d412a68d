"""What a check found: for each rule a verdict and a score, and the violations; as text, JSON and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from gsim_devs.trace import BadLine, Defect, Record

from .monitors import Verdict, Violation


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How a trace kept one rule."""

    id: str
    kind: str
    level: str
    clause: str
    verdict: Verdict
    due: int
    """How often something was due."""
    met: int
    pending: int
    """What would have been due after the horizon."""
    violations: tuple[Violation, ...]
    """The first of them."""

    @property
    def score(self) -> float | None:
        """Met / due; None where nothing was due."""
        return self.met / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class Report:
    """How a trace kept a set of rules."""

    system: str
    records: int
    rules: tuple[RuleResult, ...]
    bad_line_count: int
    defective_records: int
    findings: tuple[BadLine | Defect, ...]
    """The first bad lines and defects of records."""
    suspects: tuple[str, ...] = ()
    """The components that may have reported the record with the first of the findings; none of a line that is none."""

    @property
    def is_valid(self) -> bool:
        """Whether every line is a record that the contract allows."""
        return not self.bad_line_count and not self.defective_records

    @property
    def holds(self) -> bool:
        """Whether the trace is valid and no rule is violated."""
        return self.is_valid and all(rule.verdict != "violated" for rule in self.rules)

    def rule(self, name: str) -> RuleResult:
        """The result of one rule."""
        return next(rule for rule in self.rules if rule.id == name)

    def score(self, level: str) -> float | None:
        """The mean score of the rules of a level that were exercised; None where none was."""
        scores = [rule.score for rule in self.rules if rule.level == level and rule.score is not None]
        return sum(scores) / len(scores) if scores else None

    @property
    def text(self) -> str:
        """For people."""
        return self.words()

    def words(self, most: int | None = None, note: str = "") -> str:
        """The text with at most so many violations of each rule, and a note below the first line.

        Of what is no trace at all only what is wrong with its lines is told, unless all is.
        """
        first, *rest = _lines(self, most)
        return "\n".join([first, *([f"  {note}"] if note else []), *rest]) + "\n"

    @property
    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "system": self.system,
            "holds": self.holds,
            "records": self.records,
            "bad_lines": self.bad_line_count,
            "defective_records": self.defective_records,
            "findings": [str(one) for one in self.findings],
            "scores": {level: self.score(level) for level in ("component", "system")},
            "rules": [_rule_data(rule) for rule in self.rules],
        }

    @property
    def junit(self) -> str:
        """As JUnit XML: a test case for each rule, and one for the trace itself."""
        suite = ET.Element(
            "testsuite",
            name=self.system,
            tests=str(len(self.rules) + 1),
            failures=str(
                sum(rule.verdict == "violated" for rule in self.rules) + (0 if self.is_valid else 1)
            ),
            skipped=str(sum(rule.verdict == "not_exercised" for rule in self.rules)),
        )
        trace = ET.SubElement(suite, "testcase", classname=self.system, name="valid-trace")
        if not self.is_valid:
            texts = [str(one) for one in self.findings]
            ET.SubElement(trace, "failure", message=_xml(texts[0])).text = _xml("\n".join(texts))
        for rule in self.rules:
            case = ET.SubElement(suite, "testcase", classname=f"{self.system}.{rule.level}", name=rule.id)
            if rule.verdict == "violated":
                failure = ET.SubElement(case, "failure", message=_xml(f"{rule.clause}"))
                failure.text = _xml("\n".join(line for one in rule.violations for line in in_words(one)))
            elif rule.verdict == "not_exercised":
                ET.SubElement(case, "skipped", message="not exercised")
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    """Only what XML can hold."""
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)


def _lines(report: Report, most: int | None) -> Iterable[str]:
    yield f"{report.system}: {report.records} records, {'rules hold' if report.holds else 'NOT as it should be'}"
    counted = report.bad_line_count + report.defective_records
    if counted:
        yield f"  {report.bad_line_count} bad lines, {report.defective_records} records with defects"
        yield from (f"    {one}" for one in report.findings)
        if counted > len(report.findings):
            yield "    …"
    width = max((len(rule.id) for rule in report.rules), default=0)
    for rule in report.rules:
        pending = f", {rule.pending} pending" if rule.pending else ""
        yield f"  {rule.verdict:13}  {rule.id:{width}}  {rule.met}/{rule.due} met{pending}"
    if most is not None and report.bad_line_count and not report.records:
        yield ""
        yield "no line is a record, so that it says little what rules miss (--all tells it)"
        return
    for rule in report.rules:
        for one in rule.violations[:most]:
            yield ""
            yield from in_words(one)
        left = rule.due - rule.met - len(rule.violations[:most])
        if most is not None and rule.violations and left > 0:
            yield ""
            yield f"… and {left} more of {rule.id} (--all tells all)"


def in_words(one: Violation) -> Iterable[str]:
    """The lines that tell a violation to people."""
    where = f" at line {one.target.line}" if one.target else ""
    if one.target is None and one.due is not None:
        where = f", due at {one.due!r}"
    if one.target is None and one.trigger is not None:
        where += f", after line {one.trigger.line}"
    yield f"{one.rule}{where}: {one.clause}"
    yield f"  {one.level} rule; entity {one.entity or '-'}{_at_fault(one)}"
    yield f"  expected  {one.expected}"
    yield f"  actual    {one.actual}"
    marked = {id(record): mark for record, mark in ((one.trigger, "t"), (one.target, ">")) if record}
    shown = list(one.window)
    if one.trigger is not None and not any(one.trigger is record for record in shown):
        shown.insert(0, one.trigger)
    yield from (f"  {marked.get(id(record), ' ')} {_record(record)}" for record in shown)


def _at_fault(one: Violation) -> str:
    if not one.components:
        return ""
    verbs = ("feeds", "reports") if len(one.unheard) == 1 else ("feed", "report")
    mute = f"; or {' and '.join(one.unheard)}, which {verbs[0]} it and {verbs[1]} nothing"
    return f", component {' or '.join(one.components)}{mute if one.unheard else ''}"


def _record(record: Record) -> str:
    payload = json.dumps(_shallow(record.payload), ensure_ascii=False, default=str)
    component = f"  [{record.component}]" if record.component else ""
    text = f"{record.line:6}  {record.time!r:>10}  {record.entity}.{record.event}  {payload}{component}"
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _rule_data(rule: RuleResult) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind,
        "level": rule.level,
        "clause": rule.clause,
        "verdict": rule.verdict,
        "score": rule.score,
        "met": rule.met,
        "due": rule.due,
        "pending": rule.pending,
        "violations": [_violation_data(one) for one in rule.violations],
    }


def _violation_data(one: Violation) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "clause": one.clause,
        "level": one.level,
        "entity": one.entity,
        "components": list(one.components),
        "unheard": list(one.unheard),
        "line": one.line,
        "due": one.due,
        "expected": one.expected,
        "actual": one.actual,
        "trigger": _record_data(one.trigger),
        "target": _record_data(one.target),
        "window": [_record_data(record) for record in one.window],
    }


def _record_data(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "line": record.line,
        "time": record.time,
        "entity": record.entity,
        "event": record.event,
        "payload": _shallow(record.payload),
        "component": record.component,
    }


def _shallow(payload: dict[str, Any]) -> Any:
    """A payload, unless it is nested so deeply that nobody could write it."""
    try:
        json.dumps(payload, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
    return payload
