"""How fast a trace is checked, and in how much memory: 20 rules over ABP, decoding and validation included."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
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
LENGTHS = (100_000, 1_000_000, 5_000_000)
"""Of the traces whose checking must take the same memory."""
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


def checking_memory() -> Row:
    """The ratio is of the peak with the shortest trace to the peak with the longest, each in a process of its own."""
    peaks = []
    started = time.perf_counter()
    for records in LENGTHS:
        command = [sys.executable, "-c", f"from tests.bench.checking import peak; peak({records})"]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    sizes = " / ".join(f"{peak:.0f}" for peak in peaks)
    return Row(
        f"checking 0.1/1/5 million: {sizes} MiB", "the shortest", 0.0, time.perf_counter() - started,
        peaks[0] / peaks[-1], 0.95,
    )  # fmt: skip


def peak(records: int) -> None:
    """Check a trace that comes through a pipe and print the most memory that this process had, in MiB."""
    contract, rules = (
        load_contract(_ROOT / "contracts/abp.yaml"),
        load_rule_set(_ROOT / "trace_checkers/abp.yaml"),
    )
    plain = contract.model_dump(mode="json", by_alias=True)
    given = {"total_packets": records, "seed": 24, "simulate_time": 10 * records}
    trace = read(_Pipe(records, plain), plain)
    report = check(trace, _twenty(rules), contract, arguments_of(contract, given))
    assert report.records == records
    assert report.is_valid
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


class _Pipe:
    """Gives a trace in blocks that are made when they are wanted."""

    def __init__(self, records: int, plain: Any) -> None:
        self.records, self.plain = islice(_records(), records), plain

    def read1(self, size: int) -> bytes:
        block = io.BytesIO()
        write(islice(self.records, 500), block, self.plain)
        return block.getvalue()


def _twenty(rules: RuleSet) -> RuleSet:
    """The rules of ABP, and the first ones again under other names."""
    more = RULES - len(rules.rules)
    again = [rule.model_copy(update={"id": f"{rule.id}-2"}) for rule in rules.rules[:more]]
    return rules.model_copy(update={"rules": (*rules.rules, *again)})


def _records() -> Iterator[Record]:
    """A lossless run with the default delays."""
    noise, start = 24, 0.0
    for packet in count():
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
