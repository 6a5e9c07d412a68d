"""`gsim-devs diagnose SIMULATOR --data FILE...`: is a fitted simulator right, and if not, what is wrong with it?"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

from .containment import add_isolation_option, launcher_for
from .observed import observed
from .report import add_json_option, write_json

_LEAST_DRAWS = 19


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
    parser.add_argument("simulator", metavar="SIMULATOR", type=Path, help="the folder of a simulator")
    parser.add_argument(
        "--data", metavar="FILE", nargs="+", required=True, help="CSV or Parquet: trajectory, t, observables"
    )
    parser.add_argument(
        "--fitted-to",
        metavar="FILE",
        nargs="+",
        help="the data that parameters were fitted to: what the fit leaves uncertain is allowed for",
    )
    parser.add_argument(
        "--estimate",
        metavar="FILE",
        type=Path,
        help="an estimate (JSON) to simulate with (default: the simulator's own parameters)",
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
    from gsim_devs.calibration import load_estimate
    from gsim_devs.contracts import load_contract
    from gsim_devs.diagnostics import check_up
    from gsim_devs.observation import Experiment

    if options.seed < 0:
        raise UsageError(f"--seed must be at least 0, not {options.seed}")
    if options.draws < _LEAST_DRAWS:
        raise UsageError(f"--draws must be at least {_LEAST_DRAWS}, not {options.draws}")
    estimate = load_estimate(options.estimate) if options.estimate else None
    contract = load_contract(options.simulator / "contract.json")
    launcher = launcher_for(options.simulator, options.isolation)
    with ExitStack() as stack:

        def beside(files: list[str]) -> Experiment:
            dataset = observed(files, contract)
            return stack.enter_context(Experiment(options.simulator, contract, dataset, launcher=launcher))

        found = check_up(
            beside(options.data),
            (estimate.point if estimate else None) or {},
            training=beside(options.fitted_to) if options.fitted_to else None,
            contraction=estimate.contraction if estimate else None,
            sensitivity=options.sensitivity,
            draws=options.draws,
            level=options.level,
            seed=options.seed,
        )
    print(found.text, end="")
    write_json(options, found.data)
    return 1 if found.is_wrong else 0
