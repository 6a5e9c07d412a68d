"""`gsim-devs validate [ID | PATH...]`: does everything of a system agree with everything else?

A line for each file, and for each component of the reference in which something is wrong. Judges no trace and runs
nothing.
"""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gsim_devs.errors import UsageError

from .components import component_defects
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract, DataFile, PlanTree
    from gsim_devs.rules import RuleSet


_FOLDERS = ("specs", "contracts", "trace_checkers", "scenarios")


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
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="*",
        help="systems, paths of their folders in scenarios/, or single files of them (default: all)",
    )
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=Path(), help="where they are (default: here)"
    )
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print a line for each file; 1 if one of them is defective."""
    systems = dict(_reports(options.root, one) for one in options.ids or _all(options.root))
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


def _reports(root: Path, named: str) -> tuple[str, tuple[FileReport, ...]]:
    """What is found of a system, or of one of its files."""
    path = root / named
    if os.sep not in named and not path.is_file():
        return named, tuple(_files(root, named))
    parts = path.parts
    if path.is_dir() and path.parent.name == "scenarios":
        return path.name, tuple(_files(path.parent.parent, path.name))
    for depth, folder in enumerate(parts):
        if folder in _FOLDERS and depth + 1 < len(parts):
            system, above = Path(parts[depth + 1]).stem, Path(*parts[:depth])
            found = tuple(one for one in _files(above, system) if Path(one.file) == path)
            if found:
                return named, found
    raise UsageError(f"{path} is no file of a system that could be validated; try the id of a system")


def _files(root: Path, system: str) -> Iterator[FileReport]:
    from gsim_devs.assembly import misplaced
    from gsim_devs.contracts import load_cases, load_contract, load_data_file, load_mutants, load_plan
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
    path = root / "scenarios" / system / "reference" / "arrays.py"
    if path.is_file():
        yield _reported(path, _arrays(path))
    path = root / "scenarios" / system / "data.yaml"
    if path.is_file():
        data, report = _loaded(load_data_file, path)
        yield (report if data is None else _reported(path, _data(data, contract, system)))
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


def _data(data: DataFile, contract: Contract | None, system: str) -> list[str]:
    from gsim_devs.contracts import check_data_file

    return [*_misnamed(data.system, system), *(check_data_file(data, contract) if contract else [])]


def _arrays(path: Path) -> list[str]:
    """What steps of arrays need to have; they are not run."""
    try:
        statements = ast.parse(path.read_bytes(), str(path)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"it is no Python: {error}"]
    names = {one.id for each in statements for one in ast.walk(each) if isinstance(one, ast.Name)}
    functions = {each.name: each for each in statements if isinstance(each, ast.FunctionDef)}
    defects = [] if "STEP" in names else ["it does not say how long a step takes: STEP = 1.0"]
    step = functions.get("step")
    if step is None or len(step.args.args) != 4:
        defects.append("it has no function step(state, parameters, actions, draw)")
    return defects


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
