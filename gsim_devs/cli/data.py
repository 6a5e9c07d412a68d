"""`gsim-devs data ID --split PART --out FILE`: example data from a system's reference simulator."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .conform import assembled_reference, scenario_of
from .report import new_file

if TYPE_CHECKING:
    from gsim_devs.conformance import Scenario
    from gsim_devs.contracts import DataFile
    from gsim_devs.observation.generating import Plan

_FILE = "data.yaml"
_PARTS = ("train", "validation", "test")


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "data",
        help="make example data with a system's reference simulator",
        description="Simulate trajectories that begin and go on as scenarios/ID/data.yaml says, and write them as CSV, "
        "or as Parquet where the file's name ends in .parquet.",
        epilog="the same call makes the same file; another part or another seed makes other trajectories",
        allow_abbrev=False,
    )
    parser.add_argument("scenario", metavar="ID", help="the system, or the path of its folder in scenarios/")
    parser.add_argument("--split", choices=_PARTS, default="train", help="what they are for (default: train)")
    parser.add_argument("--variant", metavar="NAME", help="which sort of trajectories (default: the first)")
    parser.add_argument("--trajectories", metavar="N", type=int, default=100, help="how many (default: 100)")
    parser.add_argument(
        "--steps", metavar="T", type=int, help="how many rows follow the first of each (default: the file's)"
    )
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="decides everything (default: 0)")
    parser.add_argument("--out", metavar="FILE", type=new_file, required=True, help="a .csv or .parquet file")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Write the file, and say what is in it."""
    from gsim_devs.observation.generating import generate, write_table
    from gsim_devs.observation.parquet import SUFFIX, ensure_available

    for name in ("trajectories", "steps"):
        if (number := getattr(options, name)) is not None and number < 1:
            raise UsageError(f"--{name} must be at least 1, not {number}")
    if options.out.suffix not in (".csv", SUFFIX):
        raise UsageError(f"--out must end in .csv or {SUFFIX}, and {options.out} does not")
    if options.out.suffix == SUFFIX:
        # Before anything is simulated for nothing.
        ensure_available(options.out)
    scenario = scenario_of(options.scenario)
    plan = _plan(options, _data_file(scenario))
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        simulator = assembled_reference(scenario, Path(folder, scenario.id))
        rows = list(generate(simulator, scenario.contract, plan, workers=os.cpu_count()))
    write_table(iter(rows), options.out, scenario.contract)
    print(f"gsim-devs: {plan.trajectories} trajectories are in {options.out}", file=sys.stderr)
    return 0


def _data_file(scenario: Scenario) -> DataFile:
    from gsim_devs.contracts import check_data_file, load_data_file

    path = scenario.folder / _FILE
    if not path.exists():
        raise UsageError(f"{scenario.id} has no example data: there is no {path}")
    data = load_data_file(path)
    if defects := check_data_file(data, scenario.contract):
        raise UsageError("\n".join(f"{path}: {defect}" for defect in defects))
    return data


def _plan(options: argparse.Namespace, data: DataFile) -> Plan:
    from gsim_devs.observation.generating import Plan

    variant = options.variant or next(iter(data.variants))
    if variant not in data.variants:
        raise UsageError(f"there is no variant {variant!r}; there are {', '.join(data.variants)}")
    steps = options.steps or data.steps
    return Plan(
        data.variants[variant], options.split, options.trajectories, steps, data.interval, options.seed
    )
