"""`gsim-devs run DIR ...`: become the simulator."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "run",
        help="run a simulator",
        description="Run a simulator; whatever follows DIR is for the simulator, and its exit code is ours.",
        epilog="gsim-devs run DIR --help shows what the simulator accepts.",
        allow_abbrev=False,
    )
    parser.add_argument("simulator", metavar="DIR", help="folder or zipapp of the simulator")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the simulator")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> NoReturn:
    """Replace this process: input, output, signals and exit code are the simulator's own."""
    from gsim_devs.execution.command import command_line

    argv = [*command_line(options.simulator), *options.arguments]
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606  (no shell is what we want)
