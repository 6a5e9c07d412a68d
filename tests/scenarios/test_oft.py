"""The rules of offline file transfer, tried on traces that are computed without any simulation.

When each packet is prepared, sent, stored and downloaded follows from the commands by formula. Where the
specification does not say which of several things in one instant stands first, that is drawn by lot.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from gsim_devs.contracts import load_contract
from gsim_devs.rules import check, load_rule_set
from gsim_devs.trace import Record

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/oft.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/oft.yaml")

# Where things stand within an instant.
ARRIVAL, FOLLOWED, COMMAND, FOLLOWED_COMMAND, DECISION = range(5)


def checked(records, horizon, reference):
    return check(records, RULES, CONTRACT, {"simulation_time": horizon}, reference=reference)


def trace(commands, horizon, draw):
    """The records up to the horizon; commands are (time in ms, `control` or `request`, value)."""
    commands = sorted(commands, key=lambda command: command[0])
    lines = []

    def tell(time, place, entity, event, **payload):
        lines.append((time, place, 0 if place == COMMAND else draw.random(), entity, event, payload))

    uploads = uploaded(commands)
    ordered = 0
    for time, kind, value in commands:
        if kind == "request":
            tell(time, COMMAND, "server_sender", "download_valve_change", allowed=value == 1)
        else:
            ordered += value
            remaining = ordered - sum(begin + 19000 <= time for begin, _ in uploads)
            tell(time, COMMAND, "sender", "control_cmd", added=value, total_remaining=remaining)

    free = 0
    for index, (begin, is_after_rest) in enumerate(uploads):
        seq, bit = index + 1, index % 2
        place = FOLLOWED_COMMAND if is_after_rest else draw.choice((FOLLOWED, FOLLOWED_COMMAND))
        tell(begin, place, "sender", "preparation_started", duration=10000)
        tell(begin + 10000, ARRIVAL, "sender", "packet_sent", seq=seq, bit=bit, is_retry=False)
        tell(begin + 13000, ARRIVAL, "server_receiver", "packet_received", seq=seq, bit=bit)
        tell(begin + 16000, ARRIVAL, "server_receiver", "ack_sent_to_sender", bit=bit)
        tell(begin + 19000, ARRIVAL, "sender", "ack_received", bit=bit)
        forwarded = permitted_from(max(begin + 16000, free), commands)
        if forwarded is None:
            free = float("inf")
            continue
        free = forwarded + 16000
        tell(forwarded, DECISION, "server_sender", "packet_forwarded", seq=seq, bit=bit)
        tell(forwarded + 3000, ARRIVAL, "receiver", "processing_started", seq=seq, duration=10000)
        tell(forwarded + 13000, ARRIVAL, "receiver", "ack_sent", bit=bit)
        tell(forwarded + 16000, ARRIVAL, "server_sender", "ack_received_from_receiver", bit=bit)

    lines.sort(key=lambda line: line[:3])
    return numbered(Record(float(time), *rest) for time, _, _, *rest in lines if time <= horizon)


def uploaded(commands):
    """When each packet's preparation begins, and whether a command ended a rest then."""
    packets, free = [], 0
    for time, kind, value in commands:
        for _ in range(value if kind == "control" else 0):
            begin = max(time, free)
            packets.append((begin, begin == time))
            free = begin + 19000
    return packets


def permitted_from(time, commands):
    """The first instant from `time` on at whose end downloading is permitted; None: there is none."""
    ends = {at: value == 1 for at, kind, value in commands if kind == "request"}
    before = [at for at in ends if at <= time]
    if before and ends[max(before)]:
        return time
    return min((at for at, is_permitted in ends.items() if at > time and is_permitted), default=None)


def numbered(records):
    return [msgspec.structs.replace(record, line=line) for line, record in enumerate(records, 1)]


@pytest.mark.parametrize("seed", range(60))
def test_no_trace_that_is_right_is_found_wrong(seed):
    draw = random.Random(seed)
    step = draw.choice((1, 250, 1000, 1000))
    values = {"control": (0, 1, 2, 7), "request": (0, 1)}
    commands = [
        (draw.randrange(0, 300_001, step), kind, draw.choice(values[kind]))
        for kind in draw.choices(("control", "request"), k=draw.randrange(40))
    ]
    horizon = draw.choice((10_000_000, draw.randrange(0, 400_001, step), draw.uniform(0, 400_000)))

    report = checked(trace(commands, horizon, draw), horizon, trace(commands, horizon, draw))

    assert report.holds, report.text


def changes(records, at):
    """The trace with one record left out, told twice, a fifth of a second later or earlier, or told otherwise."""
    record = records[at]
    rest = records[:at] + records[at + 1 :]
    yield rest
    yield [*records, record]
    for shift in (-200, 200):
        yield [*rest, msgspec.structs.replace(record, time=record.time + shift)]
    for name, value in record.payload.items():
        # The contract says what a duration is.
        if name != "duration":
            other = not value if isinstance(value, bool) else 1 - value if name == "bit" else value + 1
            yield [*rest, msgspec.structs.replace(record, payload={**record.payload, name: other})]


def test_no_record_is_missing_too_many_at_another_time_or_otherwise_without_being_noticed():
    commands = [(500, "control", 3), (30_000, "request", 1), (40_000, "request", 0), (90_000, "request", 1)]
    right = trace(commands, 10_000_000, random.Random(0))

    unnoticed = [
        (right[at], number)
        for at in range(len(right))
        for number, wrong in enumerate(changes(right, at))
        if checked(numbered(sorted(wrong, key=lambda record: record.time)), 10_000_000, right).holds
    ]

    assert len(right) == 31
    assert unnoticed == []
