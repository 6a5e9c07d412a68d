"""How long a simulator and `gsim-devs` take to say what they can do, beyond Python's own start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_contract, load_plan

from .measure import Row

ALLOWED = 0.150
_ROOT = Path(__file__).parents[2]


def help_time() -> Row:
    """The ratio is of the time allowed to the time taken, both beyond a bare `python -c pass`."""
    with tempfile.TemporaryDirectory() as place:
        reference = _ROOT / "scenarios/abp/reference"
        simulator = assemble(
            load_plan(reference / "plan.yaml"),
            read_sources(reference / "components"),
            load_contract(_ROOT / "contracts/abp.yaml"),
            Path(place, "abp"),
        )
        return _beyond_python("--help of a simulator", str(simulator), "--help")


def command_help_time() -> Row:
    """The same of our own command."""
    return _beyond_python("--help of gsim-devs", "-m", "gsim_devs", "--help")


def _beyond_python(name: str, *argv: str) -> Row:
    pairs = [(_seconds("-c", "pass"), _seconds(*argv)) for _ in range(15)]
    beyond = median(ours - bare for bare, ours in pairs)
    return Row(name, "150 ms beyond Python", ALLOWED, beyond, ALLOWED / beyond, 1.0)


def _seconds(*argv: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *argv], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
