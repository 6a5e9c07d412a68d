"""The parameters that commands simulate with: the simulator's own, or the point of an estimate."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

if TYPE_CHECKING:
    from gsim_devs.runtime.program import Program


def add_estimate_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--estimate FILE`."""
    parser.add_argument(
        "--estimate",
        metavar="FILE",
        type=Path,
        help="an estimate (JSON) to simulate with (default: the simulator's own parameters)",
    )


def estimated(options: argparse.Namespace, program: Program) -> dict[str, Any]:
    """The point of the estimate, if one is given, checked as values for this simulator."""
    from gsim_devs.calibration import load_estimate

    if options.estimate is None:
        return {}
    point = load_estimate(options.estimate).point
    if point is None:
        raise UsageError(
            f"{options.estimate}: the estimate has no point, so nothing can be simulated with it"
        )
    try:
        settled = program.settle_parameters(point)
    except UsageError as error:
        raise UsageError(f"{options.estimate}: {error}") from None
    return {name: settled[name] for name in point}


def simulated_with(parameters: Mapping[str, Any]) -> str:
    """One line that says which values these are."""
    said = ", ".join(f"{name} = {_written(value)}" for name, value in parameters.items())
    return f"with {said}" if said else "without parameters"


def _written(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value)
