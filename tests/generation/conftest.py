"""A small plan with its contract, and a component that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsim_devs.contracts import Contract, PlanTree, from_data
from gsim_devs.generation import Commission, commission

ROOT = Path(__file__).parents[2]
CONTRACT = from_data(
    Contract,
    {
        "id": "bakery",
        "title": "Bakery",
        "time": {"unit": "min"},
        "horizon": {"argument": "until"},
        "arguments": {
            "until": {"type": "number", "default": 100.0},
            "bake_time": {"type": "number", "default": 4.0, "help": "how long a tray bakes"},
        },
        "events": [
            {"entity": "oven", "event": "baked", "payload": {"tray": {"type": "integer"}}},
            {
                "entity": "till",
                "event": "sold",
                "payload": {"tray": {"type": "integer"}, "note": {}},
                "optional": ["note"],
            },
        ],
    },
    "contract",
)
PLAN = from_data(
    PlanTree,
    {
        "system": "bakery",
        "messages": {"Tray": {"fields": {"number": "int"}}, "Unused": {}},
        "models": {
            "Oven": {
                "function": "bakes",
                "logging": "what is baked and sold",
                "emits": ["baked", {"event": "sold", "entity": "till"}],
                "arguments": {"bake_time": "float"},
                "inputs": {"tray_in": {"message": "Tray", "protocol": "a tray"}},
                "outputs": {"tray_out": {"message": "Tray", "protocol": "a baked tray"}},
                "orders": {"on_baked": 1},
            },
            "Door": {
                "function": "brings trays",
                "outputs": {"tray_out": {"message": "Tray", "initial": True}},
            },
            "Shelf": {"function": "keeps", "inputs": {"tray_in": {"message": "Tray"}}},
        },
        "root": {
            "name": "Bakery",
            "children": [
                {"name": "door", "model": "Door"},
                {"name": "oven", "model": "Oven", "arguments": {"bake_time": {"argument": "bake_time"}}},
                {"name": "shelf", "model": "Shelf"},
            ],
            "couplings": [
                {"from": "door.tray_out", "to": "oven.tray_in"},
                {"from": "oven.tray_out", "to": "shelf.tray_in"},
            ],
        },
    },
    "plan",
)
MESSAGES = '''"""Messages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tray:
    number: int
'''
OVEN = '''"""The oven."""

from __future__ import annotations

from messages import Tray
from runtime import Atomic, Input, Output


class Oven(Atomic):
    """Bakes."""

    tray_in = Input(Tray)
    tray_out = Output(Tray)

    def __init__(self, bake_time: float) -> None:
        self.bake_time = bake_time

    def on_tray_in(self, tray: Tray) -> None:
        self.after(self.bake_time, self.on_baked, tray, order=1)

    def on_baked(self, tray: Tray) -> None:
        self.emit("baked", tray=tray.number)
        self.emit("sold", entity="till", tray=tray.number)
        self.send(self.tray_out, tray)
'''


@pytest.fixture
def oven() -> Commission:
    return commission(PLAN, "Oven", CONTRACT, ["A tray bakes for `bake_time`."])


def changed(old: str, new: str) -> str:
    """The oven with one thing otherwise."""
    assert OVEN.count(old) == 1, old
    return OVEN.replace(old, new)
