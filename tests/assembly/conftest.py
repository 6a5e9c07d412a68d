"""Simulators for tests: from plans and contracts as text, with components that do nothing where none are given."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import Contract, PlanTree, load_contract, load_plan, parse_yaml

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"

Simulate = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def abp_plan() -> PlanTree:
    return load_plan(REFERENCE / "plan.yaml")


@pytest.fixture(scope="session")
def abp_contract() -> Contract:
    return load_contract(ROOT / "contracts" / "abp.yaml")


@pytest.fixture(scope="session")
def abp_sources() -> dict[str, str]:
    return read_sources(REFERENCE)


@pytest.fixture(scope="session")
def abp(tmp_path_factory, abp_plan, abp_contract, abp_sources) -> Path:
    """The reference simulator; tests leave it as it is."""
    return assemble(abp_plan, abp_sources, abp_contract, tmp_path_factory.mktemp("reference") / "abp")


@pytest.fixture
def simulator(tmp_path) -> Callable[..., Path]:
    """Assemble a plan and a contract given as YAML."""

    def write(plan_text: str, contract_text: str, sources: Mapping[str, str] | None = None) -> Path:
        plan = parse_yaml(PlanTree, plan_text, "plan.yaml")
        contract = parse_yaml(Contract, contract_text, "contract.yaml")
        return assemble(plan, {**idle_sources(plan), **(sources or {})}, contract, tmp_path / plan.system)

    return write


@pytest.fixture
def simulate(tmp_path) -> Simulate:
    """Run a simulator in a process of its own, and read its trace."""

    def run(simulator: Path, *arguments: str, stdin: str = "") -> list[dict[str, Any]]:
        result = subprocess.run(
            [sys.executable, "-I", str(simulator), *arguments],
            input=stdin,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


@pytest.fixture(scope="session")
def idle() -> Callable[[PlanTree], dict[str, str]]:
    return idle_sources


def idle_sources(plan: PlanTree) -> dict[str, str]:
    """For each model of a plan a component that has what the plan says and does nothing."""
    return {name: _idle(plan, name) for name in plan.models}


def _idle(plan: PlanTree, name: str) -> str:
    model = plan.models[name]
    messages = sorted({port.message for port in [*model.inputs.values(), *model.outputs.values()]})
    arguments = ", ".join(f"{key}: {kind}" for key, kind in model.arguments.items())
    lines = [
        '"""Does nothing."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
    ]
    lines += [f"from messages import {message}" for message in messages]
    lines += ["from runtime import Atomic, Input, Output", "", "Anything = Any, Input, Output", "", ""]
    lines += [f"class {name}(Atomic):", '    """Does nothing."""', ""]
    lines += [f"    {port} = Input({held.message})" for port, held in model.inputs.items()]
    lines += [f"    {port} = Output({held.message})" for port, held in model.outputs.items()]
    if arguments:
        signature = f"self, {arguments}".replace("dict", "dict[str, Any]")
        lines += [f"    def __init__({signature}) -> None:", "        pass"]
    for port, held in model.inputs.items():
        lines += [f"    def on_{port}(self, message: {held.message}) -> None:", "        pass"]
    return "\n".join(lines) + "\n"
