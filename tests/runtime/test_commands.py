"""Stdin is read to its end and as a whole, or refused by the number of a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.contracts import Contract, parse_yaml
from gsim_devs.runtime.commands import Command, read_commands
from gsim_devs.runtime.errors import UsageError

HEAD = """
id: x
title: X
time: {unit: s}
horizon: {argument: until}
arguments: {until: {type: number}, people: {type: integer}}
events: [{entity: a, event: b}]
"""
LINES = (
    HEAD
    + """
stdin:
  form: lines
  commands:
    control:
      pattern: '(?P<time>\\S+)\\s+control\\s+(?P<added>\\S+)'
      fields:
        time: {type: duration, format: "HH:MM:SS[:mmm]"}
        added: {type: integer, minimum: 0, maximum: people}
      order: 3
    request:
      pattern: '(?P<when>\\S+)\\s+request\\s+(?P<allowed>[01])'
      fields:
        when: {type: number}
        allowed: {type: choice, choices: ["0", "1"]}
      time: when
    note:
      pattern: 'note (?P<text>.*)'
      fields: {text: {type: text}}
      time: null
    maybe:
      pattern: 'maybe(?P<count> [0-9]+)?'
      fields: {count: {type: integer}}
      time: null
"""
)
JSONL = (
    HEAD
    + """
stdin:
  form: jsonl
  discriminator: do
  commands:
    control:
      fields: {time: {type: integer}, added: {type: number, exclusive_minimum: 0, maximum: people}, why: {type: text}}
      order: 3
    reset: {fields: {}, time: null}
    wait:
      fields: {time: {type: duration, format: "HH:MM"}, flag: {type: boolean}}
"""
)
NONE = HEAD + "stdin: {form: none}\n"


def commands(contract: str, text: str, unit: str = "s") -> list[Command]:
    stdin = parse_yaml(Contract, contract, "contract.yaml").model_dump(mode="json", by_alias=True)["stdin"]
    return read_commands(stdin, text, unit, {"until": 1.0, "people": 10})


def refusal(contract: str, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        commands(contract, text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_lines_are_matched_against_the_patterns_in_their_order():
    text = """
        # the morning
    00:00:08 control 2   # two more

    \t00:00:31:500   control   0
    7.25 request 1
    note  what # ever
    """

    assert commands(LINES, text) == [
        Command("control", 8.0, 3, {"added": 2}),
        Command("control", 31.5, 3, {"added": 0}),
        Command("request", 7.25, 0, {"allowed": "1"}),
        Command("note", 0.0, 0, {"text": " what"}),
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n", "\n#", "   "])
@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\r\n", " # comment\n", "\n#\n\n"])
def test_ends_of_lines_do_not_matter(between, end):
    text = f"00:00:08 control 2{between}7 request 1{end}"

    assert commands(LINES, text) == [
        Command("control", 8.0, 3, {"added": 2}),
        Command("request", 7.0, 0, {"allowed": "1"}),
    ]


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "# nothing", " \t \r\n # x"])
def test_nothing_is_no_command(text):
    assert commands(LINES, text) == []
    assert commands(JSONL, text.replace("#", "").replace("nothing", "").replace("x", "")) == []


def test_where_nothing_is_read_nothing_matters():
    assert commands(NONE, "whatever\0") == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("00:00:08 contrl 2", "'00:00:08 contrl 2' is no control or request or note or maybe"),
        ("00:00:08 control", "is no control"),
        ("00:00:08 control 2 3", "is no control"),
        ("x" * 100_000, "xxx... is no control"),
        ("00:00:08 control two", "added must be a whole number, not 'two'"),
        ("00:00:08 control -1", "added must be at least 0, not -1"),
        ("00:00:08 control 11", "added must be at most people (10), not 11"),
        ("00:00:08 control 1_0", "added must be a whole number, not '1_0'"),
        ("00:61:08 control 1", "time must be a time like HH:MM:SS[:mmm], not '00:61:08'"),
        ("-7 request 1", "when must not be negative, but is -7.0"),
        ("nan request 1", "when must be a number, not 'nan'"),
        ("1e400 request 1", "when must be a number, not '1e400'"),
        ("maybe", "count must be a whole number, not null"),
        ("maybe 5", "count must be a whole number, not ' 5'"),
        ("\x1b[31m", "'\\x1b[31m' is no control"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(line, what):
    said = refusal(LINES, f"# first\n\n7 request 1\n{line}\nalso wrong\n")

    assert said.startswith("stdin line 4: ")
    assert what in said
    assert len(said) < 250


def test_objects_are_told_apart_by_their_key():
    text = """
    {"do": "control", "time": 10, "added": 2, "why": "#\\u2028"}
    {"why": "", "added": "1e1", "time": 10.0, "do": "control"}
    {"do": "reset"}
    {"do": "wait", "time": "00:01", "flag": false}
    """

    assert commands(JSONL, text) == [
        Command("control", 10, 3, {"added": 2.0, "why": "#\u2028"}),
        Command("control", 10, 3, {"added": 10.0, "why": ""}),
        Command("reset", 0.0, 0, {}),
        Command("wait", 60.0, 0, {"flag": False}),
    ]


GOOD = {"do": "control", "time": 1, "added": 1, "why": ""}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "'{' is not JSON: "),
        ("# comment", "'# comment' is not JSON: "),
        ("[" * 100_000, "is nested too deeply"),
        ("5", "must be a JSON object, not 5"),
        ('"text"', "must be a JSON object, not 'text'"),
        ("[{}]", "must be a JSON object, not [{}]"),
        ("{}", "do must be one of control, reset, wait, not null"),
        ('{"do": "contrl"}', "do must be one of control, reset, wait, not 'contrl'"),
        ('{"do": ["control"]}', 'do must be one of control, reset, wait, not ["control"]'),
        ('{"do": "reset", "do": "control"}', "has the same key twice"),
        ('{"do": "reset", "time": 1}', "reset has no 'time'; its fields: none"),
        ('{"do": "control", "time": 1}', "control lacks added, why"),
        (json.dumps(GOOD | {"a\nb": 1}), "control has no 'a\\nb'; its fields: time, added, why"),
        (json.dumps(GOOD | {"added": None}), "added must be a finite number, not null"),
        (json.dumps(GOOD | {"added": True}), "added must be a finite number, not true"),
        (json.dumps(GOOD | {"added": 0}), "added must be greater than 0, not 0.0"),
        (json.dumps(GOOD | {"added": 11}), "added must be at most people (10), not 11.0"),
        (json.dumps(GOOD | {"added": float("nan")}), "added must be a number, not 'nan'"),
        (json.dumps(GOOD | {"time": -1}), "time must not be negative, but is -1"),
        (json.dumps(GOOD | {"time": 1.5}), "time must be a whole number, not '1.5'"),
        (json.dumps(GOOD | {"why": 5}), "why must be a text, not 5"),
        (json.dumps(GOOD | {"why": "\ud800"}), "why must be text in UTF-8"),
        ('{"do": "wait", "time": 60, "flag": true}', "time must be a text, not 60"),
        ('{"do": "wait", "time": "00:01", "flag": 1}', "flag must be true or false, not 1"),
        ('{"do": "control", "time": 1' + "0" * 5000 + "}", ""),
    ],
)
def test_a_malformed_object_is_named_by_its_line(line, what):
    said = refusal(JSONL, f'{{"do": "reset"}}\n\n{line}\nalso wrong')

    assert said.startswith("stdin line 3: ")
    assert what in said
    assert len(said) < 250


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    for contract in (LINES, JSONL):
        try:
            found = commands(contract, text)
        except UsageError as error:
            assert str(error).startswith("stdin line ")  # noqa: PT017 (either will do)
        else:
            assert all(isinstance(command, Command) for command in found)


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2),
)


@given(
    st.dictionaries(
        st.sampled_from(["do", "time", "added", "why", "flag", "x"]),
        json_values | st.sampled_from(["control", "reset", "wait"]),
    )
)
def test_any_object_is_read_or_refused(found):
    try:
        (command,) = commands(JSONL, json.dumps(found))
    except UsageError as error:
        assert str(error).startswith("stdin line 1: ")  # noqa: PT017 (either will do)
    else:
        assert command.name == found["do"]
        assert command.time >= 0
