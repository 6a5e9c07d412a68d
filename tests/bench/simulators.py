"""How long a simulator takes to say what it can do, beyond Python's own start."""

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
        pairs = [(_seconds("-c", "pass"), _seconds(str(simulator), "--help")) for _ in range(15)]
    beyond = median(ours - bare for bare, ours in pairs)
    return Row("--help of a simulator", "150 ms beyond Python", ALLOWED, beyond, ALLOWED / beyond, 1.0)


def _seconds(*argv: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *argv], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
