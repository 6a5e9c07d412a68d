"""Whom to ask to mend what the whole simulator did wrong, and in which words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gsim_devs.conformance import CaseResult, Conformance
from gsim_devs.contracts import PlanTree, atomics, emitters
from gsim_devs.rules import in_words

_MOST = 4
"""How many findings one component is told at once."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_FAILED = re.compile(r"([\w.]+(?: and [\w.]+)*) failed at time")


class Fault(NamedTuple):
    """Something that a case brought to light."""

    kind: str
    """What is wrong; one of each kind says it, the others are mostly its echo."""
    paths: tuple[str, ...]
    """The components at fault, as far as that can be said."""
    sentence: str


def told_to(conformance: Conformance, plan: PlanTree, *, widely: bool = False) -> dict[str, list[str]]:
    """What to tell the writer of each model; `widely`: also of those that feed the blamed one unheard."""
    return {model: sentences[:_MOST] for model, sentences in blamed(conformance, plan, widely=widely).items()}


def blamed(conformance: Conformance, plan: PlanTree, *, widely: bool = False) -> dict[str, list[str]]:
    """All that each model is blamed for, each kind of fault once: as the first case shows it."""
    found: dict[str, dict[str, str]] = {}
    for case in conformance.cases:
        for fault in findings(case, plan, widely=widely):
            for model in models_of(fault.paths, plan):
                found.setdefault(model, {}).setdefault(fault.kind, fault.sentence)
    return {model: list(sentences.values()) for model, sentences in found.items()}


def unassigned(conformance: Conformance, plan: PlanTree) -> list[str]:
    """What nobody can be blamed for."""
    return [
        fault.sentence
        for case in conformance.cases
        for fault in findings(case, plan)
        if not models_of(fault.paths, plan)
    ]


def models_of(paths: Iterable[str], plan: PlanTree) -> tuple[str, ...]:
    """The models of the components with these paths, each once."""
    models = {path: node.model for path, node, _ in atomics(plan)}
    # Copies count under their name without the number.
    names = (path if path in models else re.sub(r"_\d+$", "", path) for path in paths)
    return tuple(dict.fromkeys(models[name] for name in names if name in models))


def findings(case: CaseResult, plan: PlanTree | None = None, *, widely: bool = False) -> Iterator[Fault]:
    """Everything that a case brought to light; the plan tells who reports what was expected and is not there."""
    if not case.operational:
        found = _FAILED.search(case.reason)
        paths = tuple(found.group(1).split(" and ")) if found else case.suspects
        # Folders and addresses differ from place to place, and what is sent back must not.
        reason = _ADDRESS.sub("", case.reason[found.start() :] if found else case.reason)
        yield Fault(reason, paths, f"In the test {case.id} the simulator is not operational: {reason}")
    seen = set()
    for finding in case.findings:
        violation = finding.violation
        if violation.rule not in seen:
            seen.add(violation.rule)
            lines = "\n  ".join(in_words(violation))
            paths = violation.components + (violation.unheard if widely else ())
            said = f"In the test {case.id} the specification is not kept:\n  {lines}"
            yield Fault(f"rule {violation.rule}", paths, said)
    for sentence in case.unmet:
        yield Fault(sentence, _reporters(sentence, plan), f"In the test {case.id}: {sentence}")


def _reporters(sentence: str, plan: PlanTree | None) -> tuple[str, ...]:
    """The components that report the events which a sentence names as entity.event."""
    named = [
        paths
        for kind, paths in (emitters(plan) if plan is not None else {}).items()
        if re.search(rf"(?<![\w.]){re.escape('.'.join(kind))}(?!\w)", sentence)
    ]
    return tuple(dict.fromkeys(path for paths in named for path in paths))
