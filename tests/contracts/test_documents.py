"""YAML is read as version 1.2 reads it, and nothing in it can hurt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.contracts.documents import read_json, read_yaml, write_yaml
from gsim_devs.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("12:30:00", "12:30:00"),
        ("2024-01-02", "2024-01-02"),
        ("1_000", "1_000"),
        ("true", True),
        ("~", None),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1e6", 1e6),
        ("1.0e-9", 1e-9),
        (".5", 0.5),
        ("'7'", "7"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("", None),
        ("{a: [1, 2.0, x], b: {}}", {"a": [1, 2.0, "x"], "b": {}}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text, value):
    data = read_yaml(text, "f").data

    assert data == value
    assert type(data) is type(value)


def test_every_value_has_its_line():
    document = read_yaml("a: 1\nb:\n  - x\n  - c: 2\n", "f.yaml")

    assert document.where(("b", 1, "c")) == "f.yaml, line 4"
    assert document.where(("b", 1, "missing")) == "f.yaml, line 4"
    assert document.where(("b",)) == "f.yaml, line 2"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f, line 3: the key 'a' occurs twice; first in line 1"),
        ("1: x", "f, line 1: the key 1 is not text; write it in quotes"),
        ("true: x", "f, line 1: the key true is not text; write it in quotes"),
        ("[a]: x", "f, line 1: a key must be text"),
        (
            "a: !!python/object:os.system x",
            "f, line 1: the tag tag:yaml.org,2002:python/object:os.system is not allowed",
        ),
        ("a: !!int 3", "f, line 1: the tag tag:yaml.org,2002:int is not allowed"),
        ("a: &x 1\n<<: {b: 1}", r"f, line 2: merge keys \(<<\) are not read"),
        ("a: 1\n---\nb: 2", "f, line 2: a second document begins here"),
        ("a: &x [*x]", r"f, line 1: \*x stands for nothing that is complete before it"),
        ("a: .nan", "f, line 1: .nan is not a finite number"),
        ("a: -1e999", "f, line 1: -1e999 is not a finite number"),
        ("a: \ud800", "f: not YAML"),
        ("a: [1", "f, line 2: not YAML: did not find expected ',' or ']'"),
        ("a: b: c", "f, line 1: not YAML: mapping values are not allowed"),
        ("a: \x07", "f: not YAML"),
        ("[" * 100 + "]" * 100, "f, line 1: nested more than 64 deep"),
        (BOMB, "f, line 6: more than 200000 values, repetitions by alias included"),
        ("1" * 1001, "f, line 1: a number of more than 1000 digits"),
    ],
)
def test_what_yaml_should_not_hold_is_refused_with_its_line(text, message):
    with pytest.raises(UsageError, match=message):
        read_yaml(text, "f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "f: the key 'a' occurs twice in one object"),
        ('{"a": NaN}', "f: NaN is not a finite number"),
        ('{"a": -1e999}', "f: -1e999 is not a finite number"),
        ('{"a": 1\n', "f, line 2: not JSON"),
        ("[" * 100_000, "f: not JSON that can be read"),
    ],
)
def test_what_json_should_not_hold_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        read_json(text, "f")


def test_a_text_of_absurd_size_is_not_read():
    with pytest.raises(UsageError, match="8000001 characters; at most 8000000 are read"):
        read_yaml("#" * 8_000_001, "f")


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DATA = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(DATA)
def test_what_is_written_is_read_back(data):
    assert read_yaml(write_yaml(data), "f").data == data


@pytest.mark.parametrize(
    "text", ["on", "1e6", "0o7", "null", "", "12:30", "a: b", "- x", "#", "<<", "~", "1.", "+1", "x\ny"]
)
def test_texts_that_look_like_something_else_stay_texts(text):
    assert read_yaml(write_yaml({text: text}), "f").data == {text: text}
