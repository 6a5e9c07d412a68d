"""`gsim-devs diagnose SIMULATOR --data FILE...`: is a fitted simulator right, and if not, what is wrong with it?"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .estimates import add_estimate_option
from .observed import add_simulator_and_data, arguments_of, observed, tell_beginnings
from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract
    from gsim_devs.execution import Launcher
    from gsim_devs.observation import StressResult, Theta

_LEAST_DRAWS = 19
_NO_SAMPLES = "--posterior needs an --estimate with samples beside it (.npz), as of calibrate --posterior"


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "diagnose",
        help="tell what is wrong with a simulator, compared with data",
        description="Simulate what was observed, step by step and from the beginning, and say where, when and how the "
        "simulator differs from the data by more than chance. Use data that its parameters were not fitted to.",
        epilog="exit code: 0 nothing wrong was found, 1 something is wrong, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    add_simulator_and_data(parser)
    parser.add_argument(
        "--fitted-to",
        metavar="FILE",
        nargs="+",
        help="the data that parameters were fitted to: what the fit leaves uncertain is allowed for",
    )
    add_estimate_option(parser)
    parser.add_argument(
        "--posterior",
        action="store_true",
        help="each simulation has parameters drawn from the estimate's posterior, not its point",
    )
    parser.add_argument(
        "--rules", metavar="FILE", type=Path, help="with --cases: rules that every run must keep"
    )
    parser.add_argument(
        "--cases",
        metavar="FILE",
        type=Path,
        help="with --rules: run these test inputs, or those of them of the level stress, with the same parameters",
    )
    parser.add_argument(
        "--tables",
        action="store_true",
        help="show the numbers too: coverage, errors, distances and their floors",
    )
    parser.add_argument(
        "--sensitivity", action="store_true", help="move each parameter too, to see what it changes"
    )
    parser.add_argument(
        "--draws", metavar="N", type=int, default=40, help="simulations of each step (default: 40)"
    )
    parser.add_argument(
        "--level",
        metavar="P",
        type=float,
        default=0.05,
        help="the probability with which a right simulator may be called wrong (default: 0.05)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed gives the same diagnosis (default: 0)"
    )
    add_isolation_option(parser)
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the diagnosis; 1 if something is wrong."""
    _refuse_bad(options)
    from gsim_devs.calibration import load_estimate
    from gsim_devs.contracts import load_contract
    from gsim_devs.diagnostics import check_up
    from gsim_devs.observation import Experiment

    estimate = load_estimate(options.estimate) if options.estimate else None
    if options.posterior and (estimate is None or not estimate.posterior):
        raise UsageError(_NO_SAMPLES)
    contract = load_contract(options.simulator / "contract.json")
    launcher = launcher_for(options.simulator, options.isolation)
    arguments = arguments_of(options.arg, contract, options.simulator)
    theta = (estimate.point if estimate else None) or {}
    _remark_on_shared(options)
    with ExitStack() as stack:

        def beside(files: list[str], about: str = "") -> Experiment:
            dataset = observed(files, contract, about)
            if files is options.data:
                tell_beginnings(dataset, contract, arguments)
            return stack.enter_context(
                Experiment(options.simulator, contract, dataset, arguments=arguments, launcher=launcher)
            )

        found = check_up(
            beside(options.data),
            theta,
            training=beside(options.fitted_to, "--fitted-to: ") if options.fitted_to else None,
            posterior=estimate.posterior if estimate and options.posterior else None,
            contraction=estimate.contraction if estimate else None,
            untold=estimate.untold if estimate else (),
            stress=_stress(options, contract, theta, launcher) if options.rules else None,
            sensitivity=options.sensitivity,
            draws=options.draws,
            level=options.level,
            seed=options.seed,
        )
    print(found.text, end="")
    if options.tables:
        print(f"\n{found.tables}", end="")
    write_json(options, found.data)
    return 1 if found.is_wrong else 0


def _refuse_bad(options: argparse.Namespace) -> None:
    if options.seed < 0:
        raise UsageError(f"--seed must be at least 0, not {options.seed}")
    if options.draws < _LEAST_DRAWS:
        raise UsageError(f"--draws must be at least {_LEAST_DRAWS}, not {options.draws}")
    if not 0.0 < options.level < 1.0:
        raise UsageError(f"--level is a probability between 0 and 1, not {options.level}")
    if options.posterior and options.estimate is None:
        raise UsageError(_NO_SAMPLES)
    if (options.rules is None) != (options.cases is None):
        raise UsageError("--rules and --cases go together: rules are checked on the runs of test inputs")


def _remark_on_shared(options: argparse.Namespace) -> None:
    fitted_to = {Path(name).resolve() for name in options.fitted_to or ()}
    shared = [name for name in options.data if Path(name).resolve() in fitted_to]
    if shared:
        print(
            f"gsim-devs: {shared[0]} is in --data and in --fitted-to: a fit is easily right about what it was fitted "
            "to; diagnose beside data that it has not seen",
            file=sys.stderr,
        )


def _stress(
    options: argparse.Namespace, contract: Contract, theta: Theta, launcher: Launcher
) -> StressResult:
    from gsim_devs.execution import Pool
    from gsim_devs.observation import StressTest, run_stress

    test = StressTest.of_files(contract, options.rules, options.cases)
    with Pool(options.simulator, launcher=launcher) as pool:
        (found,) = run_stress(pool, test, [theta])
    return found
