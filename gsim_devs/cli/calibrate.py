"""`gsim-devs calibrate SIMULATOR --data FILE...`: which parameters make a simulator fit data?"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .observed import add_simulator_and_data, arguments_of, observed, tell_beginnings
from .report import new_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gsim_devs.calibration import Problem, Values

_ENOUGH_TO_SPLIT = 5
"""Trajectories from which on some are put aside."""


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit a simulator's parameters to data",
        description="Search the parameters of a simulator's contract for the values that fit data best. "
        f"From {_ENOUGH_TO_SPLIT} trajectories on, a fifth is put aside to compare the last few candidates on.",
        epilog="exit code: 0 there is an estimate, 1 nothing could be simulated, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    add_simulator_and_data(parser)
    parser.add_argument(
        "--method", default="auto", help="auto, cma, ga, npe, or npe-trajectory (default: auto)"
    )
    parser.add_argument(
        "--objective",
        default="energy",
        help="energy, crps, dawid-sebastiani, mse-of-mean, mse, or mmd (default: energy)",
    )
    parser.add_argument(
        "--courses", action="store_true", help="compare whole courses, not each step from the state before it"
    )
    parser.add_argument(
        "--budget", metavar="N", type=int, help="candidates to simulate (default: the method's)"
    )
    parser.add_argument("--seconds", metavar="S", type=float, help="end the search after so long")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed gives the same estimate (default: 0)"
    )
    parser.add_argument("--posterior", action="store_true", help="with auto: sample the posterior too")
    parser.add_argument(
        "--check-posterior",
        action="store_true",
        help="with npe, or auto and --posterior: see whether the posterior is right, with simulations of its own",
    )
    parser.add_argument(
        "--rules",
        metavar="FILE",
        type=Path,
        help="with --cases: what candidates break of these rules under stress adds to their loss",
    )
    parser.add_argument(
        "--cases",
        metavar="FILE",
        type=Path,
        help="test inputs; those of the level stress are run for every candidate (all, where none is of that level)",
    )
    parser.add_argument("--start", metavar="FILE", type=Path, help="an earlier estimate (JSON) to try first")
    parser.add_argument(
        "--resume", metavar="FILE", type=Path, help="keep a journal there; go on where it ends"
    )
    parser.add_argument(
        "--apply", action="store_true", help="make the estimate the simulator's own parameters"
    )
    add_isolation_option(parser)
    parser.add_argument(
        "--json", metavar="FILE", type=new_file, help="write the estimate; samples go beside it, as .npz"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the estimate; 1 if there is none."""
    from gsim_devs.assembly import note_calibration
    from gsim_devs.calibration import (
        Budget,
        apply_estimate,
        calibrate,
        left_out,
        load_estimate,
        save_estimate,
    )

    if options.seed < 0:
        raise UsageError(f"--seed must be at least 0, not {options.seed}")
    budget = Budget(options.budget, options.seconds)
    start = load_estimate(options.start) if options.start else None
    with ExitStack() as stack:
        problem = _with_rules(_problem(options, stack), options, stack)
        for sentence in left_out(start, problem.parameters) if start else ():
            print(f"gsim-devs: {options.start}: {sentence}", file=sys.stderr)
        estimate = calibrate(
            problem,
            options.method,
            budget,
            options.seed,
            start=start,
            resume=options.resume,
            posterior=options.posterior,
            check=options.check_posterior,
        )
    print(estimate.text, end="")
    if options.json is not None:
        save_estimate(estimate, options.json)
    if options.apply and estimate.point is not None:
        apply_estimate(estimate, options.simulator)
        note_calibration(options.simulator, {"method": estimate.method, "seed": estimate.seed})
        print(f"gsim-devs: {_applied(options.simulator, estimate.point, estimate.untold)}", file=sys.stderr)
    return 0 if estimate.point is not None else 1


def _applied(simulator: Path, point: Values, untold: Sequence[str]) -> str:
    """What the simulator's own parameters are now."""
    held = json.loads((simulator / "parameters.json").read_text(encoding="utf-8"))
    now = ", ".join(f"{name} = {held[name]}" for name in point if name not in untold) or "no other values"
    kept = ", ".join(f"{name} stays {held[name]}" for name in untold)
    return f"parameters.json of {simulator} now has {now}" + (
        f"; {kept}: the data do not tell that" if kept else ""
    )


def _with_rules(problem: Problem, options: argparse.Namespace, stack: ExitStack) -> Problem:
    """The problem with the rules that are asked for, if any are."""
    from gsim_devs.calibration import stressed
    from gsim_devs.contracts import load_contract
    from gsim_devs.execution import Limits, Pool
    from gsim_devs.observation import StressTest

    if options.rules is None and options.cases is None:
        return problem
    if options.rules is None or options.cases is None:
        raise UsageError("rules need test inputs to be tried on: give both --rules FILE and --cases FILE")
    if options.posterior or options.method.startswith("npe"):
        raise UsageError(
            "a posterior is learnt from data alone: take the method auto, cma or ga with --rules"
        )
    test = StressTest.of_files(
        load_contract(options.simulator / "contract.json"), options.rules, options.cases
    )
    limits = Limits(seconds=max(case.timeout for case in test.cases))
    launcher = launcher_for(options.simulator, options.isolation)
    return stressed(
        problem, test, stack.enter_context(Pool(options.simulator, limits=limits, launcher=launcher))
    )


def _problem(options: argparse.Namespace, stack: ExitStack) -> Problem:
    """The simulator beside the data; its workers end with the stack."""
    from gsim_devs.calibration import problem_of, steps_are_few
    from gsim_devs.contracts import load_contract
    from gsim_devs.observation import Dataset, Experiment

    contract = load_contract(options.simulator / "contract.json")
    dataset = observed(options.data, contract)
    arguments = arguments_of(options.arg, contract, options.simulator)
    tell_beginnings(dataset, contract, arguments)
    launcher = launcher_for(options.simulator, options.isolation)

    def beside(part: Dataset) -> Experiment:
        return stack.enter_context(
            Experiment(options.simulator, contract, part, arguments=arguments, launcher=launcher)
        )

    parts = dataset.split(seed=options.seed, test=0) if len(dataset) >= _ENOUGH_TO_SPLIT else None
    train = beside(parts.train if parts else dataset)
    if not options.courses and steps_are_few(train):
        print(
            "gsim-devs: only a few rows of the data tell the whole state: "
            "whole courses are compared, as with --courses",
            file=sys.stderr,
        )
    validation = beside(parts.validation) if parts else None
    return problem_of(train, options.objective, courses=options.courses, validation=validation)
