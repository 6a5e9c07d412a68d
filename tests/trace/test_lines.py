"""Nothing that a trace may hold raises; a line that is no record is one bad line, and reading goes on."""

from __future__ import annotations

import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.errors import UsageError
from gsim_devs.trace import LONGEST_LINE, BadLine, Record, read, validate
from tests.trace.layouts import CONTRACTS, plain, printed, traces

ABP = plain(CONTRACTS["abp"])
GOOD = (
    b'{"time": 1, "entity": "sender", "event": "ack_received", "payload": {"ack_bit": 1, "is_valid": true}}'
)
RECORD = Record(1.0, "sender", "ack_received", {"ack_bit": 1, "is_valid": True}, 1)


def bad(line, contract=ABP):
    """What is said of a line that stands between two good ones."""
    first, item, last = read(GOOD + b"\n" + line + b"\n" + GOOD, contract)
    assert (first.line, last.line, last.defects) == (1, 3, ())
    assert isinstance(item, BadLine)
    assert item.line == 2
    return item.sentence


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"", "is empty"),
        (b" \r", "is empty"),
        (b"hello", "is not JSON: expecting value at column 1"),
        (GOOD + b",", "is not JSON: extra data at column 102"),
        (GOOD[:-1], "is not JSON: it breaks off"),
        (GOOD[:12], "is not JSON: it breaks off"),
        (GOOD[:20], "is not JSON: it breaks off"),
        (b"\xef\xbb\xbf" + GOOD, "is not JSON: it begins with a byte order mark"),
        (b"\x00\x01\x02", "is not JSON: expecting value at column 1"),
        (b'"\xff"', "is not UTF-8: byte 0xff at column 2"),
        (GOOD.decode().encode("utf-16"), "is not UTF-8: byte 0xff at column 1"),
        (GOOD.replace(b"1", b"NaN", 1), "is not JSON: NaN is no number there"),
        (GOOD.replace(b"1", b"-Infinity", 1), "is not JSON: -Infinity is no number there"),
        (GOOD.replace(b'"sender"', b'"\\ud800"'), "holds half of a surrogate pair, which is no character"),
        (GOOD.replace(b"entity", b"time"), 'has the key "time" twice'),
        (GOOD.replace(b"is_valid", b"ack_bit"), 'has the key "ack_bit" twice'),
        (GOOD.replace(b'"time"', b'"event": "x", "\\u0074ime"'), 'has the key "event" twice'),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b"9" * 5000, "holds an integer of more digits than can be read"),
        (b"[1, 2]", "is no record, which would be an object, but [1, 2]"),
        (b"null", "is no record, which would be an object, but null"),
        (b'"' + b"x" * LONGEST_LINE + b'"', "is longer than 16 MiB"),
        (GOOD + b" " * LONGEST_LINE, "is longer than 16 MiB"),
        (b"{}", 'lacks "time"'),
        (GOOD.replace(b'"event"', b'"evnt"'), 'lacks "event"'),
        (GOOD.replace(b'"payload"', b'"pay"'), 'lacks "payload"'),
        (GOOD.replace(b'"sender"', b"5"), "is no record: entity is 5; it must be a text"),
        (
            GOOD.replace(b'{"ack_bit": 1, "is_valid": true}', b"[]"),
            "is no record: payload is []; it must be an object",
        ),
        (GOOD.replace(b"1", b'"1"', 1), 'has no time: time is "1"; it must be a number'),
        (GOOD.replace(b"1", b"true", 1), "has no time: time is true; it must be a number"),
        (GOOD.replace(b"1", b"1e999", 1), "has no time: time is not finite"),
        (
            GOOD.replace(b"1", b"1" + b"0" * 400, 1),
            "has no time: time is larger than any number that can be counted with",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_line_is_named_and_the_rest_is_read(line, sentence):
    assert bad(line) == sentence


def test_a_bad_line_shows_how_it_begins():
    [item] = read(b'\xff{"time": ' + b"x" * 1000, ABP)

    assert item.excerpt.startswith('\\xff{"time": xxx')
    assert len(item.excerpt) <= 61
    assert str(item).startswith("line 1 is not UTF-8: byte 0xff at column 1: \\xff{")


def test_what_is_said_is_one_line_that_does_nothing_to_a_terminal():
    lines = [
        b'\x1b[2J\r\x00{"time"',
        json.dumps({"time": 1, "entity": "a\n\x9b2J", "event": "\u2028", "payload": {}}).encode(),
        GOOD[:-2] + b', "\\u001b[2J\\n": 1e999}}',
    ]

    for line in lines:
        [item] = read(line, ABP)
        said = [str(item)] if isinstance(item, BadLine) else [str(defect) for defect in item.defects]
        assert said
        assert all(text.isprintable() for text in said)


def test_of_a_record_that_is_wrong_all_over_only_the_first_defects_are_kept():
    [record] = read(GOOD[:-2] + b"".join(b', "x%d": 1e999' % n for n in range(1000)) + b"}}", ABP)

    assert len(record.defects) == 20
    assert all(len(str(defect)) < 300 for defect in record.defects)


def test_times_as_text_that_cannot_be_counted_are_no_times():
    contract = plain(CONTRACTS["text time"])
    for digits in (400, 5000):
        text = json.dumps({"clock": "9" * digits + ":00.000", "event": "x", "size": 1})
        [item] = read(text, contract)
        assert item.sentence == "has no time: clock is larger than any number that can be counted with"


def test_a_last_line_needs_no_end_and_lines_may_end_as_on_windows():
    assert list(read(GOOD, ABP)) == [RECORD]
    assert [item.line for item in read(GOOD + b"\r\n" + GOOD + b"\r\n", ABP)] == [1, 2]
    assert list(read(b"", ABP)) == []


@given(st.binary(max_size=200))
def test_rubbish_never_raises(rubbish):
    for name in ("abp", "otrain", "barbershop", "text time", "document"):
        items = list(read(rubbish, plain(CONTRACTS[name])))
        assert all(isinstance(item, BadLine) for item in items)


@given(st.data())
def test_a_damaged_trace_never_raises_and_loses_no_line(data):
    contract = CONTRACTS[data.draw(st.sampled_from(sorted(CONTRACTS.keys() - {"document"})))]
    text = bytearray(printed(contract, *data.draw(traces(contract))))
    for _ in range(data.draw(st.integers(1, 4)) if text else 0):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    lines = bytes(text).split(b"\n")

    items = list(read(bytes(text), plain(contract)))

    assert [item.line for item in items] == list(range(1, len(lines) + (lines[-1] != b"")))


# Where traces come from


def test_a_trace_is_read_from_wherever_it_is(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_bytes(GOOD + b"\n")
    sources = [
        path,
        GOOD,
        GOOD.decode(),
        io.BytesIO(GOOD),
        io.StringIO(GOOD.decode()),
        path.open("rb", buffering=0),
        path.open("rb"),
        path.open(encoding="utf-8"),
        [GOOD],
        [GOOD.decode()],
        iter([GOOD + b"\n"]),
    ]

    for source in sources:
        assert list(read(source, ABP)) == [RECORD]
        if hasattr(source, "close"):
            source.close()


def test_lines_of_a_list_need_no_ends():
    assert [item.line for item in read([GOOD, GOOD.decode(), GOOD + b"\n"], ABP)] == [1, 2, 3]


def test_a_text_that_is_none_is_a_bad_line():
    [item] = read('"\ud800"', ABP)

    assert item.sentence == "is not UTF-8: byte 0xed at column 2"


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*none\.jsonl: No such file or directory"):
        next(read(tmp_path / "none.jsonl", ABP))


def test_a_pipe_is_read_as_it_fills():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, os.fdopen(writer, "wb", buffering=0) as end:
        records = read(pipe, ABP)
        for number in (1, 2, 3):
            end.write(GOOD + b"\n")
            assert next(records).line == number
        end.write(GOOD[:50])
        end.close()
        assert next(records).sentence == "is not JSON: it breaks off"
        assert next(records, None) is None


def test_lines_longer_than_a_block_are_read_whole():
    long = GOOD.replace(b'"time"', b" " * 200_000 + b'"time"')

    items = list(read(io.BytesIO(b"\n".join([long, GOOD, long])), ABP))

    assert [(item.line, item.time) for item in items] == [(1, 1.0), (2, 1.0), (3, 1.0)]


def test_a_check_counts_everything_and_keeps_the_first():
    text = b"\n".join([GOOD, b"x", GOOD.replace(b"true", b"1"), b"y", GOOD.replace(b"true", b"2"), b"z"])

    check = validate(text, ABP, limit=2)

    assert (check.records, check.defective_records, check.bad_line_count, check.is_valid) == (3, 2, 3, False)
    assert [line.line for line in check.bad_lines] == [2, 4]
    assert check.sentences == [
        "line 2 is not JSON: expecting value at column 1: x",
        "line 3: payload.is_valid is 1; it must be true or false",
        "line 4 is not JSON: expecting value at column 1: y",
        "line 5: payload.is_valid is 2; it must be true or false",
    ]


def test_a_check_says_when_a_trace_begins_and_ends():
    check = validate(GOOD + b"\n" + GOOD.replace(b"1", b"7.5", 1), ABP)

    assert (check.is_valid, check.records, check.first_time, check.last_time) == (True, 2, 1.0, 7.5)
    assert validate(b"", ABP).first_time is None
