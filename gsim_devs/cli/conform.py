"""`gsim-devs conform SIMULATOR --scenario ID`: how well does a simulator do what its specification says?"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.conformance import Scenario
    from gsim_devs.execution import Simulator

_REFERENCE = "reference"


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "conform",
        help="try a simulator on test inputs and score it by the rules of its system",
        description="Run a simulator on the cases of a scenario, check what it reports, and score it.",
        epilog="exit code: 0 all is well, 1 something is not, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument(
        "simulator",
        metavar="SIMULATOR",
        help="a folder, a zipapp, a .py file, a command line in quotes with {args} (and {seed}), or: reference",
    )
    parser.add_argument(
        "--scenario", metavar="ID", required=True, help="the system, or the path of its folder in scenarios/"
    )
    parser.add_argument("--cases", metavar="ID,...", help="only these cases")
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="how many run at once (default: as many as cores)"
    )
    parser.add_argument("--timeout", metavar="S", type=float, help="seconds for a run (default: the case's)")
    parser.add_argument("--all", action="store_true", help="tell every violation in full, not only the first")
    parser.add_argument("--allow-python", action="store_true", help="let rules that are code run")
    add_isolation_option(parser)
    add_json_option(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the same as JUnit XML")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the results; 1 if something is not as it should be."""
    from gsim_devs.conformance import conform, telling

    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs must be at least 1, not {options.jobs}")
    if options.timeout is not None and not options.timeout > 0:
        raise UsageError(f"--timeout must be greater than 0, not {options.timeout}")
    scenario = scenario_of(options.scenario)
    cases = [scenario.case(name) for name in options.cases.split(",")] if options.cases else None
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        simulator = simulator_of(options.simulator, scenario, Path(folder))
        found = conform(
            simulator,
            scenario,
            jobs=options.jobs or os.cpu_count() or 1,
            cases=cases,
            reference=reference_for(scenario, Path(folder, "compared")),
            seconds=options.timeout,
            allow_python=options.allow_python,
            launcher=launcher_for(simulator, options.isolation),
        )
    text, data = telling.text(found, None if options.all else telling.FEW), json.dumps(found.data)
    if isinstance(simulator, Path):
        # It is gone with its folder; whoever wants to repeat a run by hand assembles it anew.
        kept = Path("build", scenario.id)
        text, data = (told.replace(str(simulator), str(kept)) for told in (text, data))
        # What is there may have been made of something else.
        first = "\n  again     "
        text = text.replace(first, f"\n  made by   {_assembling(scenario, kept)}{first}", 1)
    print(text, end="")
    write_json(options, json.loads(data))
    if options.junit is not None:
        options.junit.write_text(found.junit, encoding="utf-8")
    return 0 if found.holds else 1


def scenario_of(text: str) -> Scenario:
    """A scenario by its id, below the current folder, or by the path of its folder."""
    from gsim_devs.conformance import load_scenario

    if os.sep in text:
        path = Path(text).absolute()
        return load_scenario(path.parent.parent, path.name)
    return load_scenario(Path(), text)


def simulator_of(text: str, scenario: Scenario, folder: Path) -> Simulator:
    """What a word on the command line stands for; a Path is the reference simulator, assembled into the folder."""
    if text == _REFERENCE:
        return assembled_reference(scenario, folder / scenario.id)
    if Path(text).exists():
        return text
    if len(text.split()) < 2:
        raise UsageError(
            f"there is no simulator at {text}; a command line needs {{args}}, where the arguments stand"
        )
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no command line: {error}") from None
    return ["{arguments}" if word == "{args}" else word for word in words]


def reference_for(scenario: Scenario, folder: Path) -> Path | None:
    """The reference simulator, where a rule compares with it and there is one."""
    compares = any(rule.kind == "reference" for rule in scenario.rules.rules)
    if not compares or not (scenario.folder / _REFERENCE).is_dir():
        return None
    return assembled_reference(scenario, folder / scenario.id)


def _assembling(scenario: Scenario, folder: Path) -> str:
    source = scenario.folder / _REFERENCE
    contract = scenario.folder.parent.parent / "contracts" / f"{scenario.id}.yaml"
    words = ["assemble", source / "plan.yaml", source, "--contract", contract, "--out", folder]
    return shlex.join(["gsim-devs", *map(str, words)])


def assembled_reference(scenario: Scenario, folder: Path) -> Path:
    """The reference simulator of a scenario."""
    from gsim_devs.assembly import assemble, read_arrays, read_sources
    from gsim_devs.contracts import load_plan

    source = scenario.folder / _REFERENCE
    if not source.is_dir():
        raise UsageError(f"{scenario.id} has no reference simulator: there is no {source}")
    plan = load_plan(source / "plan.yaml")
    sources, arrays = read_sources(source, plan), read_arrays(source)
    return assemble(plan, sources, scenario.contract, folder, arrays=arrays)
