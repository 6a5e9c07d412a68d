"""`gsim-devs bench calibration`: what fits, posteriors, diagnoses and policies are worth where the truth is known."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

from .conform import assembled_reference, scenario_of
from .report import add_json_option, write_json

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def register(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "calibration",
        help="fit, check and use the example systems with data, and compare with their truth",
        description="Simulate data with the reference simulators of covid, supply and hospital, forget their "
        "parameters, and see what is found again, on one core. Every bar is printed with what was measured.",
        epilog="exit code: 0 every bar is met, 1 one is missed, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--part", metavar="NAME", action="append", help="only this part; may be given several times"
    )
    parser.add_argument("--seeds", default="0,1,2,3,4", help="of the repetitions (default: 0,1,2,3,4)")
    add_json_option(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Measure and print part after part; 1 if a bar is missed."""
    for name in _THREADS:
        # One core: set before numpy is loaded.
        os.environ.setdefault(name, "1")
    from gsim_devs.benchmarks import PARTS, Systems

    wanted = tuple(dict.fromkeys(options.part or PARTS))
    if unknown := [name for name in wanted if name not in PARTS]:
        raise UsageError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    seeds = _seeds(options.seeds)
    parts = []
    with tempfile.TemporaryDirectory(prefix="gsim-devs-") as folder:
        systems = Systems(Path(folder), _reference)
        for name in wanted:
            began = time.monotonic()
            parts.append(PARTS[name](systems, seeds, _tell))
            print(f"{parts[-1].text}\nmeasured in {time.monotonic() - began:.0f} s\n", flush=True)
    write_json(options, [part.data for part in parts])
    return 0 if all(part.holds for part in parts) else 1


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise UsageError(f"--seeds are whole numbers, separated by commas, not {text!r}") from None
    if min(seeds) < 0:
        raise UsageError(f"--seeds must be at least 0, not {min(seeds)}")
    return seeds


def _reference(system: str, folder: Path) -> Path:
    return assembled_reference(scenario_of(system), folder)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
