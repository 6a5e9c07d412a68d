"""`gsim-devs optimise SIMULATOR --over NAME=VALUES --do ... --cost EXPR`: which policy costs least?"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .estimates import add_estimate_option, estimated, simulated_with
from .report import add_json_option, new_file, write_json
from .text_files import read_text

if TYPE_CHECKING:
    from gsim_devs.interventions.costing import Costing
    from gsim_devs.interventions.grids import Grid, Point
    from gsim_devs.interventions.optimising import Optimum

_ENOUGH = 200
"""Replications for a comparison elsewhere."""


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "optimise",
        help="find the policy that costs least",
        description="Simulate every combination of some variables, all under the same random numbers, and find the "
        "one that costs least. What a policy does to parameters is said by --do, its numbers are expressions.",
        epilog="example: gsim-devs optimise build/covid --over start=0:40:5 --over beds=0:60:10 "
        "--do 'scale infection_rate by 0.3 from start to start + 20' "
        "--cost 'sum(max(0, I - 50 - beds)) + 5 * beds'",
        allow_abbrev=False,
    )
    parser.add_argument("simulator", metavar="SIMULATOR", type=Path, help="the folder of a simulator")
    parser.add_argument(
        "--over",
        metavar="NAME=VALUES",
        action="append",
        required=True,
        help="a variable: FIRST:LAST:STEP, or values with commas between; may be repeated",
    )
    parser.add_argument(
        "--do",
        metavar="WHAT",
        action="append",
        default=[],
        help="'set PARAMETER to VALUE' or 'scale PARAMETER by FACTOR', and 'from TIME', 'to TIME', or both behind it; "
        "may be repeated",
    )
    parser.add_argument(
        "--arg",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the simulator; one that is a number may be an expression; may be repeated",
    )
    parser.add_argument("--stdin", metavar="FILE", type=Path, help="commands for every simulation")
    add_estimate_option(parser)
    parser.add_argument(
        "--cost",
        metavar="EXPR",
        required=True,
        help="what a simulation costs, such as 'sum(max(0, I - beds)) + 10 * beds', of observables, "
        "ENTITY.EVENT, ENTITY.EVENT.FIELD, variables, parameters, and args.NAME; "
        "with sum, mean, max, min, first, last, count, time_of_max, time_of_min",
    )
    parser.add_argument(
        "--replications",
        metavar="N",
        type=int,
        default=50,
        help="simulations of each point that may be the best (default: 50)",
    )
    parser.add_argument("--full", action="store_true", help="simulate all points as often")
    parser.add_argument("--seed", type=int, default=0, help="decides all random numbers (default: 0)")
    parser.add_argument(
        "--against",
        metavar="SIMULATOR",
        type=Path,
        help="how much the choice costs more in this one, with its own parameters, than what is best there",
    )
    add_isolation_option(parser)
    add_json_option(parser)
    parser.add_argument("--csv", metavar="FILE", type=new_file, help="write every point")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the best point, those that may be as good, and a table of all."""
    from gsim_devs.interventions.optimising import optimise, regret
    from gsim_devs.interventions.optimum_table import (
        interval_data,
        optimum_data,
        optimum_text,
        regret_text,
    )
    from gsim_devs.runtime.program import load

    if options.seed < 0:
        raise UsageError(f"--seed must be at least 0, not {options.seed}")
    with ExitStack() as stack:
        given = estimated(options, load(options.simulator))
        here = _question(options, options.simulator, given, stack)
        found = optimise(here.costing, here.points, replications=options.replications, full=options.full)
        print(_effort(here.costing, found, options))
        print(optimum_text(found, here.grid.variables), end="")
        print(simulated_with(here.parameters))
        report = optimum_data(found) | {"parameters": dict(here.parameters)}
        if options.against is not None:
            there = _question(options, options.against, {}, stack)
            best = optimise(there.costing, there.points, replications=options.replications, full=options.full)
            choice, enough = there.points[found.best], max(_ENOUGH, options.replications)
            lost = regret(there.costing, choice, best.point, replications=enough)
            print("\n" + regret_text(lost, best, str(options.against)), end="")
            report["against"] = optimum_data(best) | {"regret": interval_data(lost.share)}
    write_json(options, report)
    if options.csv is not None:
        _write_csv(options.csv, report["points"])
    return 0


class _Question(NamedTuple):
    """What can be chosen, and how it is known what that costs."""

    grid: Grid
    points: Sequence[Point]
    costing: Costing
    parameters: Mapping[str, Any]
    """On which policies act."""


def _question(
    options: argparse.Namespace, simulator: Path, given: Mapping[str, Any], stack: ExitStack
) -> _Question:
    """The question to a simulator, whose processes end with the stack."""
    from gsim_devs.contracts import load_contract
    from gsim_devs.interventions.array_trials import costing_of
    from gsim_devs.interventions.costs import compiled
    from gsim_devs.interventions.grids import grid_of, points_of, unused
    from gsim_devs.runtime.program import load
    from gsim_devs.runtime.values import pairs

    contract = load_contract(simulator / "contract.json")
    arguments = pairs("--arg", options.arg)
    if "seed" in arguments:
        raise UsageError("--arg seed: each run has a seed of its own; --seed decides them all")
    stdin = read_text(options.stdin) if options.stdin else ""
    grid = grid_of(contract, options.over, do=options.do, arguments=arguments, stdin=stdin)
    cost = compiled(options.cost, contract, [variable.name for variable in grid.variables])
    if idle := unused(grid, cost):
        raise UsageError(f"the variable {idle[0]} decides nothing; use it in --do, --arg, or --cost")
    program = load(simulator)
    points = points_of(grid, program, given)
    launcher = launcher_for(simulator, options.isolation)
    costing = costing_of(simulator, contract, cost, points, seed=options.seed, launcher=launcher)
    own = program.settle_parameters(given)
    return _Question(grid, points, stack.enter_context(costing), own)


def _effort(costing: Costing, found: Optimum, options: argparse.Namespace) -> str:
    """What was spent, and what failed."""
    text = (
        f"{len(found.scored)} points, {found.simulations} simulations by {costing.means}, seed {options.seed}"
    )
    failed = [f"{number} failed: {why}" for why, number in costing.reasons.most_common(3)]
    return "\n".join([text, *failed])


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
