"""How fast records are read: decoded, their layout undone, checked against the contract; a million of ABP's."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from gsim_devs.contracts import load_contract
from gsim_devs.trace import Record, read, write

from .measure import Row

RECORDS = 1_000_000
PER_SECOND = 500_000
_CONTRACT = Path(__file__).parents[2] / "contracts/abp.yaml"


def reading() -> Row:
    """The ratio is of records in a second to those that must be reached."""
    contract = load_contract(_CONTRACT).model_dump(mode="json", by_alias=True)
    with tempfile.TemporaryDirectory() as place:
        trace = Path(place, "trace.jsonl")
        with trace.open("wb") as stream:
            write(_records(), stream, contract)
        cost = median(_seconds(trace, contract) for _ in range(5))
    return Row(
        f"1,000,000 records read, {RECORDS / cost:,.0f}/s", "500,000 a second", RECORDS / PER_SECOND, cost,
        RECORDS / cost / PER_SECOND, 1.0,
    )  # fmt: skip


def _seconds(trace: Path, contract: dict[str, Any]) -> float:
    started = time.process_time()
    sound = sum(1 for record in read(trace, contract) if isinstance(record, Record) and not record.defects)
    taken = time.process_time() - started
    assert sound == RECORDS
    return taken


def _records() -> Iterator[Record]:
    """What ABP says about one packet, over and over."""
    said: list[tuple[str, str, dict[str, Any]]] = [
        ("sender", "delay_start", {"type": "preparation", "duration": 10.0}),
        ("sender", "packet_sent", {"seq_num": 1, "bit": 0, "is_retry": False}),
        ("subnet", "packet_get", {"behavior": "pass", "channel": "forward", "noise_value": 38}),
        ("receiver", "delay_start", {"type": "processing", "duration": 10.0}),
        ("receiver", "packet_received", {"seq_num": 1, "bit": 0}),
        ("sender", "ack_received", {"ack_bit": 0, "is_valid": True}),
    ]
    for number, (entity, event, payload) in enumerate(islice(cycle(said), RECORDS)):
        yield Record(number / 10, entity, event, payload)
