"""Systems of any size for tests of builds: a line of components that pass an item on, planned in any number of levels.

Texts by slot are what a language model would answer; a reply takes as long as it has tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from gsim_devs.conformance import Scenario
from gsim_devs.contracts import Contract, from_data, snake_case
from gsim_devs.rules import RuleSet

TOKENS_PER_SECOND = 100.0
_THOUGHTS = 200
"""The sentences that precede a component, some 1200 tokens, to twice as many."""
_ITEM = {"name": "item", "message": "Item", "protocol": "an item"}


def scenario() -> Scenario:
    """No test inputs: what is tried is the building."""
    contract = from_data(
        Contract,
        {
            "id": "line",
            "title": "Line",
            "time": {"unit": "s"},
            "horizon": {"argument": "until"},
            "arguments": {"until": {"type": "number", "default": 100.0}},
            "events": [{"entity": "last", "event": "arrived", "payload": {"item": {"type": "integer"}}}],
        },
        "contract",
    )
    rules = from_data(RuleSet, {"system": "line", "rules": []}, "rules")
    return Scenario("line", Path("scenarios/line"), contract, rules, (), "Items pass along a line.\n")


def replies(*widths: int) -> dict[str, str]:
    """Plans that are split into so many models at each level, and components at the last; by slot."""
    texts: dict[str, str] = {}
    _plan(texts, "plan", "", True, True, widths)
    return texts


def seconds_for(text: str) -> float:
    """Four characters are a token."""
    return len(text) / 4 / TOKENS_PER_SECOND


def one_after_the_other(texts: Mapping[str, str]) -> float:
    return sum(map(seconds_for, texts.values()))


def _plan(
    texts: dict[str, str], slot: str, above: str, is_first: bool, is_last: bool, widths: tuple[int, ...]
) -> None:
    width, *deeper = widths
    names = [f"{above}{'ABCDEF'[len(deeper)]}{index:02}" for index in range(1, width + 1)]
    models = []
    for index, name in enumerate(names):
        first, last = is_first and index == 0, is_last and index == width - 1
        models.append(_model(name, first, last, bool(deeper)))
        if deeper:
            _plan(texts, f"plan/{snake_case(name)}", name, first, last, tuple(deeper))
        else:
            texts[f"component/{snake_case(name)}/a1"] = _code(name, first, last)
    texts[f"{slot}/a1"] = json.dumps({
        "thoughts": "",
        "messages": [] if above else [{"name": "Item", "about": "", "fields": [{"name": "number", "type": "int"}]}],
        "models": models,
        "inputs": [_ITEM | {"name": "item_in"}] if above and not is_first else [],
        "components": [_component(name, "last" if not above and name == names[-1] else None) for name in names],
        "couplings": [
            {"within": "", "source": source, "target": target, "each": False}
            for source, target in _ways(names, bool(above) and not is_first, bool(above) and not is_last)
        ],
        "unused": [],
        "rest": [],
    })  # fmt: skip


def _ways(names: list[str], enters: bool, leaves: bool) -> list[tuple[str, str]]:
    inner = [(f"{one.lower()}.item_out", f"{two.lower()}.item_in") for one, two in pairwise(names)]
    before = [("item_in", f"{names[0].lower()}.item_in")] if enters else []
    return [*before, *inner, *([(f"{names[-1].lower()}.item_out", "item_out")] if leaves else [])]


def _model(name: str, is_first: bool, is_last: bool, split: bool) -> dict[str, Any]:
    return {
        "name": name,
        "sentences": [1],
        "function": "It passes each item on after a second. " * 4,
        "logging": "what arrived" if is_last else "nothing",
        "emits": [{"event": "arrived", "entity": None}] if is_last else [],
        "arguments": [],
        "inputs": [] if is_first else [_ITEM | {"name": "item_in"}],
        "outputs": [] if is_last else [_ITEM | {"name": "item_out", "sends_first": is_first}],
        "timers": [{"name": "on_done", "expires": "after a second", "order": 0}],
        "split": split,
    }


def _component(name: str, entity: str | None) -> dict[str, Any]:
    return {
        "name": name.lower(), "within": "", "model": name, "entity": entity, "copies": None, "copies_argument": None,
        "arguments": [], "inputs": [], "outputs": [],
    }  # fmt: skip


def _code(name: str, is_first: bool, is_last: bool) -> str:
    ports = ("" if is_first else "    item_in = Input(Item)\n") + (
        "" if is_last else "    item_out = Output(Item)\n"
    )
    begins = "    def start(self):" if is_first else "    def on_item_in(self, item):"
    item = "Item(number=1)" if is_first else "item"
    done = 'self.emit("arrived", item=item.number)' if is_last else "self.send(self.item_out, item)"
    source = (
        f'"""A part."""\n\nfrom messages import Item\nfrom runtime import Atomic, Input, Output\n\n\n'
        f"class {name}(Atomic):\n{ports}\n{begins}\n        self.after(1.0, self.on_done, {item})\n\n"
        f"    def on_done(self, item):\n        {done}\n"
    )
    # Some are thought about for longer than others.
    thoughts = "It waits for a second. " * (_THOUGHTS + sum(map(ord, name)) % _THOUGHTS)
    return f"{thoughts}\n\n```python\n{source}```\n"
