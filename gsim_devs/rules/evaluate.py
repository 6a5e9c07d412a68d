"""Check traces against rules in one pass. Memory grows with what is open, not with the trace.

Rules are indexed by entity and event. A record goes to the rules that speak of its kind, in the order of
the rules file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gsim_devs.contracts.contract import Contract
from gsim_devs.contracts.tree import Speakers
from gsim_devs.errors import UsageError
from gsim_devs.trace import BadLine, Defect, Record

from .expressions import EVALUATION_ERRORS, reason
from .facts import Facts
from .files import RuleSet, rule_defects
from .kinds import Rule
from .kinds.python import PythonRule
from .monitors import End, Journal, MakeMonitor, See, Tally, Violation
from .python_files import Functions, PythonFile
from .references import Reference
from .report import Report, RuleResult
from .scoped import Part


def check(
    records: Iterable[Record | BadLine],
    rules: RuleSet,
    contract: Contract,
    arguments: Mapping[str, Any],
    horizon: float | None = None,
    speakers: Speakers | None = None,
    limit: int = 10,
    notify: Callable[[Violation], None] | None = None,
    reference: Iterable[Record | BadLine] | None = None,
    *,
    allow_python: bool = False,
) -> Report:
    """Check one trace.

    `arguments` are the values of the contract's arguments in that run, durations in the contract's unit of time;
    `horizon` is the contract's horizon argument unless it is given. Of each rule at most `limit` violations are kept.
    `notify` is called with each of these as soon as it is found, when what follows it is not known yet.
    `reference` is the trace that rules of the kind `reference` compare with; without one they are not exercised.
    `allow_python`: whether the code of rules of the kind `python` may run; without it such rules are refused.
    """
    references = None if reference is None else [reference]
    return check_runs(
        [records], rules, contract, arguments, horizon, speakers, limit, notify, references,
        allow_python=allow_python,
    )  # fmt: skip


def check_runs(
    runs: Iterable[Iterable[Record | BadLine]],
    rules: RuleSet,
    contract: Contract,
    arguments: Mapping[str, Any],
    horizon: float | None = None,
    speakers: Speakers | None = None,
    limit: int = 10,
    notify: Callable[[Violation], None] | None = None,
    references: Iterable[Iterable[Record | BadLine]] | None = None,
    *,
    allow_python: bool = False,
) -> Report:
    """Check several runs with the same arguments as one: what is due and what is kept adds up.

    `references`: one for each run, in the same order.
    """
    defects = rule_defects(rules, contract)
    if defects:
        raise UsageError("\n".join(defects))
    python = _python(rules, allow_python)
    if horizon is None:
        horizon = float(arguments[contract.horizon.argument])
    checker = _Checker(
        rules, Facts(contract, arguments, horizon, contract.horizon.closed, python=python), limit
    )
    if notify is not None:
        tell = notify

        def blame_and_tell(violation: Violation) -> None:
            _blame(violation, speakers)
            tell(violation)

        checker.journal.notify = blame_and_tell
    rest = None if references is None else iter(references)
    for records in runs:
        checker.watch(records, None if rest is None else _next_of(rest))
    return checker.report(speakers)


class _Checker:
    """Leads records to the monitors of the rules."""

    def __init__(self, rules: RuleSet, facts: Facts, limit: int) -> None:
        self.rules, self.facts = rules, facts
        self.journal = Journal(limit)
        self.closed = facts.closed
        self.horizon = facts.horizon
        self.closing = {kind for kind, event in facts.contract.vocabulary.items() if event.at_end}
        self.count = self.bad = self.defective = 0
        self.findings: list[BadLine | Defect] = []
        self.defective_first: Record | None = None
        """The record with the first of the findings."""
        self.tallies = [Tally(rule, self.journal) for rule in rules.rules]
        self.watched: list[tuple[Tally, MakeMonitor, Any]] = []
        for rule, tally in zip(rules.rules, self.tallies, strict=True):
            self._prepare(rule, tally, self.facts)

    def _prepare(self, rule: Rule, tally: Tally, facts: Facts) -> None:
        try:
            speaks = rule.when is None or facts.over_run("when", rule.when, "bool")
            if not speaks and not facts.defects:
                return
            ends = None
            if rule.scope is not None:
                ends = [
                    facts.pattern(rule, f"scope.{name}", pattern, keyed=False)
                    if pattern is not None
                    else None
                    for name, pattern in (("after", rule.scope.after), ("before", rule.scope.before))
                ]
            make = rule.prepare(facts)
        except EVALUATION_ERRORS as error:
            raise UsageError(f"rule {rule.id} makes no sense for these arguments: {reason(error)}") from None
        if facts.defects:
            place, sentence = facts.defects[0]
            raise UsageError(f"rule {rule.id}: {place[0]}: {sentence}")
        self.watched.append((tally, make, ends))

    def watch(self, records: Iterable[Record | BadLine], reference: Reference | None) -> None:
        """See one trace, which may hold several replications."""
        self.facts.reference = reference
        table, parts = self._begin()
        journal, recent = self.journal, self.journal.recent
        remember = recent.append
        replication, is_first = None, True
        last = self.horizon + 1e-9 * max(1.0, abs(self.horizon)) if self.closed else self.horizon
        for item in records:
            if isinstance(item, BadLine):
                self._note_bad(item)
                continue
            if item.replication != replication and not is_first:
                self._finish(parts)
                table, parts = self._begin()
            replication, is_first = item.replication, False
            self.count += 1
            if item.defects:
                self._note(item, item.defects)
            if item.time >= last and (item.time > last or not self.closed):
                self._note_late(item)
            remember(item)
            if journal.open:
                journal.add(item)
            listeners = table.get((item.entity, item.event))
            if listeners is None:
                continue
            try:
                for _, see in listeners:
                    see(item)
            except EVALUATION_ERRORS as error:
                _go_on(listeners, see, item, error)
        self._finish(parts, is_last=True)

    def report(self, speakers: Speakers | None) -> Report:
        """What was found; of rules over all runs together, only now."""
        self._conclude()
        for tally in self.tallies:
            for violation in tally.violations:
                _blame(violation, speakers)
        return Report(
            system=self.rules.system,
            records=self.count,
            rules=tuple(
                RuleResult(
                    rule.id, rule.kind, rule.level, rule.clause, tally.verdict,
                    tally.due, tally.due - tally.broken, tally.pending, tuple(tally.violations),
                )
                for rule, tally in zip(self.rules.rules, self.tallies, strict=True)
            ),
            bad_line_count=self.bad,
            defective_records=self.defective,
            findings=tuple(self.findings),
            suspects=_reporters(self.defective_first, speakers),
        )  # fmt: skip

    def _begin(self) -> tuple[dict[tuple[str, str], list[tuple[Tally, See]]], list[tuple[Tally, Part]]]:
        """Fresh monitors, and who wants to see what."""
        self.journal.recent.clear()
        if self.facts.reference is not None:
            self.facts.reference.begin()
        table: dict[tuple[str, str], list[tuple[Tally, See]]] = {}
        parts = []
        for tally, make, ends in self.watched:
            part = Part(tally, make, ends)
            parts.append((tally, part))
            for matcher, see in part.listeners():
                for kind in matcher.kinds:
                    table.setdefault(kind, []).append((tally, see))
        return table, parts

    def _finish(self, parts: list[tuple[Tally, Part]], *, is_last: bool = False) -> None:
        end = End(self.horizon, is_horizon=True, closes_at=self.closed)
        for tally, part in parts:
            try:
                part.finish(end)
            except EVALUATION_ERRORS as error:
                _failed(tally, error, None)
        if self.facts.reference is not None:
            self.facts.reference.finish(is_last=is_last)
        self.journal.open.clear()

    def _conclude(self) -> None:
        self.journal.recent.clear()
        for tally in self.tallies:
            try:
                if tally.conclude is not None:
                    tally.conclude()
            except EVALUATION_ERRORS as error:
                _failed(tally, error, None)

    def _note_late(self, record: Record) -> None:
        # When the last word is said is printed as roughly as the rules allow.
        if (record.entity, record.event) not in self.closing:
            sentence = f"time {record.time!r} lies beyond the horizon {self.horizon!r}"
            self._note(record, (Defect(record.line, sentence),))

    def _note_bad(self, line: BadLine) -> None:
        self.bad += 1
        if len(self.findings) < 2 * self.journal.limit:
            self.findings.append(line)

    def _note(self, record: Record, defects: Sequence[Defect]) -> None:
        self.defective += 1
        if not self.findings:
            self.defective_first = record
        if len(self.findings) < 2 * self.journal.limit:
            self.findings += defects


def _python(rules: RuleSet, is_allowed: bool) -> tuple[PythonFile, Functions] | None:
    """Run the code of rules, if there is any and it may run."""
    named = next((rule.id for rule in rules.rules if isinstance(rule, PythonRule)), None)
    if named is None:
        return None
    if rules.python is None:
        raise UsageError(f"rule {named} is a Python function, but these rules come without a file of code")
    if not is_allowed:
        raise UsageError(
            f"rule {named} is code, and code may do anything; if you trust {rules.python.path}, "
            "allow it: --allow-python, or allow_python=True"
        )
    return rules.python, rules.python.run()


def _next_of(references: Iterator[Iterable[Record | BadLine]]) -> Reference:
    records = next(references, None)
    if records is None:
        raise UsageError("there are fewer reference traces than runs")
    return Reference(records)


def _go_on(listeners: list[tuple[Tally, See]], failed: See, record: Record, error: Exception) -> None:
    """One rule could not be evaluated; note it, and show the record to the rules after it."""
    at = next(number for number, (_, see) in enumerate(listeners) if see is failed)
    _failed(listeners[at][0], error, record)
    for tally, see in listeners[at + 1 :]:
        try:
            see(record)
        except EVALUATION_ERRORS as another:
            _failed(tally, another, record)


def _failed(tally: Tally, error: Exception, record: Record | None) -> None:
    tally.due += 1
    tally.violate("a rule that can be evaluated", f"it cannot: {reason(error)}", target=record)


def _blame(violation: Violation, speakers: Speakers | None) -> None:
    """Say which entity and component did it; of something missing: who would have reported it."""
    record = violation.target
    kinds: Sequence[tuple[str, str]] = violation.kinds
    if record is not None:
        kinds = [(record.entity, record.event)]
    violation.entity = " or ".join(dict.fromkeys(entity for entity, _ in kinds))
    if record is not None and record.component:
        violation.components = (record.component,)
    elif speakers is not None:
        named = dict.fromkeys(path for kind in kinds for path in speakers.emitters.get(kind, ()))
        violation.components = tuple(named)
    if speakers is not None:
        behind = (_behind(path, speakers.unheard) for path in violation.components)
        violation.unheard = tuple(dict.fromkeys(path for paths in behind for path in paths))


def _reporters(record: Record | None, speakers: Speakers | None) -> tuple[str, ...]:
    """The components that may have reported a record that does not fit: of an unknown event, all of its entity."""
    if record is None:
        return ()
    if record.component:
        return (record.component,)
    if speakers is None:
        return ()
    known = speakers.emitters.get((record.entity, record.event))
    if known is not None:
        return tuple(known)
    ours = (paths for (entity, _), paths in speakers.emitters.items() if entity == record.entity)
    return tuple(dict.fromkeys(path for paths in ours for path in paths))


def _behind(component: str, unheard: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Copies are planned once, without a number."""
    return unheard.get(component) or unheard.get(re.sub(r"_\d+$", "", component)) or ()
