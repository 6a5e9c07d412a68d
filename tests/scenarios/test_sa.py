"""The rules of strategic airlift and the order within one instant: free where the specification leaves it free."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsim_devs.contracts import load_contract
from gsim_devs.rules import arguments_of, check, load_rule_set
from gsim_devs.trace import Record

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "contracts/sa.yaml")
RULES = load_rule_set(ROOT / "trace_checkers/sa.yaml")
ARGUMENTS = {
    "duration": 13, "num_aircraft": 1, "pallet_interval": 4, "pallet_expiration_time": 8,
    "flight_time": 3, "unload_time": 2, "return_time": 3, "maintenance_time": 0,
}  # fmt: skip


def record(text):
    time, name, *fields = text.split()
    entity, event = name.split(".")
    payload = {key: int(value) for key, value in (field.split("=") for field in fields)}
    return Record(float(time), entity, event, payload)


# At 8 the aircraft is back, a pallet appears, and the one that waits since 4 leaves; at 12 the one that waits stays.
TRACE = [
    "0 facility.pallet_generated pallet_id=1 expiration_time=8",
    "0 queue.pallet_queued pallet_id=1 queue_size=1",
    "0 coordinator.assignment_created aircraft_id=1 pallet_id=1",
    "0 aircraft.depart aircraft_id=1 pallet_id=1",
    "4 facility.pallet_generated pallet_id=2 expiration_time=12",
    "4 queue.pallet_queued pallet_id=2 queue_size=1",
    "5 destination.pallet_delivered pallet_id=1 aircraft_id=1 latency=5",
    "8 aircraft.return aircraft_id=1",
    "8 aircraft.maintenance_start aircraft_id=1",
    "8 aircraft.maintenance_end aircraft_id=1",
    "8 facility.pallet_generated pallet_id=3 expiration_time=16",
    "8 queue.pallet_queued pallet_id=3 queue_size=2",
    "8 coordinator.assignment_created aircraft_id=1 pallet_id=2",
    "8 aircraft.depart aircraft_id=1 pallet_id=2",
    "12 facility.pallet_generated pallet_id=4 expiration_time=20",
    "12 queue.pallet_queued pallet_id=4 queue_size=2",
]


def violated(trace):
    report = check(map(record, trace), RULES, CONTRACT, arguments_of(CONTRACT, ARGUMENTS))
    return {rule.id for rule in report.rules if rule.verdict == "violated"}


def swapped(at):
    return [*TRACE[:at], TRACE[at + 1], TRACE[at], *TRACE[at + 2 :]]


def test_the_trace_is_as_it_should_be():
    assert violated(TRACE) == set()


@pytest.mark.parametrize("at", [0, 2, 7, 8, 10, 12])
def test_the_order_that_is_free_does_not_matter(at):
    assert violated(swapped(at)) == set()


@pytest.mark.parametrize(
    ("at", "rule"), [(1, "assignments-last"), (9, "facility-waits-its-turn"), (11, "assignments-last")]
)
def test_the_order_that_is_fixed_does(at, rule):
    assert rule in violated(swapped(at))
