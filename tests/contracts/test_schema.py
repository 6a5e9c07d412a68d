"""The schema of a trace admits what the layout prints and nothing else."""

from __future__ import annotations

import copy

import pytest
from jsonschema import Draft202012Validator

from gsim_devs.contracts import Contract, from_data, json_schema, record_schema, trace_schema
from gsim_devs.contracts.schema import FILES
from gsim_devs.errors import UsageError

NUMBER, INTEGER, TEXT = {"type": "number"}, {"type": "integer"}, {"type": "string"}


def contract_of(layout, *events, unit="s"):
    data = {
        "id": "sample",
        "title": "Sample",
        "time": {"unit": unit},
        "horizon": {"argument": "until"},
        "arguments": {"until": {"type": "number", "default": 10}},
        "layout": layout,
        "events": list(events),
    }
    return from_data(Contract, data, "sample.yaml")


ENVELOPE = (
    contract_of({}, {"entity": "sender", "event": "sent", "payload": {"bit": {"enum": [0, 1]}}}),
    {"time": 1.5, "entity": "sender", "event": "sent", "payload": {"bit": 1}},
)
RENAMED = (
    contract_of(
        {"keys": {"time": "time", "model": "entity", "event": "event", "data": "payload"}},
        {"entity": "input_reader1", "event": "start"},
        {"entity": "ANV1", "event": "verification", "payload": {"pass": INTEGER, "fail": INTEGER}},
    ),
    {"time": 0, "model": "ANV1", "event": "verification", "data": {"pass": 1, "fail": 0}},
)
LIFTED = (
    contract_of(
        {
            "keys": {
                "time": "time",
                "event": "event",
                "entity_type": "entity",
                "station_id": {"field": "station_id"},
                "station": {"field": "station_name"},
                "payload": "payload",
            }
        },
        {
            "entity": "train",
            "event": "train_arrival",
            "payload": {
                "station_id": INTEGER,
                "station_name": TEXT,
                "station": INTEGER,
                "direction": {"enum": [0, 1]},
            },
        },
    ),
    {
        "time": 225.0,
        "event": "train_arrival",
        "entity_type": "train",
        "station_id": 2,
        "station": "Carling",
        "payload": {"station": 2, "direction": 0},
    },
)
NUMBERS_ONLY = (
    contract_of(
        {"flat": True, "keys": {"time": "time"}},
        {"entity": "system", "event": "state", "payload": {"susceptible": NUMBER, "exposed": NUMBER}},
        unit="day",
    ),
    {"time": 10.0, "susceptible": 5.5, "exposed": 0},
)
MILLISECONDS = (
    contract_of(
        {
            "keys": {
                "timestamp_ms": {"time": "integer", "unit": "ms"},
                "clock": {"time": "HH:MM:SS:mmm"},
                "model": "entity",
                "type": "event",
                "val": "payload",
            }
        },
        {"entity": "sender", "event": "timeout", "payload": {"seq": INTEGER}},
    ),
    {"timestamp_ms": 1500, "clock": "00:00:01:500", "model": "sender", "type": "timeout", "val": {"seq": 1}},
)
FLAT = (
    contract_of(
        {
            "flat": True,
            "keys": {"time": "time", "type": "event", "model": "entity", "version": {"constant": 1}},
        },
        {
            "entity": "reception",
            "event": "state",
            "payload": {"field": TEXT, "value": INTEGER},
            "optional": ["value"],
        },
        {"entity": "reception", "event": "message", "payload": {"port": TEXT, "content": TEXT}},
    ),
    {
        "time": 5.0,
        "type": "state",
        "model": "reception",
        "version": 1,
        "field": "total customers num",
        "value": 3,
    },
)
ALL = pytest.mark.parametrize(
    ("contract", "record"),
    [ENVELOPE, RENAMED, LIFTED, NUMBERS_ONLY, MILLISECONDS, FLAT],
    ids=["envelope", "renamed", "lifted", "numbers only", "milliseconds", "flat"],
)


@ALL
def test_a_record_as_printed_fits_and_its_keys_come_in_the_layouts_order(contract, record):
    schema = trace_schema(contract)

    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(record)
    assert list(record) in [list(kind["properties"]) for kind in schema["oneOf"]]


@ALL
def test_a_record_with_a_key_more_or_less_does_not_fit(contract, record):
    validator = Draft202012Validator(trace_schema(contract))
    optional = {field for kind in contract.events for field in kind.optional}

    assert not validator.is_valid({**record, "surplus": 1})
    for key in record:
        lacking = {other: value for other, value in record.items() if other != key}
        assert validator.is_valid(lacking) is (key in optional)


@ALL
def test_a_record_with_a_wrong_value_does_not_fit(contract, record):
    validator = Draft202012Validator(trace_schema(contract))

    for key in record:
        assert not validator.is_valid({**record, key: [None]})


def test_a_payload_with_a_key_more_or_less_does_not_fit():
    contract, record = LIFTED
    validator = Draft202012Validator(trace_schema(contract))
    more, less = copy.deepcopy(record), copy.deepcopy(record)
    more["payload"]["station_id"] = 2
    del less["payload"]["direction"]

    assert not validator.is_valid(more)
    assert not validator.is_valid(less)


def test_the_logical_record_is_the_same_in_every_layout():
    contract, _ = LIFTED
    payload = {"station_id": 2, "station_name": "Carling", "station": 2, "direction": 0}
    record = {"time": 225.0, "entity": "train", "event": "train_arrival", "payload": payload}
    validator = Draft202012Validator(record_schema(contract))

    assert validator.is_valid(record)
    assert not validator.is_valid({**record, "entity": "station"})
    assert not validator.is_valid({**record, "payload": {**payload, "x": 1}})


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_schema_that_describes_each_of_its_keys(name):
    schema = json_schema(name)

    Draft202012Validator.check_schema(schema)
    for part in [schema, *schema.get("$defs", {}).values()]:
        for key, value in part.get("properties", {}).items():
            # pydantic leaves it out where it is the very sentence of what is referred to.
            described = value.get("description") or value.get("$ref")
            assert described, f"{part['title']}.{key} has no description"


def test_an_unknown_schema_is_refused_by_name():
    with pytest.raises(UsageError, match=r"no schema 'contrakt' \(did you mean 'contract'\?\)"):
        json_schema("contrakt")
