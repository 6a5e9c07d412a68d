"""What is expected of a trace, and what is said of one that differs."""

from __future__ import annotations

import pytest

from gsim_devs.conformance import unmet
from gsim_devs.contracts import Expectation, from_data
from gsim_devs.trace import BadLine, Record

TRACE = [
    Record(0.0, "door", "opened", {}),
    BadLine(2, "is not JSON", "x"),
    Record(1.5, "desk", "served", {"customer": 1, "is_new": True, "bill": 0.1 + 0.2}),
    Record(4.0, "desk", "served", {"customer": 2, "is_new": False, "bill": None}),
]


def expectation(**keys: object) -> Expectation:
    return from_data(Expectation, keys, "expect")


def test_a_trace_that_is_as_expected_gives_nothing_to_say():
    wanted = expectation(
        records=3,
        first_time=0,
        last_time=4,
        last="desk.served",
        counts={"desk.served": 2, "door.opened": 1, "door.closed": 0},
        matching=[
            {"kind": "desk.served", "where": {"is_new": True, "bill": 0.3}, "count": 1},
            {"kind": "desk.served", "where": {"bill": None, "customer": 2.0}, "count": 1},
            {"kind": "desk.served", "where": {}, "count": 2},
        ],
    )

    assert unmet(wanted, iter(TRACE)) == []


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"records": 4}, "There are 3 records; 4 expected."),
        ({"first_time": 1}, "The first record, door.opened, is at 0.0; 1.0 expected."),
        ({"last_time": 4.000001}, "The last record, desk.served, is at 4.0; 4.000001 expected."),
        ({"last": "door.opened"}, "The last record, at 4.0, is desk.served; door.opened expected."),
        ({"counts": {"desk.served": 0}}, "There are 2 records desk.served; 0 expected."),
        ({"counts": {"desk.left": 1}}, "There are 0 records desk.left; 1 expected."),
        (
            {"matching": [{"kind": "desk.served", "where": {"customer": 3, "is_new": True}, "count": 1}]},
            "There are 0 records desk.served with customer 3, is_new True; 1 expected.",
        ),
        (
            {"matching": [{"kind": "desk.served", "where": {"is_new": 1}, "count": 1}]},
            "There are 0 records desk.served with is_new 1; 1 expected.",
        ),
        (
            {"matching": [{"kind": "desk.served", "where": {"customer": True}, "count": 1}]},
            "There are 0 records desk.served with customer True; 1 expected.",
        ),
        (
            {"matching": [{"kind": "door.opened", "where": {"customer": None}, "count": 1}]},
            "There are 0 records door.opened with customer None; 1 expected.",
        ),
        (
            {"last": "desk.served", "last_where": {"customer": 3, "is_new": False}},
            "The last record, at 4.0, has customer 2; 3 expected.",
        ),
        (
            {"last": "desk.served", "last_where": {"tip": 1}},
            "The last record, at 4.0, has tip missing; 1 expected.",
        ),
    ],
)
def test_each_thing_that_differs_is_one_sentence(keys, sentence):
    assert unmet(expectation(**keys), TRACE) == [sentence]


def test_numbers_may_differ_by_the_tolerance():
    keys = {"last": "desk.served", "last_time": 4.004, "last_where": {"customer": 1.996}}

    assert unmet(expectation(**keys, tolerance=0.005), TRACE) == []
    assert len(unmet(expectation(**keys, tolerance=0.003), TRACE)) == 2


def test_the_fields_of_another_kind_of_record_are_not_compared():
    wanted = expectation(last="door.opened", last_where={"customer": 3})

    assert unmet(wanted, TRACE) == ["The last record, at 4.0, is desk.served; door.opened expected."]


def test_everything_that_differs_is_said():
    wanted = expectation(records=1, last_time=3, last="door.opened", counts={"door.opened": 2})

    assert len(unmet(wanted, TRACE)) == 4


def test_an_empty_trace_has_no_first_and_no_last_record():
    assert unmet(expectation(records=0), []) == []
    assert unmet(expectation(first_time=0), []) == ["There is no first record; at 0.0 expected."]
    assert unmet(expectation(last_time=2, last="desk.served"), []) == [
        "There is no last record; desk.served at 2.0 expected."
    ]
