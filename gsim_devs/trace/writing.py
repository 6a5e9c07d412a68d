"""Print records as a contract lays them out, as a simulator does: for tests and for tools that make traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from gsim_devs.runtime.clock import ticks_per_unit_of, to_ticks
from gsim_devs.runtime.records import TraceWriter

from .form import Contract
from .records import Record


def write(records: Iterable[Record], stream: IO[bytes], contract: Contract, *, detail: bool = False) -> None:
    """Times are rounded to the contract's ticks; `seq` is counted anew. Checks nothing else."""
    ticks_per_unit = ticks_per_unit_of(contract["time"]["resolution"])
    writer = TraceWriter(
        stream,
        contract["layout"],
        ticks_per_unit=ticks_per_unit,
        unit=contract["time"]["unit"],
        detail=detail,
    )
    for record in records:
        writer.replication = record.replication or 0
        tick = to_ticks(record.time, ticks_per_unit)
        writer.write(tick, record.entity, record.event, record.payload, record.component or "")
    writer.close()
