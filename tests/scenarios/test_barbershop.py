"""The rules of the barbershop, tried on traces that are computed without any simulation.

When each customer is handed over follows from the arrivals by formula. Where the specification does not say which of
several records of one instant stands first, that is drawn by lot. Times are in hundredths of a second here.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.execution import run
from gsim_devs.rules import check, load_rule_set
from gsim_devs.trace import Record, read

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/barbershop.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/barbershop.yaml")


def checked(records, horizon):
    return check(records, RULES, CONTRACT, {"simulation_time": horizon / 100})


def admitted(arrivals):
    """When each customer who finds a place arrives, and when he is handed over."""
    customers = []
    for arrival in sorted(arrivals):
        if sum(handed_over > arrival for _, handed_over in customers) < 8:
            before = customers[-1][1] if customers else -2700
            customers.append((arrival, max(before + 2700, arrival + 500)))
    return customers


def trace(arrivals, horizon, draw, late=lambda instant: 0.0):
    """The records up to the horizon. `late`: how much later than it should an instant is reported, in seconds."""
    lines = []

    def tell(instant, entity, event, **payload):
        lines.append((instant, draw.random(), entity, event, payload))

    numbers = {}
    customers = admitted(arrivals)
    for arrival, handed_over in customers:
        numbers.setdefault(handed_over, []).insert(0, -1)
        numbers.setdefault(arrival, []).append(1)
    for count, (_, handed_over) in enumerate(customers, 1):
        tell(handed_over, "reception", "message", port="cust", content="newcust")
        tell(handed_over, "checkhair", "state", field="customer", value="newcust")
        tell(handed_over + 700, "checkhair", "message", port="to_cut", content="newcust")
        tell(handed_over + 2700, "cuthair", "message", port="out", content="done")
        tell(handed_over + 2700, "cuthair", "state", field="total customer done", value=count)
        tell(handed_over + 2700, "checkhair", "state", field="customer", value="done")
        tell(handed_over + 2700, "checkhair", "message", port="to_reception", content="done")
    line = 0
    for instant in sorted(numbers):
        # The numbers in line have an order of their own, among the other records of the instant.
        places = sorted(draw.random() for _ in numbers[instant])
        for place, step in zip(places, numbers[instant], strict=True):
            line += step
            payload = {"field": "total customers num", "value": line}
            lines.append((instant, place, "reception", "state", payload))

    lines.sort(key=lambda line: line[:2])
    delays = {instant: late(instant) for instant, *_ in lines}
    return numbered(
        Record(instant / 100 + delays[instant], *rest) for instant, _, *rest in lines if instant <= horizon
    )


def numbered(records):
    return [msgspec.structs.replace(record, line=line) for line, record in enumerate(records, 1)]


def contents(records):
    """What the records say, in whatever order."""
    return sorted((one.time, one.entity, one.event, *map(str, one.payload.values())) for one in records)


def drawn(draw):
    """Arrivals, of which many fall on the instants of hand-overs, and a horizon."""
    step = draw.choice((1, 100, 500, 900))
    last = draw.choice((3_000, 30_000, 300_000))
    arrivals = [draw.randrange(0, last, step) for _ in range(draw.randrange(1, 40))]
    horizon = draw.choice((1_000_000, draw.randrange(0, last, step), draw.randrange(0, last)))
    return arrivals, horizon


@pytest.mark.parametrize("seed", range(60))
def test_no_trace_that_is_right_is_found_wrong(seed):
    draw = random.Random(seed)
    arrivals, horizon = drawn(draw)

    report = checked(trace(arrivals, horizon, draw), horizon)

    assert report.holds, report.text


@pytest.mark.parametrize("seed", range(20))
def test_a_hundredth_of_a_second_is_forgiven(seed):
    draw = random.Random(seed)
    arrivals, _ = drawn(draw)

    report = checked(
        trace(arrivals, 1_000_000, draw, late=lambda instant: draw.uniform(0, 0.0099)), 1_000_000
    )

    assert report.holds, report.text


def test_the_reference_reports_what_the_formula_says(tmp_path):
    source = ROOT / "scenarios/barbershop/reference"
    simulator = assemble(load_plan(source / "plan.yaml"), read_sources(source), CONTRACT, tmp_path / "it")
    draw = random.Random(7)
    arrivals = [draw.randrange(0, 40_000, 100) for _ in range(60)]
    lines = [f"00:{at // 6000:02}:{at // 100 % 60:02}:{at % 100:02} newcust" for at in arrivals]

    result = run(simulator, {"simulation_time": 500}, stdin="\n".join(lines))

    assert contents(read(result.trace, CONTRACT.model_dump(mode="json", by_alias=True))) == contents(
        trace(arrivals, 50_000, draw)
    )


def changes(records, at):
    """The trace with one record left out, told twice, half a second later or earlier, or told otherwise."""
    record = records[at]
    before, after = records[:at], records[at + 1 :]
    others = [[], [record, record]]
    others += [[msgspec.structs.replace(record, time=record.time + shift)] for shift in (-0.5, 0.5)]
    value = record.payload.get("value")
    if isinstance(value, int):
        for other in (value - 1, value + 1):
            others.append([msgspec.structs.replace(record, payload={**record.payload, "value": other})])
    for other in others:
        yield numbered(sorted([*before, *other, *after], key=lambda record: record.time))


@pytest.mark.parametrize("arrivals", [[1000], [1000, 1100, 1200, 4200], [1000, 3700, 6400]])
def test_no_record_is_missing_too_many_at_another_time_or_otherwise_without_being_noticed(arrivals):
    right = trace(arrivals, 20_000, random.Random(0))

    unnoticed = [
        wrong for at in range(len(right)) for wrong in changes(right, at) if checked(wrong, 20_000).holds
    ]

    assert len(right) == 9 * len(arrivals)
    # When somebody arrived is for the input to say: what is right for other arrivals is all that may go unnoticed.
    assert [
        one for one in unnoticed if contents(one) != contents(trace(arrivals_on(one), 20_000, random))
    ] == []


def arrivals_on(records):
    """When customers arrived, according to a trace."""
    states = [one for one in records if (one.entity, one.event) == ("reception", "state")]
    numbers = [0, *(one.payload["value"] for one in states)]
    return [
        round(one.time * 100)
        for one, (before, after) in zip(states, pairwise(numbers), strict=True)
        if after > before
    ]
