"""Nothing that a plan or a contract says becomes code: names are checked, everything else stays text."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from gsim_devs.assembly import assemble
from gsim_devs.contracts import Contract, PlanTree, from_data
from gsim_devs.errors import UsageError

NASTY = [
    '"""\nimport os\nopen("escaped", "w")\n"""',
    "'''\nopen('escaped', 'w')\n'''",
    '"); open("escaped", "w"); ("',
    "\\",
    '\\"""; open("escaped", "w") #',
    "{open('escaped', 'w')}",
    "line\r\nopen('escaped', 'w')\u2028open('escaped', 'w')\x0copen('escaped', 'w')",
    "\u202e reversed \u2066 \U0001f600 \0",
    '"',
    "''\"\"\"'''",
]

CONTRACT: dict[str, Any] = {
    "id": "trap",
    "title": "A trap",
    "time": {"unit": "s"},
    "horizon": {"argument": "until"},
    "arguments": {"until": {"type": "number", "default": 1, "help": "", "unit": "s"}},
    "events": [{"entity": "pump", "event": "said", "payload": {"text": {}, "box": {}}}],
    "parameters": {
        "rate": {"type": "real", "minimum": 0, "maximum": 1, "value": 0.5, "help": "", "unit": "x"}
    },
}
PLAN: dict[str, Any] = {
    "system": "trap",
    "messages": {"Drop": {"about": "", "fields": {"size": "int"}}},
    "models": {
        "Pump": {
            "function": "x",
            "emits": ["said"],
            "arguments": {"text": "str", "rate": "float", "box": "dict"},
            "outputs": {"drop": {"message": "Drop", "initial": True}},
        },
        "Sink": {"function": "x", "inputs": {"drop": {"message": "Drop"}}},
    },
    "root": {
        "name": "Trap",
        "about": "",
        "children": [
            {
                "name": "pump",
                "model": "Pump",
                "arguments": {"text": {"value": ""}, "rate": {"parameter": "rate"}, "box": {"value": {}}},
            },
            {"name": "sink", "model": "Sink"},
        ],
        "couplings": [{"from": "pump.drop", "to": "sink.drop"}],
    },
}
PUMP = """
from messages import Drop
from runtime import Atomic, Output


class Pump(Atomic):
    drop = Output(Drop)

    def __init__(self, text: str, rate: float, box: object) -> None:
        self.said = {"text": text, "box": box}

    def start(self) -> None:
        self.emit("said", **self.said)
"""


def with_values(base: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The same with other values at places written `root__children__0__name`."""

    def copied(held: Any) -> Any:
        if isinstance(held, dict):
            return {key: copied(value) for key, value in held.items()}
        return [copied(value) for value in held] if isinstance(held, list) else held

    changed = copied(base)
    for place, value in values.items():
        *way, last = [int(key) if key.isdigit() else key for key in place.split("__")]
        held = changed
        for key in way:
            held = held[key]
        held[last] = value
    return changed


@pytest.mark.parametrize("text", NASTY)
def test_texts_stay_texts(tmp_path, idle, simulate, text):
    plan = from_data(
        PlanTree,
        with_values(
            PLAN,
            messages__Drop__about=text,
            models__Pump__function=text,
            root__about=text,
            root__children__0__entity=text,
            root__children__0__arguments__text__value=text,
            root__children__0__arguments__box__value={text: [text, {"x": text}]},
        ),
        "plan",
    )
    contract = from_data(
        Contract,
        with_values(
            CONTRACT,
            title=text,
            arguments__until__help=text,
            arguments__until__unit=text,
            parameters__rate__help=text,
            parameters__rate__unit=text,
            events__0__entity=text,
        ),
        "contract",
    )
    folder = assemble(plan, {**idle(plan), "Pump": PUMP}, contract, tmp_path / "trap")
    records = simulate(folder)

    payload = {"text": text, "box": {text: [text, {"x": text}]}}
    assert [tuple(record.values()) for record in records] == [(0.0, text, "said", payload)]
    assert [path.name for path in tmp_path.iterdir()] == ["trap"]
    for name in ("__main__.py", "system.py", "messages.py"):
        assert shape(folder / name) == shape_of_a_harmless_one(tmp_path, idle, name)


def shape(path) -> list[str]:
    """The kinds of all nodes of a file but those of which a docstring or a value is made."""
    return [
        type(node).__name__
        for node in ast.walk(ast.parse(path.read_bytes()))
        if not isinstance(node, ast.Constant)
    ]


def shape_of_a_harmless_one(tmp_path, idle, name: str) -> list[str]:
    values = {
        "about": "x",
        "children__0__entity": "y",
        "children__0__arguments__box__value": {"x": ["x", {"x": "x"}]},
    }
    plan = from_data(
        PlanTree, with_values(PLAN, **{f"root__{key}": value for key, value in values.items()}), "plan"
    )
    helps = {"arguments__until__help": "x", "parameters__rate__help": "x"}
    contract = from_data(Contract, with_values(CONTRACT, events__0__entity="y", **helps), "contract")
    return shape(assemble(plan, {**idle(plan), "Pump": PUMP}, contract, tmp_path / "harmless") / name)


CODE = [
    'x"); open("escaped',
    "x\nopen",
    "__import__('os')",
    "x=1",
    "x y",
    "",
    "x\u2028y",
    "\uff4f\uff50\uff45\uff4e",
    "x;y",
]
"""The last but one is `open` in full-width letters, which Python takes for `open`."""

PLACES_OF_NAMES = [
    "root__name",
    "root__children__0__name",
    "root__children__0__model",
    "root__couplings__0__from",
    "root__children__0__arguments__rate__parameter",
    "messages__Drop__fields__size",
    "models__Pump__arguments__text",
    "models__Pump__outputs__drop__message",
]
PLACES_OF_KEYS = [
    ("messages", "Drop"),
    ("messages__Drop__fields", "size"),
    ("models", "Sink"),
    ("models__Pump__arguments", "text"),
    ("models__Pump__outputs", "drop"),
]


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize("place", PLACES_OF_NAMES)
def test_names_that_are_no_names_are_refused(tmp_path, place, code):
    refused(tmp_path, with_values(PLAN, **{place: code}), CONTRACT)


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize("place", PLACES_OF_KEYS)
def test_keys_that_are_no_names_are_refused(tmp_path, place, code):
    held, key = place
    changed = with_values(PLAN)
    inner = changed
    for step in held.split("__"):
        inner = inner[step]
    inner[code] = inner.pop(key)

    refused(tmp_path, changed, CONTRACT)


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize("place", ["arguments", "parameters"])
def test_arguments_that_are_no_names_are_refused(tmp_path, place, code):
    contract = with_values(CONTRACT)
    contract[place][code] = contract[place]["until" if place == "arguments" else "rate"]

    refused(tmp_path, PLAN, contract)


def refused(tmp_path, plan_data: dict[str, Any], contract_data: dict[str, Any]) -> None:
    sources = {"Pump": PUMP, "Sink": "class Sink: ..."}
    with pytest.raises(UsageError):
        assemble(
            from_data(PlanTree, plan_data, "plan"),
            sources,
            from_data(Contract, contract_data, "contract"),
            tmp_path / "trap",
        )
    assert list(tmp_path.iterdir()) == []
