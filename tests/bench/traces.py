"""How fast records are written: a million to a file of JSON lines, beyond what the same model costs without."""

from __future__ import annotations

import tempfile
import time
from statistics import median
from typing import Any

from gsim_devs.runtime import Atomic, Kernel
from gsim_devs.runtime.records import TraceWriter

from .measure import Row

RECORDS = 1_000_000
PER_SECOND = 500_000


class Speaker(Atomic):
    """Reports a packet each tenth of a second."""

    def __init__(self) -> None:
        self.number = 0

    def start(self) -> None:
        self.after(0.1, self.on_tick)

    def on_tick(self) -> None:
        self.number += 1
        self.emit("packet_sent", seq_num=self.number, bit=self.number & 1, is_retry=False)
        self.after(0.1, self.on_tick)


def _ignore(*record: Any) -> None:
    pass


def _run(sink: Any) -> float:
    speaker = Speaker()
    speaker.name = "sender"
    kernel = Kernel(speaker, sink=sink)
    started = time.process_time()
    kernel.run(RECORDS / 10)
    return time.process_time() - started


def writing() -> Row:
    """The ratio is of records in a second to those that must be reached."""
    costs = []
    for _ in range(5):
        with tempfile.TemporaryFile() as file:
            writer = TraceWriter(file)
            written = _run(writer.write)
            writer.close()
        costs.append(written - _run(_ignore))
    cost = median(costs)
    return Row(
        f"1,000,000 records written, {RECORDS / cost:,.0f}/s",
        "500,000 a second",
        RECORDS / PER_SECOND,
        cost,
        RECORDS / cost / PER_SECOND,
        1.0,
    )
