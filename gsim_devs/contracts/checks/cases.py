"""Whether test inputs fit the contract: arguments, lines of stdin, the kinds of record that they expect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gsim_devs.errors import UsageError

from ..cases import Case, CaseFile
from ..contract import Contract
from ..sentences import nearest
from ..stdin import JsonlStdin, LineStdin, NoStdin
from .contract_arguments import value_defect
from .findings import unknown


def check_cases(cases: CaseFile, contract: Contract) -> list[str]:
    """What is wrong with test inputs, one sentence for each defect; empty where they are sound."""
    found = []
    if cases.system != contract.id:
        found.append(f"The cases are for the system {cases.system!r}, the contract for {contract.id!r}.")
    for case in cases.cases:
        for check in (_arguments, _stdin, _expectations):
            found += [f"Case {case.id}: {sentence}." for sentence in check(case, contract)]
    return found


def validate_cases(cases: CaseFile, contract: Contract) -> None:
    """Raise a UsageError that holds every sentence of `check_cases`."""
    if defects := check_cases(cases, contract):
        raise UsageError("\n".join(defects))


def _arguments(case: Case, contract: Contract) -> Iterator[str]:
    for name, value in case.arguments.items():
        if name not in contract.arguments:
            yield unknown("argument", name, contract.arguments)
        elif cause := value_defect(contract, contract.arguments[name], value, case.arguments):
            yield f"the argument {name!r} is {value!r}; it {cause}"
    for name, argument in contract.arguments.items():
        if argument.required and name not in case.arguments:
            yield f"the argument {name!r} is required"


def _stdin(case: Case, contract: Contract) -> Iterator[str]:
    for number, line in enumerate(case.stdin_text.splitlines(), 1):
        text = line.partition("#")[0].strip() if isinstance(contract.stdin, LineStdin) else line.strip()
        if text and (cause := _line_defect(text, contract)):
            yield f"line {number} of stdin, {text!r}, {cause}"


def _line_defect(text: str, contract: Contract) -> str | None:
    stdin = contract.stdin
    if isinstance(stdin, NoStdin):
        return "is never read: the contract has no stdin"
    if isinstance(stdin, LineStdin):
        matched = any(re.fullmatch(command.pattern, text) for command in stdin.commands.values())
        return None if matched else "matches no command's pattern"
    return _command_defect(text, stdin)


def _command_defect(text: str, stdin: JsonlStdin) -> str | None:
    try:
        held = json.loads(text)
    except ValueError:
        return "is not JSON"
    name = held.get(stdin.discriminator) if isinstance(held, dict) else None
    if not isinstance(name, str) or name not in stdin.commands:
        return f"has no known {stdin.discriminator!r}" + nearest(str(name), list(stdin.commands))
    fields = set(held) - {stdin.discriminator}
    return None if fields == set(stdin.commands[name].fields) else f"has not exactly the fields of {name!r}"


def _expectations(case: Case, contract: Contract) -> Iterator[str]:
    if case.expect is None:
        return
    known = {f"{entity}.{event}": kind for (entity, event), kind in contract.vocabulary.items()}
    kinds = [*case.expect.counts, *(item.kind for item in case.expect.matching)]
    kinds += [case.expect.last] if case.expect.last is not None else []
    for kind in dict.fromkeys(kinds):
        if kind not in known:
            yield f"it expects records {kind!r}, but {unknown('kind of record', kind, known)}"
    if case.expect.last_where and case.expect.last is None:
        yield "it expects fields of the last record, but does not say its kind (`last`)"
    held = [(item.kind, item.where) for item in case.expect.matching]
    held += [(case.expect.last, case.expect.last_where)] if case.expect.last is not None else []
    for kind, where in held:
        for field in where:
            if kind in known and field not in known[kind].payload:
                yield f"it expects {kind} with a field {field!r} that its payload does not have"
