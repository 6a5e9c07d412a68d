"""The rules of online banking, tried on traces that are computed without any simulation.

When each record is due follows from the requests by formula; what is left to chance is drawn here. Where the
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
CONTRACT = load_contract(ROOT / "contracts/iobs.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/iobs.yaml")


def checked(records, requests, horizon=1_000_000.0):
    """The requests themselves are compared with those of a trace that is right."""
    right = trace(requests, random.Random(0), horizon)
    return check(records, RULES, CONTRACT, {"simulation_time": horizon}, reference=right)


def trace(requests, draw, horizon=1_000_000.0, noise=0.0):
    """The records up to the horizon; requests are (time in s, invalid). What is due at the horizon may be missing."""
    lines = [(0.0, -1.0, "input_reader1", "start", {})]

    def tell(time, entity, event, **payload):
        told = max(0.0, time + draw.uniform(-noise, noise))
        if told < horizon or (told == horizon and draw.random() < 0.5):
            lines.append((told, draw.random(), entity, event, payload))

    end, rest, balance, count = 0.0, 3000, 3000, 0
    requests = sorted(requests, key=lambda request: request[0])
    # Requests keep their order, whatever else happens in an instant.
    places = sorted(draw.random() for _ in requests)
    for place, (time, invalid) in zip(places, requests, strict=True):
        if time < horizon:
            lines.append((time, place, "input_reader1", "input", {"valid": 1, "invalid": invalid}))
        end = max(end, time) + 10
        if invalid:
            tell(end, "AAM1", "logout")
            continue
        tell(end, "AAM1", "account_generated")
        passes = draw.randrange(2)
        tell(end + 10, "ANV1", "verification", **{"pass": passes, "fail": 1 - passes})
        if not passes:
            continue
        attempts = 1
        while draw.random() < 0.5:
            attempts += 1
        amount = min(draw.randint(0, 40), rest)
        rest, balance, count = rest - amount, balance - amount, count + 1
        tell(end + 20, "PV1", "verification", success=1, attempts=attempts)
        tell(end + 30, "BPM1", "bill", amount=amount)
        tell(end + 40, "TPM1", "transaction", remaining=balance, count=count)
    return numbered(Record(time, *told) for time, _, *told in sorted(lines, key=lambda line: line[:2]))


def numbered(records):
    return [msgspec.structs.replace(record, line=line) for line, record in enumerate(records, 1)]


@pytest.mark.parametrize("seed", range(60))
def test_no_trace_that_is_right_is_found_wrong(seed):
    draw = random.Random(seed)
    step = draw.choice((0.001, 1.0, 5.0, 10.0, 10.0))
    requests = [
        (draw.randrange(round(300 / step)) * step, int(draw.random() < 0.3))
        for _ in range(draw.randrange(40))
    ]
    horizon = draw.choice((1_000_000.0, draw.randrange(400) * 1.0, draw.uniform(0, 400)))
    noise = draw.choice((0.0, 0.0, 0.0004))

    report = checked(trace(requests, draw, horizon, noise), requests, horizon)

    assert report.holds, report.text


@pytest.mark.parametrize("seed", range(4))
def test_an_account_that_runs_dry_is_right_until_the_end(seed):
    requests = [(8.0 * number, 0) for number in range(500)]

    report = checked(trace(requests, random.Random(seed)), requests)

    assert report.holds, report.text
    assert all(rule.verdict == "held" for rule in report.rules)


def changes(records, at):
    """The trace with one record left out, told twice, half a second later or earlier, or told otherwise."""
    record = records[at]
    rest = records[:at] + records[at + 1 :]
    yield "left out", rest
    yield "twice", [*records, record]
    yield "later", [*rest, msgspec.structs.replace(record, time=record.time + 0.5)]
    if record.time:
        yield "earlier", [*rest, msgspec.structs.replace(record, time=record.time - 0.5)]
    for name, value in record.payload.items():
        # How often a password is tried is left to chance.
        if name != "attempts":
            other = value + 1 if name in ("amount", "remaining", "count") else 1 - value
            yield name, [*rest, msgspec.structs.replace(record, payload={**record.payload, name: other})]


def test_no_record_is_missing_too_many_at_another_time_or_otherwise_without_being_noticed():
    requests = [(0.0, 0), (4.0, 1), (4.0, 0), (7.25, 0), (100.0, 1), (110.0, 0), (120.0, 0), (130.5, 0)]
    right = trace(requests, random.Random(3))

    unnoticed = [
        (right[at], change)
        for at in range(len(right))
        for change, wrong in changes(right, at)
        if checked(numbered(sorted(wrong, key=lambda record: record.time)), requests).holds
    ]

    assert checked(right, requests).holds
    assert {record.entity for record in right} == {"input_reader1", "AAM1", "ANV1", "PV1", "BPM1", "TPM1"}
    assert unnoticed == []
