"""Texts and JSON values stand for what people mean by them, or are refused with half a sentence."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.runtime.durations import FORMATS_IN_WORDS, is_format, seconds_of, text_of
from gsim_devs.runtime.values import check_bounds, read, take

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
BOOLEAN = {"type": "boolean"}
TEXT: dict[str, Any] = {"type": "text", "pattern": None}


def refusal(declaration: dict[str, Any], value: Any, unit: str = "s") -> str:
    """Half a sentence, on one line and not too long."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (what it says is looked at)
        take(declaration, value, unit)
    assert type(caught.value) is ValueError
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 250
    return said


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[
            ("10", 10),
            ("10.0", 10),
            ("1e6", 10**6),
            ("+5", 5),
            ("-5", -5),
            ("007", 7),
            ("1.5e1", 15),
            ("5.", 5),
        ],
        ("12345678901234567890.0", 12345678901234567890),
        ("12345678901234567890123e-3", None),
        ("1e22", 10**22),
        ("0.1e1", 1),
        ("-0", 0),
        ("1" * 300, int("1" * 300)),
        *[
            (text, None)
            for text in ("1" * 301, "1" * 100_000, "1e300", "1e999999999", "1e-999999999", "1e9999999999")
        ],
        *[
            (text, None)
            for text in ("", " 1", "1 ", "1\n", "1_000", "0x10", "nan", "inf", "1.5", "--1", "1,000", "e5")
        ],
        *[(text, None) for text in ("one", "٣", "²", ".", "+", "1e", "1e+", "true", "1" * 20 + ".5")],
    ],
)
def test_whole_numbers(text, number):
    if number is None:
        assert refusal(INTEGER, text).startswith(
            ("must be a whole number, not '", "must have at most 300 digits")
        )
    else:
        found = read(INTEGER, text, "s")
        assert (found, type(found)) == (number, int)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[
            ("10", 10.0),
            ("10.0", 10.0),
            ("1e6", 1e6),
            ("1000000.0", 1e6),
            (".5", 0.5),
            ("5.", 5.0),
            ("-1E-3", -0.001),
        ],
        ("0.1", 0.1),
        ("1e-999", 0.0),
        ("3" * 50_000 + "e-50000", 1 / 3),
        *[
            (text, None)
            for text in ("", " 1", "1\n", "1_000", "0x10", "nan", "inf", "-Infinity", "1e999", "٣.3", "1,5")
        ],
        ("9" * 400, None),
    ],
)
def test_numbers(text, number):
    if number is None:
        assert refusal(NUMBER, text).startswith("must be a number, not '")
    else:
        found = read(NUMBER, text, "s")
        assert (found, type(found)) == (number, float)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_as_it_is_printed(number):
    assert read(NUMBER, repr(number), "s") == take(NUMBER, number, "s") == number


@given(st.integers(-(10**299), 10**299))
def test_every_whole_number_is_read_as_it_is_printed(number):
    assert read(INTEGER, str(number), "s") == take(INTEGER, number, "s") == number
    assert math.isfinite(float(number))


@pytest.mark.parametrize(
    ("declaration", "value", "taken"),
    [
        (INTEGER, 10, 10),
        (INTEGER, 10.0, 10),
        (INTEGER, 1e22, 10**22),
        (INTEGER, "10", 10),
        (NUMBER, 10, 10.0),
        (NUMBER, np.float64(0.1), 0.1),
        (NUMBER, 10**400, None),
        (INTEGER, 10**400, None),
        (INTEGER, 10.5, None),
        (INTEGER, math.nan, None),
        (NUMBER, math.inf, None),
        (BOOLEAN, True, True),
        (BOOLEAN, "false", False),
        *[(BOOLEAN, value, None) for value in ("True", "", "1", "yes", 1, 0, None)],
        *[
            (declaration, value, None)
            for declaration in (INTEGER, NUMBER)
            for value in (True, None, [], {}, "")
        ],
        *[(TEXT, value, None) for value in (5, None, True, ["a" * 1000], {"a": "\n"})],
        ({"type": "choice", "choices": ["a", "b"]}, "b", "b"),
        ({"type": "choice", "choices": ["a", "b"]}, "c", None),
        ({"type": "choice", "choices": ["1", "2"]}, 1, None),
        ({"type": "duration", "format": "HH:MM"}, 5, None),
    ],
)
def test_values_of_json(declaration, value, taken):
    if taken is None:
        assert refusal(declaration, value).startswith("must ")
    else:
        found = take(declaration, value, "s")
        assert (found, type(found)) == (taken, type(taken))


def test_what_is_wrong_is_shown_and_what_is_right_is_said():
    assert refusal({"type": "choice", "choices": ["a", "b"]}, "c") == "must be one of a, b, not 'c'"
    assert refusal(TEXT | {"pattern": "[a-z]+"}, "A1") == "must look like [a-z]+, not 'A1'"
    assert refusal(INTEGER, [1, {"a": None}]) == 'must be a whole number, not [1, {"a": null}]'
    assert refusal(TEXT, math.nan) == "must be a text, not NaN"


def test_a_text_matches_its_pattern_as_a_whole():
    named = TEXT | {"pattern": "[a-z]+|ä"}

    assert [read(named, text, "s") for text in ("abc", "ä")] == ["abc", "ä"]
    assert all(refusal(named, text) for text in ("", "abc1", "abc\n", "ää"))


@pytest.mark.parametrize("text", ["\udcff", "a\ud800"])
def test_half_characters_are_refused(text):
    assert "must be text in UTF-8" in refusal(TEXT, text)


# Bounds


@pytest.mark.parametrize(
    ("bounds", "good", "bad", "words"),
    [
        ({"minimum": 1}, [1, 2], [0, 0.999999999], "at least 1"),
        ({"exclusive_minimum": 0.0}, [5e-324, 1], [0, -0.0, -1], "greater than 0.0"),
        ({"maximum": 1_000_000}, [1_000_000], [1_000_001], "at most 1000000"),
        ({"exclusive_maximum": 0.3}, [0.1 + 0.1], [0.1 + 0.2, 0.3], "less than 0.3"),
        ({"minimum": 0, "maximum": "people"}, [0, 10], [11, 10**299], "at most people (10)"),
        ({"minimum": 0, "maximum": "people"}, [], [-1], "at least 0"),
        ({"exclusive_minimum": "low", "maximum": "people"}, [3], [2.5], "greater than low (2.5)"),
        ({"minimum": None, "maximum": None}, [-(10**299)], [], ""),
    ],
)
def test_bounds_hold_exactly_and_may_name_other_values(bounds, good, bad, words):
    others = {"people": 10, "low": 2.5}

    for value in good:
        check_bounds(bounds, value, others)
    for value in bad:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            check_bounds(bounds, value, others)
        assert str(caught.value) == f"must be {words}, not {value}"


# Times as text


@pytest.mark.parametrize(
    ("form", "text", "unit", "value"),
    [
        ("HH:MM:SS:mmm", "00:01:00:000", "ms", 60_000.0),
        ("HH:MM:SS:mmm", "00:01:00:001", "s", 60.001),
        ("HH:MM:SS[:mmm]", "00:00:08", "ms", 8000.0),
        ("HH:MM:SS[:mmm]", "00:00:31:500", "ms", 31_500.0),
        ("HH:MM:SS:cc", "10:00:00:25", "s", 36_000.25),
        ("HH:MM", "36:00", "day", 1.5),
        ("MM:SS.mmm", "600:00.000", "h", 10.0),
        *[
            ("HH:MM:SS:mmm", text, "s", None)
            for text in ("", "5", "00:01:00", "00:60:00:000", "0:1:0:0", "-1:00:00:000")
        ],
        *[
            ("HH:MM", text, "s", None)
            for text in ("00:01 ", "00:1", "1e5:00", "9" * 400 + ":00", "9" * 9000 + ":00")
        ],
    ],
)
def test_durations_arrive_in_the_unit_of_the_contract(form, text, unit, value):
    declaration = {"type": "duration", "format": form}
    if value is None:
        assert refusal(declaration, text, unit).startswith(f"must be a time like {form}, not '")
    else:
        assert read(declaration, text, unit) == value


FORMATS = [
    form
    for base in ("HH:MM:SS", "HH:MM", "MM:SS")
    for form in (base, *(f"{base}{mark}{digits}" for mark in ":." for digits in ("mmm", "cc")))
    if is_format(form)
]


@given(st.sampled_from(FORMATS), st.integers(0, 10**12))
def test_what_is_printed_is_read_as_the_same_time(form, units):
    smallest = {"mmm": Fraction(1, 1000), "cc": Fraction(1, 100)}.get(form.split(":")[-1].split(".")[-1])
    seconds = units * (smallest or (60 if form == "HH:MM" else 1))

    assert seconds_of(text_of(Fraction(seconds), form), form) == seconds


def test_the_formats_are_those_that_are_told():
    assert len(FORMATS) == 2 * 5 + 1
    assert all(word in FORMATS_IN_WORDS for word in ("HH:MM:SS", "HH:MM", "MM:SS", ":mmm", ".cc"))


def test_what_is_no_format_prints_nothing():
    with pytest.raises(ValueError, match="'HH' is no format of times"):
        text_of(Fraction(1), "HH")


# Files


@pytest.fixture
def content(tmp_path):
    """What a file of some bytes arrives as."""

    def of(form: str, written: bytes | str) -> Any:
        path = tmp_path / "file"
        path.write_bytes(written.encode() if isinstance(written, str) else written)
        return take({"type": "file", "format": form}, str(path), "s")

    return of


@pytest.mark.parametrize(
    ("form", "written", "value"),
    [
        ("text", "dear\r\nall\rof\nyou", "dear\nall\nof\nyou"),
        ("text", "\ufeffdear", "dear"),
        ("text", "", ""),
        ("csv", "a,b\n1,x\n\n2,\n", ({"a": "1", "b": "x"}, {"a": "2", "b": ""})),
        ("csv", '\ufeffa,b\r\n"1\n2","x ""y"", z"\r\n', ({"a": "1\n2", "b": 'x "y", z'},)),
        ("csv", "a\n\u2028x\x0cy\n", ({"a": "\u2028x\x0cy"},)),
        ("csv", "a,b", ()),
        ("csv", "", ()),
        ("json", '{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("json", "\ufeff5", 5),
        ("jsonl", '{"a": 1}\r\n\n {"a": "\u2028"} ', ({"a": 1}, {"a": "\u2028"})),
        ("jsonl", "", ()),
    ],
)
def test_files_arrive_as_their_content(content, form, written, value):
    found = content(form, written)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("form", "written", "what"),
    [
        ("csv", "a,b\n1,2\n1,2,3\n", "is not csv: line 3 has 3 cells, the first line 2"),
        ("csv", "a,b\n1\n", "is not csv: line 2 has 1 cells, the first line 2"),
        ("csv", "a,a\n1,2\n", "is not csv: two columns have the same name"),
        ("csv", 'a\n"x"y\n', "is not csv: "),
        ("csv", 'a\n"x', "is not csv: "),
        ("csv", "a\n" + "x" * 200_000, "is not csv: field larger than field limit"),
        ("json", "{", "is not json: "),
        ("json", "", "is not json: "),
        ("json", "[NaN]", "is not json: NaN is no number of JSON"),
        ("json", "[" * 100_000, "is not json: "),
        ("jsonl", '{"a": 1}\n{"a": }\n', "is not jsonl: line 2: "),
        ("jsonl", '{"a": 1}\n[1]\n', "is not jsonl: line 2 is no object"),
        ("jsonl", '\n{"a": -Infinity}', "is not jsonl: line 2: -Infinity is no number of JSON"),
        *[(form, b"a\xff", "cannot read the file") for form in ("text", "csv", "json", "jsonl")],
    ],
)
def test_files_that_are_not_what_they_should_be(content, form, written, what):
    with pytest.raises(ValueError, match="(?s).") as caught:
        content(form, written)

    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere", ".", "\0", "a" * 5000])
@pytest.mark.parametrize("form", ["text", "csv", "json", "jsonl"])
def test_files_that_cannot_be_read(tmp_path, monkeypatch, form, name):
    monkeypatch.chdir(tmp_path)

    assert refusal({"type": "file", "format": form}, name).startswith("cannot read the file '")


@given(st.sampled_from([INTEGER, NUMBER, BOOLEAN, TEXT, {"type": "duration", "format": "HH:MM"}]), st.data())
def test_whatever_json_holds_is_taken_or_refused(declaration, data):
    value = json.loads(
        json.dumps(data.draw(st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists)))
    )

    try:
        taken = take(declaration, value, "s")
    except ValueError as error:
        assert str(error).startswith("must ")  # noqa: PT017 (either will do)
    else:
        assert not isinstance(taken, float) or math.isfinite(taken)
