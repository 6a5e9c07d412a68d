"""Reading holds a few lines at a time, however long the trace."""

from __future__ import annotations

import tracemalloc
from itertools import islice, repeat

import pytest

from gsim_devs.trace import read, validate
from tests.trace.layouts import CONTRACTS, Pipe, contract_of, event, plain

LINE = (
    b'{"time": 1, "entity": "sender", "event": "ack_received", "payload": {"ack_bit": 1, "is_valid": %s}}\n'
)
ABP = plain(CONTRACTS["abp"])
DOCUMENT = plain(contract_of({"form": "document"}, event("a", "x")))


def peak(source, contract):
    tracemalloc.start()
    try:
        for _ in read(source, contract):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def document(records):
    yield b'{"records": [\n'
    yield b'{"time": 1, "entity": "a", "event": "x", "payload": {}}'
    for _ in range(records - 1):
        yield b',\n{"time": 1, "entity": "a", "event": "x", "payload": {}}\n'
    yield b"]}"


@pytest.mark.parametrize(
    ("contract", "trace"),
    [
        (ABP, lambda records: islice(repeat(LINE % b"true"), records)),
        (ABP, lambda records: islice(repeat(LINE % b"5"), records)),
        (ABP, lambda records: islice(repeat(b"rubbish\n"), records)),
        (DOCUMENT, document),
    ],
    ids=["sound", "defective", "bad lines", "document"],
)
def test_memory_does_not_grow_with_the_trace(contract, trace):
    peak(trace(100), contract)  # what is loaded once

    short, long = (peak(trace(records), contract) for records in (1_000, 10_000))

    assert long < short + 100_000


def test_a_line_without_end_is_not_kept():
    def endless():
        yield b'{"time": '
        for _ in range(100):
            yield b"1" * 2**20

    tracemalloc.start()
    try:
        check = validate(Pipe(endless()), ABP)
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert check.bad_lines[0].sentence == "is longer than 16 MiB"
    assert highest < 80 * 2**20
