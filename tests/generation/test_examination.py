"""What is examined of a component: what it may hold, whether it is what was asked for, and what it does alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsim_devs.assembly import read_sources
from gsim_devs.assembly.messages_file import messages_text
from gsim_devs.contracts import Contract, PlanTree, from_data, load_contract, load_plan
from gsim_devs.execution import Limits
from gsim_devs.generation import commission, interface_findings, policy_findings, try_alone
from tests.generation.conftest import CONTRACT, MESSAGES, OVEN, PLAN, ROOT, changed

REFERENCES = sorted(ROOT.glob("scenarios/*/reference"))


@pytest.mark.parametrize("folder", REFERENCES, ids=lambda folder: folder.parent.name)
def test_nothing_is_found_in_the_components_of_a_reference(folder: Path):
    contract = load_contract(ROOT / "contracts" / f"{folder.parent.name}.yaml")
    plan, sources = load_plan(folder / "plan.yaml"), read_sources(folder)

    for model in plan.models:
        assert policy_findings(sources[model]) == []
        assert interface_findings(sources[model], commission(plan, model, contract, [])) == []


HOSTILE = [
    # every one of these reaches what a component has no business with
    ("import os", "os may not be imported"),
    ("import random", "draw from self.draw"),
    ("from random import Random", "draw from self.draw"),
    ("import numpy as np", "draw from self.draw"),
    ("from datetime import datetime", "self.now"),
    ("from dataclasses import sys", "sys may not be imported from dataclasses"),
    ("from enum import bltns", "bltns may not be imported from enum"),
    ("from collections import *", "* may not be imported"),
    ("from collections import _sys", "_sys may not be imported"),
    ("from runtime.kernel import Kernel", "may not be imported"),
    ("from . import other", "may not be imported"),
    ("import messages", "write from messages import"),
    ("import math\nx = math.__loader__", "__loader__"),
    ("import heapq\n\n\nclass A:\n    def f(self):\n        return heapq.sys", "heapq.sys may not be used"),
    ("state = []", "Only imports, constants"),
    ("state = {}", "Only imports, constants"),
    ("STATE = [f()]", "Only imports, constants"),
    ("STATE = {1: 2}\n\n\ndef f():\n    STATE[1] = 3", "must not be changed"),
    ("STATE = {1: 2}\n\n\ndef f():\n    del STATE[1]", "must not be changed"),
    ("STATE = []\n\n\ndef f():\n    STATE.append(3)", "must not be changed"),
    ("def f(self):\n    self.STATE.append(3)", "must not be changed"),
    ("print(1)", "Only imports, constants"),
    ("if True:\n    pass", "Only imports, constants"),
    ("def f(x=[]):\n    return x", "default value"),
    ("def f(x=open('x')):\n    return x", "default value"),
    ("def f():\n    global a", "global"),
    ("def f():\n    return eval('1')", "eval"),
    ("def f():\n    return getattr(f, 'x')", "name the attribute"),
    ("def f():\n    return ().__class__", "__class__"),
    ("def f():\n    return __import__('os')", "__import__"),
    ("def f():\n    return __builtins__", "__builtins__"),
    ("def f():\n    return (i for i in ()).gi_frame", "gi_frame"),
    ("def f(e):\n    return e.tb_frame", "tb_frame"),
    ("def f(x):\n    return '{0.a}'.format(x)", "write an f-string"),
    ("def f(x):\n    match x:\n        case int(real=r):\n            return r", "look into attributes"),
    ("def f(x):\n    return x._private", "belongs to something else"),
    ("async def f():\n    pass", "set a timer"),
    ("def f():\n    with f():\n        pass", "nothing to open"),
    ("def f():\n    try:\n        f()\n    except:\n        pass", "by its name"),
    ("def f():\n    return hash('x')", "differ between runs"),
    ("class A(metaclass=type):\n    pass", "no keywords"),
    ("class A(list):\n    pass", "may be derived from"),
    ("@f\ndef g():\n    pass", "decorator"),
    ("from runtime import Atomic\n\n\nclass A(Atomic):\n    seen = []", "shared by all runs"),
    ("from runtime import Atomic\n\n\nclass A(Atomic):\n    def deltint(self):\n        pass", "timers"),
    ("from runtime import Atomic\n\n\nclass A(Atomic):\n    def f(self):\n        self.sigma = 1", "timers"),
    (
        "from runtime import Atomic\n\n\nclass A(Atomic):\n    def f(self):\n        self._seat.rank = 1",
        "runtime",
    ),
    ("def f(self):\n    self.name = 'x'", "choose another name"),
    ("class A:\n    def __del__(self):\n        pass", "must not be defined"),
    ("def f(:", "not Python"),
    ("x = '" + "a" * 60_001 + "'", "characters"),
    ("x = " + "-" * 200 + "1", "nested"),
    ("x = " + "1+" * 1500 + "1", "nested"),
    ("class A(a" + ".b" * 1500 + "):\n    pass", "nested"),
]


@pytest.mark.parametrize(("source", "said"), HOSTILE)
def test_what_a_component_must_not_hold_is_refused_with_a_hint(source, said):
    found = policy_findings(source)

    assert any(said in str(one) for one in found), found


@pytest.mark.parametrize(
    "source",
    [
        "NAMES = {1: 'Bayview', 2: 'Carling'}\n",
        "ROUTE = (1, 2, 3)\n",
        "ROUTES = [[1, 2], [3, -4]]\n",
        "HALF = 1 / 2\n",
        "from runtime import Atomic\n\n\nclass A(Atomic):\n    def start(self):\n        self.phase = 'idle'\n",
        "from runtime import Atomic\n\n\nclass A(Atomic):\n    NAMES = {1: 'one'}\n",
    ],
)
def test_tables_of_constants_are_fine(source):
    assert policy_findings(source) == []


def test_a_finding_names_its_line():
    (found,) = policy_findings(changed("self.bake_time = bake_time\n", "self.bake_time = eval('1')\n"))

    assert str(found).startswith("Line 16: eval must not be used")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("class Oven(Atomic)", "class Stove(Atomic)", "defines no class Oven"),
        ("class Oven(Atomic)", "class Oven", "derived from Atomic"),
        ("    tray_in = Input(Tray)\n", "", "The port tray_in is missing; write tray_in = Input(Tray)"),
        ("tray_out = Output(Tray)", "tray_out = Input(Tray)", "must be tray_out = Output(Tray)"),
        ("tray_out = Output(Tray)\n", "tray_out = Output(Tray)\n    b = Output(Tray)\n", "no port b"),
        ("self, bake_time: float", "self, time: float", "must take (self, bake_time), not (self, time)"),
        ("def on_tray_in(self", "def on_tray(self", "tray_in has no handler; define on_tray_in"),
        ("on_tray_in(self, tray: Tray)", "on_tray_in(self)", "must take self and the message"),
        ("def on_baked(self", "def on_bake(self", "there is no such method (on_bake?)"),
        ('emit("baked"', 'emit("backed"', "'backed' is no event of this component; its events: baked, sold"),
        ('emit("baked", tray=tray.number)', 'emit("baked")', "the payload of baked lacks tray"),
        ('"baked", tray=', '"baked", number=1, tray=', "has no number; its keys: tray"),
        ('entity="till", ', "", 'add entity="till"'),
        ('"baked", ', '"baked", entity="x", ', "leave entity= out"),
        ("send(self.tray_out, tray)", "send(self.tray, tray)", "tray is no output port"),
        ("self.on_baked, tray, order", "self.on_done, tray, order", "there is no method on_done"),
        ("self.on_baked, tray, order", "lambda: 1, order", "takes a method of this class"),
    ],
)
def test_what_is_not_as_it_was_asked_for_is_said(oven, old, new, said):
    findings = interface_findings(changed(old, new), oven)

    assert any(said in one for one in findings), findings


def test_what_may_be_missing_from_a_payload_may_be_there(oven):
    source = changed('entity="till", ', 'entity="till", note=1, ')

    assert interface_findings(source, oven) == []


def test_a_sound_component_passes_its_trial(oven):
    assert try_alone(OVEN, oven, MESSAGES) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("self.bake_time, self.on", "self.baking, self.on", "AttributeError: 'Oven' object has no attribute 'baking'"),
        ("on_baked(self, tray: Tray)", "on_baked(self)", "positional argument"),
        ("self.bake_time, self.on", "-self.bake_time, self.on", "delay is negative"),
        ("send(self.tray_out, tray)", "send(self.tray_out, 1)", "carries Tray, not int"),
        ("send(self.tray_out, tray)", "after(0, self.on_baked, tray)", "time has not"),
        ('"baked", tray=tray.number', '"baked", tray=str(tray.number)', "tray of baked must be of the type integer"),
        ("tray=tray.number)\n        self.emit", "**{'loaf': 1})\n        self.emit", "payload of baked lacks tray"),
        ('emit("baked", ', 'emit("bak" + "ed2", ', "'baked2', which is no event"),
        ("self.bake_time = bake_time\n", "self.bake_time = bake_time\n        while True: pass\n", "still running"),
        ("self.bake_time = bake_time\n", "1 / 0\n", "without any input, the component fails in its making"),
        ("self.bake_time = bake_time\n", "raise SystemExit\n", "ended the run"),
        ("self.bake_time = bake_time\n", "self.x = [0] * 10**12\n", "MemoryError"),
    ],
)  # fmt: skip
def test_what_is_wrong_whatever_comes_in_is_found(oven, monkeypatch, old, new, said):
    monkeypatch.setattr("gsim_devs.generation.trial._LIMITS", Limits(seconds=1.5, output=1_000_000))

    findings = try_alone(changed(old, new), oven, MESSAGES)

    assert any(said in one for one in findings), findings


def test_what_only_impossible_messages_cause_is_no_defect(oven):
    source = changed(
        "        self.after(self.bake", "        {1: 1}[tray.number + 100]\n        self.after(self.bake"
    )

    assert try_alone(source, oven, MESSAGES) == []


@pytest.mark.parametrize(
    ("declared", "sample"),
    [
        ({"type": "file", "format": "csv", "default": [{"t": "1"}]}, ({"t": "1"},)),
        ({"type": "file", "format": "jsonl", "default": [{"t": 1}]}, ({"t": 1},)),
        ({"type": "file", "format": "text", "default": "no_such_file"}, "no_such_file"),
        ({"type": "file", "format": "json", "default": {"a": 1}}, {"a": 1}),
        ({"type": "file", "format": "csv"}, ()),
        ({"type": "file", "format": "text"}, ""),
        ({"type": "choice", "choices": ["fifo", "lifo"]}, "fifo"),
        ({"type": "choice", "choices": ["fifo", "lifo"], "default": "lifo"}, "lifo"),
        ({"type": "integer", "minimum": 10}, 10),
        ({"type": "integer", "exclusive_minimum": 3}, 4),
        ({"type": "integer", "maximum": 1}, 1),
        ({"type": "integer", "minimum": "until"}, 100),
        ({"type": "number", "minimum": 0, "maximum": 1}, 0.5),
        ({"type": "number", "exclusive_minimum": 3}, 6.0),
        ({"type": "number", "exclusive_maximum": 0}, -1.0),
        ({"type": "number", "minimum": 2, "maximum": 2}, 2.0),
        ({"type": "duration", "format": "HH:MM:SS", "default": "01:00:00"}, 60.0),
        ({"type": "boolean"}, True),
    ],
)
def test_a_component_is_driven_with_what_its_arguments_may_be(declared, sample):
    told = CONTRACT.model_dump(mode="json", by_alias=True)
    told["arguments"]["bake_time"] = declared

    one = commission(PLAN, "Oven", from_data(Contract, told, "contract"), [])

    assert one.samples == {"bake_time": sample}
    assert type(one.samples["bake_time"]) is type(sample)


def test_messages_that_hold_messages_that_hold_messages_do_not_grow_without_end():
    told = PLAN.model_dump(mode="json", by_alias=True)
    told["messages"] |= {
        f"Level{depth}": {"fields": {f"field{n}": f"Level{depth + 1}" for n in range(8)}}
        for depth in range(12)
    }
    told["messages"] |= {"Level12": {"fields": {"number": "int"}}}
    told["messages"]["Tray"]["fields"]["more"] = "Level0"
    plan = from_data(PlanTree, told, "plan")

    one = commission(plan, "Oven", CONTRACT, [])

    assert try_alone(OVEN, one, messages_text(plan, CONTRACT)) == []


def test_an_event_of_several_entities_has_the_payload_of_the_one_that_is_named():
    events = [{"entity": "shop", "event": "sold", "payload": {"price": {"type": "number"}}}]
    contract = with_events(CONTRACT, events)
    models = PLAN.model_dump(mode="json", by_alias=True)
    models["models"]["Oven"]["emits"] += [{"event": "sold", "entity": "shop"}]
    one = commission(from_data(PlanTree, models, "plan"), "Oven", contract, [])
    sold = next(line for line in OVEN.splitlines() if "sold" in line and "emit" in line)
    indent = " " * (len(sold) - len(sold.lstrip()))
    both = OVEN.replace(sold, f'{sold}\n{indent}self.emit("sold", entity="shop", price=1.5)')
    assert one.events[-1].kind.payload == {"price": {"type": "number"}}

    assert interface_findings(both, one) == []
    assert try_alone(both, one, MESSAGES) == []
    wrong = both.replace("price=1.5", "tray=1")
    (lacks, unknown) = interface_findings(wrong, one)
    assert "the payload of sold lacks price" in lacks
    assert "has no tray; its keys: price" in unknown
    assert "The payload of sold lacks price." in try_alone(wrong, one, MESSAGES)
    (strange,) = interface_findings(
        both.replace('entity="shop"', 'entity="shed"').replace(", price=1.5", ", tray=1"), one
    )
    assert 'sold is not reported for \'shed\'; write entity="till" or entity="shop"' in strange


def with_events(contract: Contract, events: list[dict]) -> Contract:
    data = contract.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return from_data(Contract, {**data, "events": [*data["events"], *events]}, "contract")
