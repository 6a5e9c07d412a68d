"""Every reference simulator does what its specification says, in every case. Systems are found, not listed.

Here the runs of a system share a warm worker; `gsim-devs conform reference --scenario ID` gives each a process.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.conformance import Scenario, Warm, conform, load_scenario
from gsim_devs.contracts import load_plan
from gsim_devs.execution import command_line, run
from gsim_devs.rules import rule_defects

ROOT = Path(__file__).parents[2]
SYSTEMS = sorted(path.parent.name for path in ROOT.glob("scenarios/*/reference"))
CHECKED = sorted(path.stem for path in ROOT.glob("trace_checkers/*.yaml"))


@pytest.fixture
def reference(request, tmp_path) -> tuple[Path, Scenario]:
    """The reference simulator of a system, and the scenario."""
    scenario = load_scenario(ROOT, request.param)
    source = scenario.folder / "reference"
    plan = load_plan(source / "plan.yaml")
    return assemble(plan, read_sources(source), scenario.contract, tmp_path / scenario.id), scenario


@pytest.mark.parametrize("reference", SYSTEMS, indirect=True)
def test_the_reference_is_as_expected_in_every_case_keeps_every_rule_and_exercises_each(reference):
    simulator, scenario = reference
    with Warm(simulator) as warm:
        found = conform(simulator, scenario, reference=simulator, runner=warm, allow_python=True)

    assert found.holds, found.text
    assert found.operational == 1.0
    assert found.behavioural == (1.0 if scenario.rules.rules else None)
    assert found.never_exercised == ()


@pytest.mark.parametrize("reference", SYSTEMS, indirect=True)
def test_the_reference_needs_neither_an_environment_nor_a_certain_folder(reference):
    simulator, scenario = reference
    case = next(case for case in scenario.cases if not case.expect or case.expect.records != 0)
    seed = None if "seed" in scenario.contract.arguments else 1
    elsewhere = run(simulator, case.arguments, stdin=case.stdin_text, seed=seed)

    done = subprocess.run(
        [sys.executable, ".", *command_line(simulator, case.arguments, seed=seed)[3:]],
        cwd=simulator,
        env={},
        input=case.stdin_text.encode(),
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stdout == elsewhere.trace


@pytest.mark.parametrize("system", CHECKED)
def test_the_rules_speak_of_each_component_and_of_the_whole_and_quote_the_specification(system):
    scenario = load_scenario(ROOT, system)
    levels = [rule.level for rule in scenario.rules.rules]

    assert levels.count("component") >= 6
    assert levels.count("system") >= 5
    assert rule_defects(scenario.rules, scenario.contract, scenario.specification) == []
