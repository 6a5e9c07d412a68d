"""`--isolation TIER` of the commands that run simulators: how foreign code is contained."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gsim_devs.execution import Launcher, Simulator


def add_isolation_option(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Declare `--isolation TIER`; without a default it depends on who wrote the code."""
    otherwise = default or "auto for what a language model wrote, none for other code"
    parser.add_argument(
        "--isolation",
        metavar="TIER",
        default=default,
        help="how the simulator is contained: none, process, kernel, bwrap, or auto for the best that works here "
        f"(default: {otherwise})",
    )


def launcher_for(simulator: Simulator, isolation: str | None) -> Launcher:
    """As it is asked for; where nothing is asked for, code that a language model wrote is contained."""
    from gsim_devs.assembly import origin_of
    from gsim_devs.execution import sandboxed

    if isolation is not None:
        return sandboxed(isolation)
    is_file = isinstance(simulator, str | Path)
    is_generated = is_file and origin_of(Path(simulator)) not in (None, "by hand")  # type: ignore[arg-type]
    return sandboxed("auto" if is_generated else "none")
