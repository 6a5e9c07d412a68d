"""What is read is what was reported, whatever the layout."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gsim_devs.trace import BadLine, Record, read
from gsim_devs.trace.decoding import decoder
from gsim_devs.trace.form import form_of
from tests.trace.layouts import BIT, CONTRACTS, TEXT, Pipe, contract_of, event, plain, printed, traces


def reading(contract, text):
    return list(read(text, plain(contract)))


def one(contract, **record):
    [item] = reading(contract, json.dumps(record))
    return item


# Of one contract a field has the name of a key of detailed traces; printing that is refused.
@pytest.mark.parametrize(
    ("name", "detail"),
    [(name, detail) for name in CONTRACTS for detail in (False, True)[: 1 + (name != "text time")]],
)
@given(st.data())
def test_what_a_simulator_prints_is_read_as_it_was_reported(name, detail, data):
    contract = CONTRACTS[name]
    trace = data.draw(traces(contract, detail))

    found = reading(contract, printed(contract, *trace, detail=detail))

    assert [replace(record, line=0) for record in found] == trace


@pytest.mark.parametrize("name", ["abp", "iobs", "otrain", "seird", "oft", "barbershop", "clocks"])
@given(st.data(), st.booleans())
def test_all_that_a_simulator_prints_is_read_the_quick_way(name, data, detail):
    contract = CONTRACTS[name]
    text = printed(contract, *data.draw(traces(contract, detail)), detail=detail)
    decode = decoder(form_of(plain(contract)))

    assert all(decode(line, 1) for line in text.splitlines())


def test_each_layout_by_hand():
    assert one(CONTRACTS["iobs"], time=0, model="AAM1", event="logout", data={}) == Record(
        0.0, "AAM1", "logout", {}, 1
    )
    train = {"station": 2, "direction": 0}
    assert one(
        CONTRACTS["otrain"],
        time=225.0,
        event="train_arrival",
        entity_type="train",
        station_id=2,
        station="Carling",
        payload=train,
    ) == Record(225.0, "train", "train_arrival", {**train, "station_id": 2, "station_name": "Carling"}, 1)
    numbers = {"susceptible": 5.5, "exposed": 0, "deceased": 1e-3}
    assert one(CONTRACTS["seird"], time=10.0, **numbers) == Record(10.0, "system", "state", numbers, 1)
    assert one(
        CONTRACTS["oft"], timestamp_ms=10000.5, model="sender", type="packet_sent",
        val={"seq": 1, "bit": 0, "is_retry": False},
    ) == Record(10000.5, "sender", "packet_sent", {"seq": 1, "bit": 0, "is_retry": False}, 1)  # fmt: skip
    message = {"port": "out", "content": "done"}
    assert one(CONTRACTS["barbershop"], time=32, type="message", model="cuthair", **message) == Record(
        32.0, "cuthair", "message", message, 1
    )


CLOCKS = {
    "kind": "a: b",
    "clock": "00:00:01:500",
    "version": 2,
    "milliseconds": 1500,
    "hours": 1.5 / 3600,
    "who": "b",
    "what": "x",
    "more": {},
}


def test_a_time_in_another_unit_or_as_text_becomes_the_contracts():
    text_time = one(CONTRACTS["text time"], clock="02:03.450", event="x", size=1)
    number = one(CONTRACTS["clocks"], **CLOCKS)

    assert text_time.time == 123.45
    assert number.time == 1.5
    assert not number.defects


@given(st.integers(0, 10**14))
def test_a_time_survives_a_layout_that_shows_it_in_another_unit(tick):
    contract = contract_of({"keys": {"h": {"time": "number", "unit": "h"}}, "flat": True}, event("a", "x"))
    record = Record(tick / 1000, "a", "x", {})

    [found] = reading(contract, printed(contract, record))

    # Hours are rounded where they are printed, and seconds once more where they are read.
    assert math.isclose(found.time, record.time, rel_tol=2**-51)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("kind", "b", 'kind is "b"; it must be "a: b"'),
        ("version", True, "version is true; it must be 2"),
        ("clock", "1:5", 'clock is "1:5"; it must be a time written HH:MM:SS:mmm'),
        ("clock", "00:00:01:502", 'clock is "00:00:01:502", but the time is 1.5'),
        ("milliseconds", 1502, "milliseconds is 1502, but the time is 1.5"),
        ("milliseconds", 1500.0, "milliseconds is 1500.0; it must be an integer, written without a fraction"),
    ],
)
def test_constants_and_further_clocks_are_compared(key, value, sentence):
    record = one(CONTRACTS["clocks"], **(CLOCKS | {key: value}))

    assert [defect.sentence for defect in record.defects] == [sentence]


def test_what_is_rounded_in_one_clock_agrees_with_another():
    record = one(CONTRACTS["clocks"], **(CLOCKS | {"hours": 1.5004 / 3600}))

    assert record.defects == ()
    assert math.isclose(record.time, 1.5004)


def test_a_document_is_read_record_by_record_however_it_is_set():
    contract = contract_of({"form": "document"}, event("a", "x", bit=BIT, note=TEXT))
    records = [
        {"time": n, "entity": "a", "event": "x", "payload": {"bit": 1, "note": ']}{[,é"'}} for n in range(3)
    ]
    texts = [
        json.dumps({"records": records}),
        json.dumps({"records": records}, indent=2, ensure_ascii=False) + "\n\n",
        json.dumps({"records": records}, separators=(",", ":")),
    ]

    for text in texts:
        for size in (1, 7, 10_000):
            found = list(read(in_pieces(text.encode(), size), plain(contract)))
            assert [(record.time, record.payload) for record in found] == [
                (record["time"], record["payload"]) for record in records
            ]


def in_pieces(text, size):
    return Pipe(text[start : start + size] for start in range(0, len(text), size))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ['line 1 is no document that begins with {"records": [; what follows is not read']),
        ('{"records": []}', []),
        ('{"records": [\n]}\n', []),
        (
            '{"other": []}',
            ['line 1 has the key "other" where "records" should be; what follows is not read: {"other": []}'],
        ),
        ('{"records": [5]}', ["line 1 is no record, which would be an object, but 5: 5"]),
        ('{"records": [', ["line 1 breaks off; what follows is not read"]),
        ('{"records": [\n{"time": ', ['line 2 breaks off; what follows is not read: {"time": ']),
        (
            '{"records": []} x',
            ["line 1 has something after the end of the document; what follows is not read: x"],
        ),
        (
            '{"records": [], "x": 1}',
            ['line 1 has something after "records"; what follows is not read: , "x": 1}'],
        ),
        ('{"records": [{"a": nul}]}', ['line 1 is not JSON; what follows is not read: {"a": nul}]}']),
    ],
)
def test_a_document_that_is_none_says_where_it_ends(text, sentences):
    contract = contract_of({"form": "document"}, event("a", "x"))

    assert [str(item) for item in reading(contract, text)] == sentences


def test_a_document_that_breaks_off_gives_what_it_has():
    contract = contract_of({"form": "document"}, event("a", "x"))
    whole = printed(contract, *[Record(float(n), "a", "x", {}) for n in range(3)])

    for end in range(len(whole)):
        *records, last = reading(contract, whole[:end])
        assert [record.line for record in records] == [2, 3, 4][: len(records)]
        assert isinstance(last, BadLine) or whole[end:].isspace()
