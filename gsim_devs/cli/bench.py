"""`gsim-devs bench`: measures that take their time. Leaves out how each is made: a file for each."""

from __future__ import annotations

from typing import Any

from . import bench_calibration, bench_generation


def register(subparsers: Any) -> None:
    """Declare the command and its commands."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how well simulators are written, and how well they are fitted",
        description="Benchmarks of what language models do, and of calibration and diagnosis.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    bench_generation.register(commands)
    bench_calibration.register(commands)
