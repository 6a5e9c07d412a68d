"""A simulator's components under xdevs' Coordinator, as somebody who has xdevs and no kernel of ours would run them.

A script of its own, started as `python -I coordinator.py FOLDER`. On stdin is a JSON object: `runs`, each with the
settings of a fresh model, the seed, and the times at which it is looked at; and `watched`, pairs of an event and field.
On stdout are the `numbers` (run, time, watched) and the processor `seconds` that the runs took.

Two habits of the Coordinator are taken into account: it measures its horizon from the first event on, and wants the end
to lie beyond the last one. Records stay in memory.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any


def _main() -> None:
    folder = sys.argv[1]
    sys.path.insert(0, folder)
    asked = json.load(sys.stdin)
    resolution = json.loads(Path(folder, "contract.json").read_text(encoding="utf-8"))["time"]["resolution"]
    _runs(asked["runs"][:3], asked["watched"], resolution)
    gc.collect()
    gc.freeze()
    started = time.process_time()
    numbers = _runs(asked["runs"], asked["watched"], resolution)
    seconds = time.process_time() - started
    json.dump({"numbers": numbers, "seconds": seconds}, sys.stdout)


def _runs(runs: list[Any], watched: list[Any], resolution: float) -> list[Any]:
    return [_seen(_records(*run), run[2], watched, resolution) for run in runs]


def _records(settings: dict[str, Any], seed: int, times: list[float]) -> list[tuple[Any, ...]]:
    """All that a fresh model reports up to the last time."""
    from xdevs.sim import Coordinator

    from runtime.clock import LAST_ORDER, ORDER_BITS, to_ticks
    from system import Settings, build  # type: ignore[import-not-found]

    model = build(Settings(**settings))
    records: list[tuple[Any, ...]] = []
    for component in model.components:
        seat = component._seat
        seat.path, seat.seed = component.name, seed
        seat.timeline.sink = lambda *record: records.append(record)
    coordinator = Coordinator(model)
    coordinator.initialize()
    end = (to_ticks(times[-1], seat.timeline.ticks_per_unit) << ORDER_BITS) + LAST_ORDER + 1
    coordinator.simulate_time(end - coordinator.time_next)
    coordinator.exit()
    return records


def _seen(
    records: list[tuple[Any, ...]], times: list[float], watched: list[Any], resolution: float
) -> list[list[Any]]:
    """The latest value of each watched field at each time."""
    latest: dict[tuple[str, str], Any] = {}
    rows: list[list[Any]] = []
    for tick, _, event, payload, _ in [*records, (float("inf"), "", "", {}, "")]:
        while len(rows) < len(times) and times[len(rows)] + resolution / 2 < tick * resolution:
            rows.append([latest.get((event, field)) for event, field in watched])
        latest |= {(event, field): value for field, value in payload.items()}
    return rows


if __name__ == "__main__":
    _main()
