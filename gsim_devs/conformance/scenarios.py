"""The files of one system, read and held against each other. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gsim_devs.contracts import Case, Contract, check_cases, load_cases, load_contract
from gsim_devs.errors import UsageError
from gsim_devs.rules import RuleSet, load_rule_set, rule_defects


@dataclass(frozen=True, slots=True)
class Scenario:
    """A system to try simulators on: what they must accept and report, the rules, and the test inputs."""

    id: str
    folder: Path
    """Where its cases are, and the files that they name."""
    contract: Contract
    rules: RuleSet
    """No rules where there is no file of them."""
    cases: tuple[Case, ...]
    specification: str
    """Empty where there is none."""

    def case(self, name: str) -> Case:
        """The case with this id."""
        for case in self.cases:
            if case.id == name:
                return case
        known = ", ".join(case.id for case in self.cases)
        raise UsageError(f"the scenario {self.id} has no case {name!r}; there are {known}")


def load_scenario(root: Path, id: str) -> Scenario:  # noqa: A002  (what it is called everywhere)
    """Read a system's files below `root`. Raises UsageError where they are broken or do not agree."""
    path = root / "contracts" / f"{id}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.yaml"))) or "none"
        raise UsageError(f"there is no scenario {id!r} in {root.absolute()}: no {path}; there are: {known}")
    contract = load_contract(path)
    folder = root / "scenarios" / id
    cases = load_cases(folder / "cases.yaml")
    _refuse(folder / "cases.yaml", check_cases(cases, contract))
    specification = root / "specs" / f"{id}.md"
    return Scenario(
        id=id,
        folder=folder,
        contract=contract,
        rules=_rules(root / "trace_checkers" / f"{id}.yaml", contract),
        cases=cases.cases,
        specification=specification.read_text(encoding="utf-8") if specification.is_file() else "",
    )


def _rules(path: Path, contract: Contract) -> RuleSet:
    if not path.is_file():
        return RuleSet(system=contract.id, rules=())
    rules = load_rule_set(path)
    _refuse(path, rule_defects(rules, contract))
    return rules


def _refuse(path: Path, defects: list[str]) -> None:
    if defects:
        raise UsageError("\n".join(f"{path}: {defect}" for defect in defects))
