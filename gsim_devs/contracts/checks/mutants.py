"""Whether mutants fit the rest of their system: rules, cases, the files and components of the reference simulator."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from gsim_devs.errors import UsageError

from ..cases import CaseFile
from ..load import parse_yaml
from ..mutants import PLAN_FILE, Mutant, MutantFile
from ..names import snake_case
from ..plan import PlanTree
from ..tree import atomics
from .findings import unknown


def check_mutants(
    mutants: MutantFile, rules: Collection[str], cases: CaseFile, files: Mapping[str, str]
) -> list[str]:
    """What is wrong with mutants, one sentence for each defect; `files` are those of the reference simulator."""
    found = []
    if mutants.system != cases.system:
        found.append(f"The mutants are of the system {mutants.system!r}, the cases of {cases.system!r}.")
    known = [case.id for case in cases.cases]
    for mutant in mutants.mutants:
        if mutant.breaks not in rules:
            found.append(f"Mutant {mutant.id}: {unknown('rule', mutant.breaks, rules)}.")
        found += [
            f"Mutant {mutant.id}: {unknown('case', name, known)}."
            for name in mutant.cases
            if name not in known
        ]
        found += _edit_defects(mutant, files)
    return found


def seldom_broken(mutants: MutantFile, rules: Collection[str], least: int = 2) -> list[str]:
    """The rules that fewer than `least` mutants are meant to break."""
    counts = Counter(mutant.breaks for mutant in mutants.mutants)
    return [rule for rule in rules if counts[rule] < least]


def mutated_components(mutant: Mutant, plan: PlanTree) -> tuple[str, ...]:
    """The paths of the components that a mutant changes; none where it edits traces."""
    if mutant.component is not None:
        return (mutant.component,)
    files = {edit.file for edit in mutant.source}
    return tuple(
        path for path, node, _ in atomics(plan) if f"components/{snake_case(node.model)}.py" in files
    )


def _edit_defects(mutant: Mutant, files: Mapping[str, str]) -> Iterator[str]:
    try:
        edited = mutant.applied_to(files)
        plan = parse_yaml(PlanTree, edited[PLAN_FILE], PLAN_FILE)
    except UsageError as error:
        yield f"{error}." if str(error).startswith("Mutant") else f"Mutant {mutant.id}: {error}."
        return
    for name, text in edited.items():
        if name != PLAN_FILE and text != files[name]:
            try:
                ast.parse(text)
            except SyntaxError as error:
                yield f"Mutant {mutant.id}: {name} is not Python any more, line {error.lineno}: {error.msg}."
    paths = [path for path, _, _ in atomics(plan)]
    if mutant.component is not None and mutant.component not in paths:
        yield f"Mutant {mutant.id}: {unknown('component', mutant.component, paths)}."
