"""What does not fit a contract is said in one sentence, and the schema that the contract prints agrees."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gsim_devs.contracts import record_schema, trace_schema
from gsim_devs.trace import BadLine, Record, read
from gsim_devs.trace.decoding import decoder
from gsim_devs.trace.explaining import explainer
from gsim_devs.trace.form import form_of
from tests.trace.layouts import CONTRACTS, contract_of, event, plain, printed, traces

SENT = {
    "time": 1.5,
    "entity": "sender",
    "event": "packet_sent",
    "payload": {"seq_num": 1, "bit": 1, "is_retry": False},
}


def sentences(contract, *records):
    items = read("\n".join(map(json.dumps, records)), plain(contract))
    return [defect.sentence for item in items for defect in item.defects]


def changed(record, place, value):
    new = copy.deepcopy(record)
    *way, last = place.split(".")
    inner = new
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return new


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("time", -1, "time is -1; it must be at least 0"),
        (
            "entity",
            "sendr",
            'entity is "sendr" (did you mean "sender"?); there are "sender", "subnet" and "receiver"',
        ),
        ("entity", "subnet", 'event is "packet_sent", but "subnet" reports "packet_get"'),
        (
            "event",
            "packet_set",
            (
                'event is "packet_set" (did you mean "packet_sent"?); '
                '"sender" reports "delay_start", "packet_sent" and "ack_received"'
            ),
        ),
        ("more", 1, 'the record has "more" too much; its keys are "time", "entity", "event" and "payload"'),
        ("payload.bit", ..., 'payload lacks "bit"'),
        ("payload.more", 1, 'payload has "more" too much; its keys are "seq_num", "bit" and "is_retry"'),
        ("payload.seq_num", 0, "payload.seq_num is 0; it must be at least 1"),
        ("payload.seq_num", 1.5, "payload.seq_num is 1.5; it must be an integer"),
        ("payload.seq_num", 1.0, "payload.seq_num is 1.0; it must be an integer, written without a fraction"),
        ("payload.seq_num", True, "payload.seq_num is true; it must be an integer"),
        ("payload.seq_num", "1", 'payload.seq_num is "1"; it must be an integer'),
        ("payload.seq_num", None, "payload.seq_num is null; it must be an integer"),
        ("payload.bit", 2, "payload.bit is 2; it must be 0 or 1"),
        ("payload.bit", 1.0, "payload.bit is 1.0; it must be 0 or 1"),
        ("payload.bit", True, "payload.bit is true; it must be 0 or 1"),
        ("payload.is_retry", 0, "payload.is_retry is 0; it must be true or false"),
        ("seq", -1, "seq is -1; it must be at least 0"),
        ("component", 5, "component is 5; it must be a text"),
    ],
)
def test_one_thing_wrong_is_one_sentence(place, value, sentence):
    assert sentences(CONTRACTS["abp"], SENT) == []
    assert sentences(CONTRACTS["abp"], changed(SENT, place, value)) == [sentence]


def test_a_number_beyond_all_doubles_is_not_finite_wherever_it_stands():
    text = json.dumps(SENT).replace('"seq_num": 1', '"seq_num": 1e999, "more": [1, {"x": -1e999}]')

    [record] = read(text, plain(CONTRACTS["abp"]))

    assert [defect.sentence for defect in record.defects] == [
        'payload has "more" too much; its keys are "seq_num", "bit" and "is_retry"',
        "payload.seq_num is not finite",
        "payload.more[1].x is not finite",
    ]


def test_a_record_with_defects_is_still_a_record():
    [record] = read(json.dumps(changed(SENT, "payload.bit", 2)), plain(CONTRACTS["abp"]))

    assert (record.time, record.entity, record.event) == (1.5, "sender", "packet_sent")
    assert record.payload == {"seq_num": 1, "bit": 2, "is_retry": False}
    assert str(record.defects[0]) == "line 1: payload.bit is 2; it must be 0 or 1"


def test_time_may_stand_still_but_not_go_back():
    times = [1.5, 1.5, 1.4999999999999998, 1.4999999999999998, 2]

    found = sentences(CONTRACTS["abp"], *[changed(SENT, "time", time) for time in times])

    assert found == ["time goes back from 1.5 to 1.4999999999999998"]


def test_each_replication_begins_anew():
    detailed = {**SENT, "seq": 0, "component": "sender"}
    times = [(0, 5.0), (1, 1.0), (1, 0.5)]

    found = sentences(CONTRACTS["abp"], *[{**detailed, "time": time, "replication": n} for n, time in times])

    assert found == ["time goes back from 1.0 to 0.5"]


def test_integers_stay_exact_and_numbers_stay_what_they_are():
    contract = contract_of({}, event("a", "x", count={"type": "integer"}, size={"type": "number"}))
    payload = {"count": 12345678901234567890123, "size": 10}

    [record] = read(printed(contract, Record(0.0, "a", "x", payload)), plain(contract))

    assert record.payload == payload
    assert type(record.payload["size"]) is int


@pytest.mark.parametrize(
    ("schema", "good", "bad", "sentence"),
    [
        ({"const": 1}, [1], 1.0, "is 1.0; it must be 1"),
        ({"const": 10000, "type": "number"}, [10000, 10000.0], 9999.5, "is 9999.5; it must be 10000"),
        ({"const": True}, [True], 1, "is 1; it must be true"),
        (
            {"const": [1, {"a": None}]},
            [[1, {"a": None}]],
            [1, {"a": 0}],
            'is [1, {"a": 0}]; it must be [1, {"a": null}]',
        ),
        ({"enum": ["a", 1, None]}, ["a", 1, None], "b", 'is "b"; it must be "a", 1 or null'),
        ({"enum": [0.5, 2]}, [0.5, 2], 2.0, "is 2.0; it must be 0.5 or 2"),
        ({"type": ["integer", "null"]}, [1, None], "", 'is ""; it must be an integer or null'),
        (
            {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
            [0.5, 0.1],
            0,
            "is 0; it must be greater than 0",
        ),
        ({"type": "integer", "exclusiveMaximum": 3}, [2, -(10**30)], 3, "is 3; it must be less than 3"),
        (
            {"type": "integer", "maximum": 10**30},
            [10**30],
            10**30 + 1,
            f"is {10**30 + 1}; it must be at most {10**30}",
        ),
        ({"minimum": 3}, [3, "a", None], 2.5, "is 2.5; it must be at least 3"),
        ({"type": "string", "minLength": 2}, ["ab"], "a", 'is "a"; it must have at least 2 characters'),
        ({"type": "string", "pattern": "b"}, ["abc"], "a", 'is "a"; it must match b'),
        (
            {"type": "array", "items": {"type": "integer"}},
            [[], [1]],
            [1, "a"],
            '[1] is "a"; it must be an integer',
        ),
        ({"type": "array", "maxItems": 1}, [[1]], [1, 2], "is [1, 2]; it must have at most 1 items"),
        (
            {"properties": {"x": {"type": "integer"}}},
            [{"x": 1}, {"y": 1}, 5],
            {"x": "a"},
            '.x is "a"; it must be an integer',
        ),
        ({"required": ["x"]}, [{"x": 1}, 5], {}, 'lacks "x"'),
        (
            {"properties": {"x": {}}, "additionalProperties": False},
            [{}, {"x": 1}],
            {"y": 1},
            'has "y" too much; its keys are "x"',
        ),
        (
            {"additionalProperties": {"type": "integer"}},
            [{"y": 1}],
            {"y": "a"},
            '.y is "a"; it must be an integer',
        ),
        ({"type": "integer", "multipleOf": 2}, [4], 3, "does not fit its schema: 3 is not a multiple of 2"),
        (
            {"anyOf": [{"const": 1}, {"type": "string"}]},
            [1, "a"],
            1.0,
            "does not fit its schema: 1.0 is not valid under any of the given schemas",
        ),
        (
            {"prefixItems": [{"type": "integer"}]},
            [[1], ["a"][1:]],
            ["a"],
            "[0] does not fit its schema: 'a' is not of type 'integer'",
        ),
        (
            {"uniqueItems": True, "items": {"enum": [1, 2]}},
            [[1, 2]],
            [1, 2.0],
            "[1] does not fit its schema: it must be 1 or 2",
        ),
        (True, [1, {"a": [None]}], None, None),
        (False, [], 5, "is 5; nothing is allowed here"),
        ({"title": "Anything", "description": "at all"}, [1, "a"], None, None),
    ],
    ids=str,
)
def test_payload_schemas_say_what_they_allow(schema, good, bad, sentence):
    contract = contract_of({}, event("a", "x", field=schema))
    record = {"time": 0, "entity": "a", "event": "x", "payload": {}}

    for value in good:
        assert sentences(contract, changed(record, "payload.field", value)) == []
    if sentence:
        gap = "" if sentence[0] in ".[" else " "
        assert sentences(contract, changed(record, "payload.field", bad)) == [f"payload.field{gap}{sentence}"]


# Against the schemas that a contract prints

_VALUES = st.sampled_from(
    [0, 1, 2, -1, 1.5, 2.0, 10**20, True, False, None, "", "pass", "a: b", "sender", [], [1], {}, {"x": 1}]
)


@st.composite
def mutated(draw, contract):
    """A printed record, sound or with one or two changes."""
    trace = draw(traces(contract).filter(bool))
    record = json.loads(printed(contract, trace[0]))
    for _ in range(draw(st.integers(0, 2))):
        inner = record
        nested = [value for value in record.values() if isinstance(value, dict)]
        if nested and draw(st.booleans()):
            inner = draw(st.sampled_from(nested))
        key = draw(st.sampled_from([*inner, "surplus"]))
        match draw(st.sampled_from(["remove", "set", "add", "swap"])):
            case "remove":
                inner.pop(key, None)
            case "set":
                inner[key] = copy.copy(draw(_VALUES))
            case "add":
                inner["surplus"] = copy.copy(draw(_VALUES))
            case "swap":
                inner[key] = copy.deepcopy(draw(st.sampled_from(list(inner.values()) or [0])))
    return record


def has_whole_float(value):
    if isinstance(value, dict):
        return any(map(has_whole_float, value.values()))
    if isinstance(value, list):
        return any(map(has_whole_float, value))
    return isinstance(value, float) and value.is_integer()


LINES = sorted(CONTRACTS.keys() - {"document"})
# More than one clock: that they agree is more than a schema can say.
SCHEMAS = sorted(CONTRACTS.keys() - {"document", "clocks"})


@pytest.mark.parametrize("name", SCHEMAS)
@given(st.data())
def test_what_has_no_defects_fits_the_schemas_that_the_contract_prints_and_the_other_way_round(name, data):
    contract = CONTRACTS[name]
    record = data.draw(mutated(contract))

    [item] = read(json.dumps(record), plain(contract))

    if Draft202012Validator(trace_schema(contract)).is_valid(record):
        # JSON Schema takes 1.0 for an integer; scenarios and simulators do not.
        assert is_sound(item) or has_whole_float({**record, "time": 0})
    else:
        assert not is_sound(item)
    if is_sound(item):
        logical = {"time": item.time, "entity": item.entity, "event": item.event, "payload": item.payload}
        assert Draft202012Validator(record_schema(contract)).is_valid(logical)


def is_sound(item):
    return isinstance(item, Record) and not item.defects


# The quick way against the slow one


def agree(contract, line):
    form = form_of(plain(contract))
    quick, slow = decoder(form)(line, 1), explainer(form)(line, 1)
    if quick is None:
        return True
    return quick == slow and is_sound(slow) and repr(quick) == repr(slow)


@pytest.mark.parametrize("name", LINES)
@given(st.data())
def test_what_is_read_quickly_is_what_is_read_to_the_letter(name, data):
    contract = CONTRACTS[name]
    record = data.draw(mutated(contract))
    text = json.dumps(record, ensure_ascii=data.draw(st.booleans()))

    assert agree(contract, text.encode())


@pytest.mark.parametrize("name", LINES)
@given(st.data(), st.booleans())
def test_nor_do_they_differ_on_damaged_lines(name, data, detail):
    contract = CONTRACTS[name]
    # One of its fields has the name of a key of detailed traces; writing that is refused.
    detail = detail and name != "text time"
    trace = data.draw(traces(contract, detail).filter(bool))
    line = printed(contract, trace[0], detail=detail).rstrip(b"\n")
    pieces = st.sampled_from(
        [b'"time":', b'"seq": 1,', b'"seq": null,', b'"component": "x",', b'"x":1,', b":", b" ", b"1", b".0", b"e9",
         b'"', b"{", b"}", b"\\u0041", b"\\ud800", b"\xff", b"NaN", b"-"]
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(line)))
        line = line[:place] + data.draw(pieces) + line[place + data.draw(st.integers(0, 3)) :]

    assert agree(contract, line)


def test_a_key_that_nobody_knows_is_found_though_a_text_holds_colons():
    contract = CONTRACTS["barbershop"]
    record = {"time": 1, "type": "message", "model": "cuthair", "port": "a:b", "content": 'x": {"y": '}

    assert sentences(contract, record) == []
    assert len(sentences(contract, {**record, "more": 1})) == 1
    [item] = read(json.dumps(record)[:-1] + ', "port": "c"}', plain(contract))
    assert isinstance(item, BadLine)
