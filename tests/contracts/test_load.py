"""Files in and out; errors say where, what was found, and what is allowed."""
# ruff: noqa: E501  (sentences stand here as they are printed)

from __future__ import annotations

import json

import pytest

from gsim_devs.contracts import (
    Contract,
    PlanTree,
    dump_json,
    dump_yaml,
    load,
    load_contract,
    load_plan,
    parse_json,
    parse_yaml,
)
from gsim_devs.errors import UsageError

MINIMAL = """\
id: tiny
title: Tiny
time: {unit: s}
horizon: {argument: until}
arguments:
  until: {type: number, default: 10}
events:
  - {entity: clock, event: tick}
"""


@pytest.mark.parametrize("dump", [dump_yaml, dump_json])
def test_declarations_come_back_as_they_went(contract, plan, dump):
    parse = parse_yaml if dump is dump_yaml else parse_json

    assert parse(Contract, dump(contract), "f") == contract
    assert parse(PlanTree, dump(plan), "f") == plan


def test_yaml_leaves_out_what_has_its_default_and_names_come_first():
    contract = parse_yaml(Contract, MINIMAL, "f")

    assert dump_yaml(contract) == MINIMAL.replace("  - {entity", "- {entity").replace("10}", "10.0}")


def test_json_has_every_default_filled_in():
    held = json.loads(dump_json(parse_yaml(Contract, MINIMAL, "f")))

    assert held["time"] == {"unit": "s", "resolution": 1e-9}
    assert held["horizon"] == {"argument": "until", "closed": True}
    assert held["stdin"] == {"form": "none"}
    assert held["layout"]["keys"] == {
        "time": "time",
        "entity": "entity",
        "event": "event",
        "payload": "payload",
    }
    assert held["arguments"]["until"]["default"] == 10.0
    assert held["seed"] is None


def test_json_uses_the_names_of_the_files(plan):
    held = json.loads(dump_json(plan))

    assert held["root"]["couplings"][0]["from"] == "order"
    assert held["root"]["children"][1]["class"] == "Hall"
    assert held["root"]["children"][1]["children"][0]["arguments"]["clerk_id"] == {"copy": True}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("horizon:", "horzion:", "horzion: unknown key 'horzion' (did you mean 'horizon'?)"),
        ("type: number", "type: nmber", "arguments.until: type is 'nmber'; allowed is integer, number, duration, text, choice, boolean or file (did you mean 'number'?)"),
        ("type: number, ", "", "arguments.until: type is missing; allowed is integer, number, duration, text, choice, boolean or file"),
        ("default: 10", "defalt: 10", "arguments.until.defalt: unknown key 'defalt' (did you mean 'default'?)"),
        ("default: 10", "xyz: 10", "arguments.until.xyz: unknown key 'xyz'; known keys are default, exclusive_maximum, exclusive_minimum, help, label, maximum, minimum, type and unit"),
        ("default: 10", "default: ten", "arguments.until.default: found 'ten'; it should be a number"),
        ("default: 10", "minimum: [1]", "arguments.until.minimum: found a list of 1; it should be a number or text"),
        ("unit: s", "unit: sec", "time.unit: found 'sec'; allowed is 'ns', 'us', 'ms', 's', 'min', 'h', 'day', 'week' or 'step' (did you mean 's'?)"),
        ("title: Tiny", "title: 5", "title: found 5; it should be text"),
        ("type: number", "type: float", "arguments.until: type is 'float'; allowed is integer, number, duration, text, choice, boolean or file (did you mean 'number'?)"),
        ("id: tiny", "id: Tiny One", "id: found 'Tiny One'; it should be small letters and digits, a letter first, joined by _ or - (did you mean 'tiny-one'?)"),
        ("id: tiny", "id: 3", "id: found 3; it should be text"),
        ("id: tiny", "id: '3'", "id: found '3'; it should be small letters and digits, a letter first, joined by _ or -"),
        ("time: {unit: s}", "time: s", "time: found 's'; it should be a mapping with unit"),
        ("horizon: {argument: until}", "horizon: until", "horizon: found 'until'; it should be a mapping with argument"),
        ("{type: number, default: 10}", "number", "arguments.until: found 'number'; it should be a mapping"),
        ("title: Tiny\n", "", "title: missing; it must be given"),
        ("argument: until}", "argument: until, closed: 1}", "horizon.closed: found 1; it should be true or false"),
        ("event: tick}", "event: tick, entiy: x}", "events[0].entiy: unknown key 'entiy' (did you mean 'entity'?)"),
        ("title: Tiny", "title: Tiny\nlayout: {keys: {t: tme}}", "layout.keys.t: found 'tme'; allowed is 'time', 'entity', 'event' or 'payload' (did you mean 'time'?)"),
        ("title: Tiny", "title: Tiny\nlayout: {keys: {t: {tme: x}}}", "layout.keys.t: found a mapping with 'tme'; a source is time, entity, event, payload, {field: …}, {time: …} or {constant: …}"),
    ],
)  # fmt: skip
def test_an_error_says_where_what_was_found_and_what_is_allowed(old, new, message):
    with pytest.raises(UsageError) as caught:
        parse_yaml(Contract, MINIMAL.replace(old, new), "tiny.yaml")

    assert [line.partition(": ")[2] for line in str(caught.value).splitlines() if message in line] == [
        message
    ]


def test_several_errors_are_told_together_with_their_lines():
    text = MINIMAL.replace("title: Tiny", "title: 5").replace("default: 10", "default: ten")

    with pytest.raises(UsageError) as caught:
        parse_yaml(Contract, text, "tiny.yaml")

    assert str(caught.value).splitlines() == [
        "tiny.yaml, line 2: title: found 5; it should be text",
        "tiny.yaml, line 6: arguments.until.default: found 'ten'; it should be a number",
    ]


def test_an_error_of_one_member_of_a_plan_does_not_hide_behind_the_others():
    text = """
system: tiny
models: {A: {function: x}}
root: {name: Tiny, children: [{nam: a, model: A, copies: -2, arguments: {x: {arg: 3}}}]}
"""

    with pytest.raises(UsageError) as caught:
        parse_yaml(PlanTree, text, "plan.yaml")

    assert str(caught.value).splitlines() == [
        "plan.yaml, line 4: root.children[0].name: missing; it must be given",
        "plan.yaml, line 4: root.children[0].copies: found -2; it should be greater than or equal to 1 or a mapping with argument",
        "plan.yaml, line 4: root.children[0].arguments.x: found a mapping with 'arg'; a binding is {argument: NAME}, {parameter: NAME}, {value: …} or {copy: true}",
        "plan.yaml, line 4: root.children[0].nam: unknown key 'nam' (did you mean 'name'?)",
    ]  # fmt: skip


BOUND = "plan.yaml, line 4: root.children[0].arguments.argument"
BINDINGS = "a binding is {argument: NAME}, {parameter: NAME}, {value: …} or {copy: true}"


@pytest.mark.parametrize(
    ("binding", "sentence"),
    [
        ("interval", f"{BOUND}: found 'interval'; write {{argument: interval}}, or {{value: …}} for a fixed value"),
        ("3", f"{BOUND}: found 3; {BINDINGS}"),
        ("[interval]", f"{BOUND}: found a list of 1; {BINDINGS}"),
        ("{argument: a, value: 3}", f"{BOUND}.value: unknown key 'value'; known keys are argument"),
    ],
)  # fmt: skip
def test_a_binding_is_told_how_it_is_written(binding, sentence):
    node = f"{{name: a, model: A, arguments: {{argument: {binding}}}}}"
    text = f"\nsystem: tiny\nmodels: {{A: {{function: x}}}}\nroot: {{name: Tiny, children: [{node}]}}\n"

    with pytest.raises(UsageError) as caught:
        parse_yaml(PlanTree, text, "plan.yaml")

    assert str(caught.value) == sentence


def test_of_a_union_only_the_member_that_is_meant_is_told():
    text = """
system: tiny
models: {A: {function: x, emits: [{event: e, entty: a}]}}
root: {name: Tiny, children: [{name: a, model: A}]}
"""

    with pytest.raises(UsageError) as caught:
        parse_yaml(PlanTree, text, "plan.yaml")

    assert str(caught.value).splitlines() == [
        "plan.yaml, line 3: models.A.emits[0].entity: missing; it must be given",
        "plan.yaml, line 3: models.A.emits[0].entty: unknown key 'entty' (did you mean 'entity'?)",
    ]


def test_a_source_of_a_layout_that_is_a_number_is_refused():
    text = MINIMAL + "layout: {keys: {t: 3}}\n"

    with pytest.raises(UsageError, match=r"layout\.keys\.t: found 3; a source is time, entity"):
        parse_yaml(Contract, text, "tiny.yaml")


@pytest.mark.parametrize("text", ["", "7", "[]", "a"])
def test_a_file_that_is_no_mapping_is_refused(text):
    with pytest.raises(UsageError, match=r"f\.yaml"):
        parse_yaml(Contract, text, "f.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100 + "]" * 100, "nested more than 64 deep"),
        ("[" * 900 + "]" * 900, "nested more than 64 deep"),
        ('{"id": "\\ud800"}', "cannot be read: "),
    ],
)
def test_json_that_no_declaration_can_hold_is_refused(text, said):
    with pytest.raises(UsageError, match=rf"f\.json: {said}"):
        parse_json(Contract, text, "f.json")


def test_files_are_read_by_their_ending(tmp_path, contract, plan):
    (tmp_path / "c.json").write_text(dump_json(contract))
    (tmp_path / "p.yaml").write_text(dump_yaml(plan))

    assert load_contract(tmp_path / "c.json") == contract
    assert load_plan(str(tmp_path / "p.yaml")) == plan


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match=r"missing\.yaml: cannot be read: No such file or directory"):
        load_contract(tmp_path / "missing.yaml")
    with pytest.raises(UsageError, match=r"binary\.yaml: not UTF-8 text"):
        load(Contract, tmp_path / "binary.yaml")
