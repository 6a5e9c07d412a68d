"""Print the table of benchmarks; `--json FILE` writes it too, `--only TEXT` takes the rows whose names hold a text."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

from . import agreement, checking, devstone, generation, queues, reading, simulators, traces
from .measure import Case, Row, measure

T = 50_000.0

CASES = [
    *(
        Case(
            f"DEVStone {kind} {size}x{size}",
            "xdevs Coordinator",
            partial(devstone.under_coordinator, kind, size, size),
            partial(devstone.under_kernel, kind, size, size),
            floor,
        )
        for kind, size, floor in (("LI", 200, 3.5), ("HI", 200, 3.5), ("HO", 200, 3.5), ("HOmod", 20, 1.5))
    ),
    Case(
        "M/M/1, classic components",
        "xdevs Coordinator",
        partial(queues.classic_under_coordinator, T),
        partial(queues.classic_under_kernel, T),
        3.5,
        9,
    ),
    Case(
        "M/M/1, classic, nested three deep",
        "xdevs Coordinator",
        partial(queues.classic_under_coordinator, T, 3),
        partial(queues.classic_under_kernel, T, 3),
        12.0,
        9,
    ),
    Case(
        "M/M/1, handlers and timers",
        "SimPy Resource",
        partial(queues.simpy_queue, T),
        partial(queues.handlers_under_kernel, T),
        3.0,
        9,
    ),
    Case(
        "M/M/1 beside 100,000 idle components",
        "M/M/1 alone",
        partial(queues.handlers_under_kernel, T),
        partial(queues.handlers_under_kernel, T, 100_000),
        0.95,
        9,
    ),
]


def main() -> int:
    """Measure and print; the exit code says whether every floor holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", default="", metavar="TEXT")
    options = parser.parse_args()
    rows: list[Row] = []
    print(f"{'':40} {'against':22} {'theirs':>9} {'ours':>9} {'ratio':>8} {'floor':>7}", flush=True)
    for row in (measure(case) for case in CASES if options.only in case.name):
        rows.append(row)
        print(_line(row), flush=True)
    for measured in (
        traces.writing,
        reading.reading,
        checking.checking,
        checking.checking_memory,
        simulators.help_time,
        simulators.command_help_time,
    ):
        if options.only in measured.__name__:
            rows.append(measured())
            print(_line(rows[-1]), flush=True)
    for several in (generation.building, agreement.agreement):
        if options.only in several.__name__:
            for row in several():
                rows.append(row)
                print(_line(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    missed = [row.name for row in rows if not row.holds]
    print("every floor holds" if not missed else f"below their floor: {', '.join(missed)}")
    return 1 if missed else 0


def _line(row: Row) -> str:
    mark = "" if row.holds else "  below its floor"
    return (
        f"{row.name:40} {row.baseline:22} {row.baseline_seconds:8.3f}s {row.our_seconds:8.3f}s "
        f"{row.ratio:7.2f}x {row.floor:6.2f}x{mark}"
    )


sys.exit(main())
