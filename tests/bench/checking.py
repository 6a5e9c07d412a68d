"""How fast a trace is checked: 20 rules over a million records of ABP, decoding and validation included."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from gsim_devs.contracts import load_contract
from gsim_devs.rules import RuleSet, arguments_of, check, load_rule_set
from gsim_devs.trace import Record, read, write

from .measure import Row

RECORDS = 1_000_000
PER_SECOND = 150_000
RULES = 20
_ROOT = Path(__file__).parents[2]


def checking(records: int = RECORDS) -> Row:
    """The ratio is of records in a second to those that must be reached."""
    contract = load_contract(_ROOT / "contracts/abp.yaml")
    rules = _twenty(load_rule_set(_ROOT / "trace_checkers/abp.yaml"))
    plain = contract.model_dump(mode="json", by_alias=True)
    given = {"total_packets": records, "seed": 24, "simulate_time": 10 * records}
    with tempfile.TemporaryDirectory() as place:
        trace = Path(place, "trace.jsonl")
        with trace.open("wb") as stream:
            write(islice(_records(), records), stream, plain)

        def seconds() -> float:
            started = time.process_time()
            report = check(read(trace, plain), rules, contract, arguments_of(contract, given))
            taken = time.process_time() - started
            assert report.records == records
            assert report.is_valid
            return taken

        cost = median(seconds() for _ in range(3))
    return Row(
        f"{records:,} records checked, {records / cost:,.0f}/s", "150,000 a second", records / PER_SECOND, cost,
        records / cost / PER_SECOND, 1.0,
    )  # fmt: skip


def _twenty(rules: RuleSet) -> RuleSet:
    """The rules of ABP, and the first ones again under other names."""
    more = RULES - len(rules.rules)
    again = [rule.model_copy(update={"id": f"{rule.id}-2"}) for rule in rules.rules[:more]]
    return rules.model_copy(update={"rules": (*rules.rules, *again)})


def _records() -> Iterator[Record]:
    """A lossless run with the default delays."""
    noise, start = 24, 0.0
    for packet in range(RECORDS):
        noise = (17 * noise + 11) % 100
        bit = packet % 2
        passed: dict[str, Any] = {"behavior": "pass" if noise >= 10 else "drop", "noise_value": noise}
        yield Record(start, "sender", "delay_start", {"type": "preparation", "duration": 10})
        sent = {"seq_num": packet + 1, "bit": bit, "is_retry": False}
        yield Record(start + 10, "sender", "packet_sent", sent)
        yield Record(start + 10, "subnet", "packet_get", passed | {"channel": "forward"})
        yield Record(start + 13, "receiver", "delay_start", {"type": "processing", "duration": 10})
        yield Record(start + 23, "receiver", "packet_received", {"seq_num": packet + 1, "bit": bit})
        yield Record(start + 23, "subnet", "packet_get", passed | {"channel": "backward"})
        start += 26
        yield Record(start, "sender", "ack_received", {"ack_bit": bit, "is_valid": True})
