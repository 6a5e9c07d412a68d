"""Whom to ask to mend what the whole simulator did wrong, and in which words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gsim_devs.conformance import CaseResult, Conformance
from gsim_devs.contracts import PlanTree, atomics
from gsim_devs.rules import in_words

_MOST = 4
"""How many findings one component is told at once."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_FAILED = re.compile(r"([\w.]+(?: and [\w.]+)*) failed at time")


def blamed(conformance: Conformance, plan: PlanTree, *, widely: bool = False) -> dict[str, list[str]]:
    """What to tell the writer of each model; `widely`: also of those that feed the blamed one unheard."""
    told: dict[str, list[str]] = {}
    for case in conformance.cases:
        for paths, sentence in findings(case, widely=widely):
            for model in models_of(paths, plan):
                if len(told.setdefault(model, [])) < _MOST:
                    told[model].append(sentence)
    return told


def unassigned(conformance: Conformance, plan: PlanTree) -> list[str]:
    """What nobody can be blamed for."""
    return [
        sentence
        for case in conformance.cases
        for paths, sentence in findings(case)
        if not models_of(paths, plan)
    ]


def models_of(paths: Iterable[str], plan: PlanTree) -> tuple[str, ...]:
    """The models of the components with these paths, each once."""
    models = {path: node.model for path, node, _ in atomics(plan)}
    # Copies count under their name without the number.
    names = (path if path in models else re.sub(r"_\d+$", "", path) for path in paths)
    return tuple(dict.fromkeys(models[name] for name in names if name in models))


def findings(case: CaseResult, *, widely: bool = False) -> Iterator[tuple[tuple[str, ...], str]]:
    """The components at fault and the sentence, of everything that a case brought to light."""
    if not case.operational:
        found = _FAILED.search(case.reason)
        paths = tuple(found.group(1).split(" and ")) if found else ()
        # Folders and addresses differ from place to place, and what is sent back must not.
        reason = _ADDRESS.sub("", case.reason[found.start() :] if found else case.reason)
        yield paths, f"In the test {case.id} the simulator is not operational: {reason}"
    seen = set()
    for finding in case.findings:
        violation = finding.violation
        # One of each rule says it; the others are mostly its echo.
        if violation.rule not in seen:
            seen.add(violation.rule)
            lines = "\n  ".join(in_words(violation))
            paths = violation.components + (violation.unheard if widely else ())
            yield paths, f"In the test {case.id} the specification is not kept:\n  {lines}"
