"""`gsim-devs validate [ID...]`: does everything of a system agree with everything else?

A line for each file, and for each component of the reference in which something is wrong. Judges no trace and runs
nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gsim_devs.errors import UsageError

from .components import component_defects
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract, PlanTree
    from gsim_devs.rules import RuleSet


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of a system."""

    file: str
    status: Literal["ok", "defective", "absent"]
    defects: tuple[str, ...] = ()


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "validate",
        help="check that the files of a system agree with each other",
        description="Check that specification, contract, rules, test inputs and reference of a system agree.",
        allow_abbrev=False,
    )
    parser.add_argument("ids", metavar="ID", nargs="*", help="systems (default: all)")
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=Path(), help="where they are (default: here)"
    )
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print a line for each file; 1 if one of them is defective."""
    systems = {system: tuple(_files(options.root, system)) for system in options.ids or _all(options.root)}
    for reports in systems.values():
        for report in reports:
            print(f"{report.status:9}  {report.file}")
            for defect in report.defects:
                print(f"           {defect}")
    write_json(
        options,
        {
            "systems": [
                {"id": system, "files": [asdict(r) for r in reports]} for system, reports in systems.items()
            ]
        },
    )
    return int(any(report.status == "defective" for reports in systems.values() for report in reports))


def _all(root: Path) -> list[str]:
    found = sorted(path.stem for path in (root / "contracts").glob("*.yaml"))
    if not found:
        raise UsageError(f"no contract in {root / 'contracts'}; try --root DIR, or gsim-devs new ID")
    return found


def _files(root: Path, system: str) -> Iterator[FileReport]:
    from gsim_devs.assembly import misplaced
    from gsim_devs.contracts import load_cases, load_contract, load_mutants, load_plan
    from gsim_devs.rules import load_rule_set

    yield _spec(root / "specs" / f"{system}.md")
    path = root / "contracts" / f"{system}.yaml"
    contract, report = _loaded(load_contract, path, required=True)
    yield report if contract is None else _reported(path, _misnamed(contract.id, system))
    path = root / "trace_checkers" / f"{system}.yaml"
    rules, report = _loaded(load_rule_set, path)
    yield (
        report
        if rules is None
        else _reported(path, [*_misnamed(rules.system, system), *_rules(rules, contract, root)])
    )
    path = root / "scenarios" / system / "cases.yaml"
    cases, report = _loaded(load_cases, path)
    yield (report if cases is None else _reported(path, _cases(cases, contract)))
    path = root / "scenarios" / system / "reference" / "plan.yaml"
    plan, report = _loaded(load_plan, path)
    if plan is None:
        yield report
    else:
        defects = _plan(plan, contract)
        yield _reported(path, [*defects, *misplaced(plan, path.parent)])
        if not defects and contract is not None:
            found = component_defects(plan, contract, path.parent / "components")
            yield from (_reported(file, sentences) for file, sentences in found.items())
    path = root / "scenarios" / system / "mutants.yaml"
    if path.is_file():
        mutants, report = _loaded(load_mutants, path)
        yield (
            report if mutants is None else _reported(path, _mutants(mutants, contract, rules, cases, path))
        )


def _spec(path: Path) -> FileReport:
    if not path.is_file():
        return FileReport(str(path), "defective", ("there is no specification",))
    return _reported(path, [] if path.read_text(encoding="utf-8").strip() else ["it is empty"])


def _loaded(load: Any, path: Path, *, required: bool = False) -> tuple[Any, FileReport]:
    if not path.is_file() and not required:
        return None, FileReport(str(path), "absent")
    try:
        return load(path), FileReport(str(path), "ok")
    except UsageError as error:
        return None, _reported(path, str(error).removeprefix(f"{path}: ").splitlines())


def _reported(path: Path, defects: list[str]) -> FileReport:
    return FileReport(str(path), "defective" if defects else "ok", tuple(defects))


def _misnamed(found: str, system: str) -> list[str]:
    return [] if found == system else [f"it is named for the system {system}, but speaks of {found}"]


def _rules(rules: RuleSet, contract: Contract | None, root: Path) -> list[str]:
    from gsim_devs.rules import rule_defects

    if contract is None or contract.id != rules.system:
        return []
    spec = root / "specs" / f"{contract.id}.md"
    return rule_defects(rules, contract, spec.read_text(encoding="utf-8") if spec.is_file() else None)


def _cases(cases: Any, contract: Contract | None) -> list[str]:
    from gsim_devs.contracts.checks.cases import check_cases

    return check_cases(cases, contract) if contract else []


def _plan(plan: PlanTree, contract: Contract | None) -> list[str]:
    from gsim_devs.contracts.checks.plan import check_plan

    return check_plan(plan, contract)


def _mutants(mutants: Any, contract: Any, rules: Any, cases: Any, path: Path) -> list[str]:
    from gsim_devs.conformance import trace_edit_defects
    from gsim_devs.contracts import check_mutants, reference_files

    if contract is None or rules is None or cases is None:
        return ["it can only be checked once contract, rules and test inputs are sound"]
    try:
        files = reference_files(path.parent / "reference")
    except UsageError as error:
        return [str(error)]
    found = check_mutants(mutants, [rule.id for rule in rules.rules], cases, files)
    return [*found, *(one for mutant in mutants.mutants for one in trace_edit_defects(mutant, contract))]
