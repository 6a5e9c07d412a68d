"""Edits of traces: what a record's fate is, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from gsim_devs.conformance.trace_edits import edited, trace_edit_defects
from gsim_devs.contracts import Mutant, TraceEdit, from_data
from gsim_devs.errors import UsageError
from tests.rules.checking import CONTRACT, trace

TRACE = "0 come 1; 1 pay 1 7; 1 pay 2 8; 5 go 1; 9 come 3"
ARGUMENTS = {"until": 100.0, "service": 5.0}


def after(*edits: dict[str, Any]) -> str | None:
    """The trace after these edits, in the same notation."""
    declared = [from_data(TraceEdit, edit, "edit") for edit in edits]
    records = edited(trace(TRACE), declared, CONTRACT, ARGUMENTS)
    if records is None:
        return None
    assert [record.line for record in records] == list(range(1, len(records) + 1))
    return "; ".join(
        f"{record.time:g} {record.event} {record.payload['id']:g}"
        + (f" {record.payload['n']:g}" if record.payload["n"] else "")
        for record in records
    )


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"on": "till.pay", "nth": 2, "drop": True}, "0 come 1; 1 pay 1 7; 5 go 1; 9 come 3"),
        ({"on": "till.pay", "nth": "all", "drop": True}, "0 come 1; 5 go 1; 9 come 3"),
        ({"on": {"event": "pay", "where": "id == 2"}, "nth": 1, "drop": True}, "0 come 1; 1 pay 1 7; 5 go 1; 9 come 3"),
        ({"on": {"entity": "door"}, "nth": 2, "drop": True}, "0 come 1; 1 pay 1 7; 1 pay 2 8; 9 come 3"),
        ({"on": "door.go", "nth": 1, "set": {"id": 4}}, "0 come 1; 1 pay 1 7; 1 pay 2 8; 5 go 4; 9 come 3"),
        (
            {"on": "till.pay", "nth": "all", "set": {"n": {"=": "n * 2 + args.service"}}},
            "0 come 1; 1 pay 1 19; 1 pay 2 21; 5 go 1; 9 come 3",
        ),
        ({"on": "door.come", "nth": 1, "shift": 1}, "1 pay 1 7; 1 pay 2 8; 1 come 1; 5 go 1; 9 come 3"),
        ({"on": "door.go", "nth": 1, "shift": -5}, "0 come 1; 0 go 1; 1 pay 1 7; 1 pay 2 8; 9 come 3"),
        ({"on": "door.go", "nth": 1, "shift": 50}, "0 come 1; 1 pay 1 7; 1 pay 2 8; 9 come 3; 55 go 1"),
        (
            {"on": "door.go", "nth": 1, "repeat": True},
            "0 come 1; 1 pay 1 7; 1 pay 2 8; 5 go 1; 5 go 1; 9 come 3",
        ),
        ({"on": {"entity": "door"}, "nth": 1, "swap": True}, "0 go 1; 1 pay 1 7; 1 pay 2 8; 5 come 1; 9 come 3"),
    ],
)  # fmt: skip
def test_what_becomes_of_the_trace(edit, expected):
    assert after(edit) == expected


def test_which_record_is_meant_is_decided_on_the_trace_as_it_was():
    first, second = ({"on": "till.pay", "nth": number, "drop": True} for number in (1, 2))

    assert after(first, second) == "0 come 1; 5 go 1; 9 come 3"


def test_an_edit_that_finds_no_record_leaves_nothing_to_check():
    assert after({"on": "till.pay", "nth": 3, "drop": True}) is None
    assert after({"on": "till.pay", "nth": 2, "swap": True}) is None
    assert after({"on": "door.go", "nth": 1, "drop": True}, {"on": "door.go", "nth": 2, "drop": True}) is None


def test_the_trace_that_was_given_stays_as_it_is():
    records = trace(TRACE)
    edit = from_data(TraceEdit, {"on": "till.pay", "nth": "all", "set": {"n": 0}}, "edit")

    edited(records, [edit], CONTRACT, ARGUMENTS)

    assert records == trace(TRACE)


def test_nothing_is_moved_before_the_start():
    with pytest.raises(UsageError, match="before the start"):
        after({"on": "door.come", "nth": 1, "shift": -1})


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"drop": True, "repeat": True}, "exactly one of"),
        ({}, "exactly one of"),
        ({"nth": "all", "swap": True}, "give its number"),
        ({"nth": 0, "drop": True}, "nth"),
    ],
)
def test_an_edit_does_one_thing_to_certain_records(edit, sentence):
    with pytest.raises(UsageError, match=sentence):
        from_data(TraceEdit, {"on": "till.pay", "nth": 1, **edit}, "edit")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"on": "till.pya", "drop": True}, "did you mean 'till.pay'"),
        ({"on": {"event": "pay", "where": "m > 1"}, "drop": True}, "unknown name 'm'"),
        ({"on": "till.pay", "set": {"m": 1}}, "no field 'm'"),
        ({"on": "till.pay", "set": {"n": {"=": "args.servce"}}}, "servce"),
    ],
)
def test_what_does_not_agree_with_the_contract_is_told_before_anything_runs(edit, sentence):
    mutant = from_data(Mutant, {"id": "it", "breaks": "rule", "trace": [{"nth": 1, **edit}]}, "mutants")

    (told,) = trace_edit_defects(mutant, CONTRACT)

    assert told.startswith("Mutant it: trace[0]: ")
    assert sentence in told
