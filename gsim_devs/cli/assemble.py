"""`gsim-devs assemble PLAN SOURCES --out DIR`: a simulator from a plan and the sources of its components."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .components import component_defects


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "assemble",
        help="make a simulator from a plan and component sources",
        description="Make a simulator: the coupled models and message types are written from the plan.",
        allow_abbrev=False,
    )
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the plan (YAML or JSON)")
    parser.add_argument("sources", metavar="SOURCES", type=Path, help="folder with one .py for each model")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the simulator")
    parser.add_argument(
        "--contract", metavar="FILE", type=Path, help="the contract (default: contracts/SYSTEM.yaml)"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Assemble, and say where; what does not agree with the plan may still run, and is told."""
    from gsim_devs.assembly import assemble, read_arrays, read_sources
    from gsim_devs.contracts import load_contract, load_plan

    plan = load_plan(options.plan)
    contract = load_contract(options.contract or Path("contracts", f"{plan.system}.yaml"))
    sources, arrays = read_sources(options.sources, plan), read_arrays(options.sources)
    assemble(plan, sources, contract, options.out, arrays=arrays)
    inner = options.sources / "components"
    for path, defects in component_defects(
        plan, contract, inner if inner.is_dir() else options.sources
    ).items():
        for defect in defects:
            print(f"gsim-devs: warning: {path}: {defect}", file=sys.stderr)
    print(f"gsim-devs: {options.out} is ready: python {options.out} --help", file=sys.stderr)
    return 0
