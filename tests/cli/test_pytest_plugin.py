"""pytest on a project of a user: its scenarios, and its own tests with our fixtures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conformance.shop import CASES, CONTRACT, RULES, SIMULATOR

ROOT = Path(__file__).parents[2]
# Leaves a file for each time it is run; its second customer has the wrong number, and the other case ends badly.
BEFORE = """
import os, pathlib
pathlib.Path(__file__).with_name(f"ran-{mode}-{os.getpid()}").touch()
"""
# Less to start.
QUIET = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
NEVER = "  - {id: shut, clause: d, level: system, kind: invariant, on: door.closed, expect: time > 0}\n"


@pytest.fixture
def project(tmp_path):
    """A project with a scenario, a simulator, and nothing that configures pytest."""
    files = {
        "contracts/shop.yaml": CONTRACT,
        "scenarios/shop/cases.yaml": CASES,
        "trace_checkers/shop.yaml": RULES + NEVER,
        "simulator.py": SIMULATOR.format(
            spoil="customer = k + (k == 2)", before=BEFORE, after="sys.exit(mode == 'other')"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *QUIET, "--junitxml=out.xml", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def outcomes(folder: Path) -> dict[str, str]:
    """What became of each item, by the name of its case or file and its own."""
    found = {}
    for test in ET.parse(folder / "out.xml").iter("testcase"):
        within = test.get("classname", "").rpartition(".")[2]
        found[f"{within} {test.get('name')}"] = next((child.tag for child in test), "passed")
    return found


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_every_rule_of_every_case_is_an_item_and_every_case_is_run_once(project, more):
    done = pytest_in(project, "scenarios", "--simulator", "shop=simulator.py", *more)

    assert outcomes(project) == {
        "shop-01 operational": "passed",
        "shop-01 numbered": "failure",
        "shop-01 positive": "passed",
        "shop-01 in-time": "failure",
        "shop-01 shut": "skipped",
        "shop-02 operational": "failure",
        "shop-02 expectations": "skipped",
        "shop-02 numbered": "skipped",
        "shop-02 positive": "skipped",
        "shop-02 in-time": "skipped",
        "shop-02 shut": "skipped",
    }
    assert len(list(project.glob("ran-sound-*"))) == 1
    assert len(list(project.glob("ran-other-*"))) == 1
    assert done.returncode == 1


def test_a_failure_is_the_violation_and_no_traceback(project):
    done = pytest_in(
        project, "scenarios", "--simulator", "shop=simulator.py", "-k", "numbered or operational"
    )

    assert "shop-01: numbered at line 2: a" in done.stdout
    assert "expected  customer = 2" in done.stdout
    assert "again     " in done.stdout
    assert "exited with code 1 and said nothing" in done.stdout
    assert "Error" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_what_is_wrong_with_the_files_is_a_sentence(project):
    (project / "trace_checkers/shop.yaml").write_text(RULES.replace("server.served", "server.serfed"))

    done = pytest_in(project, "scenarios", "--simulator", "shop=simulator.py")

    assert "has no event 'server.serfed'" in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_an_option_that_makes_no_sense_is_said(project):
    assert "--simulator takes ID=SIMULATOR, not 'shop'" in pytest_in(project, "--simulator", "shop").stderr


def test_who_does_not_use_it_is_not_disturbed(project):
    (project / "test_light.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "    assert not loaded & {'pydantic', 'yaml', 'msgspec', 'numpy', 'xdevs'}\n"
        "    assert not [name for name in sys.modules if name.startswith('gsim_devs.r')]\n"
    )

    done = pytest_in(project)

    assert outcomes(project) == {"test_light test_light": "passed"}, done.stdout


HAND_WRITTEN = """
def test_who_comes_is_served(trace, contract):
    records = trace("shop", duration=20)
    assert [record.payload["customer"] for record in records] == [1, 3]
    assert contract("shop").vocabulary.keys() == {("server", "served"), ("door", "closed")}

def test_a_run_says_how_it_went(run):
    assert run("shop", mode="other").code == 1

def test_a_trace_must_end_well(trace):
    trace("shop", mode="other")

def test_what_a_simulator_of_ours_draws_can_be_repeated(run):
    traces = [run("iobs", seed=seed, stdin="00:00:01:000 1 0\\n" * 30).trace for seed in (None, None, 0, 1)]
    assert traces[0] == traces[1] == traces[2] != traces[3]

def test_an_argument_may_be_wrong(trace):
    trace("iobs", simulation_tim=3)

def test_there_must_be_a_simulator(run):
    run("hop")
"""


def test_tests_written_by_hand_run_the_simulator_of_a_system(project):
    (project / "tests").mkdir()
    for name in ("contracts/iobs.yaml", "scenarios/iobs"):
        (project / name).symlink_to(ROOT / name)
    (project / "tests/test_shop.py").write_text(HAND_WRITTEN)

    done = pytest_in(project, "tests", "--simulator", "shop=simulator.py")

    assert outcomes(project) == {
        "test_shop test_who_comes_is_served": "passed",
        "test_shop test_a_run_says_how_it_went": "passed",
        "test_shop test_a_trace_must_end_well": "failure",
        "test_shop test_what_a_simulator_of_ours_draws_can_be_repeated": "passed",
        "test_shop test_an_argument_may_be_wrong": "failure",
        "test_shop test_there_must_be_a_simulator": "failure",
    }
    assert "shop: exited with code 1 and said nothing" in done.stdout
    assert "there is no scenario 'hop'" in done.stdout
    assert "iobs: " in done.stdout
    assert "simulation_tim" in done.stdout
    assert "Traceback" not in done.stdout


def test_without_a_simulator_the_reference_is_taken(project):
    (project / "test_shop.py").write_text("def test_reference(run):\n    run('shop')\n")

    assert "shop has no reference simulator: there is no" in pytest_in(project).stdout
