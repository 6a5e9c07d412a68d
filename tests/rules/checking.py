"""A small contract, and short ways to write a trace and a rule."""

from __future__ import annotations

from typing import Any

from gsim_devs.contracts import Contract, from_data
from gsim_devs.rules import RuleSet, check
from gsim_devs.trace import Record

NUMBER = {"type": "number"}
CONTRACT = from_data(
    Contract,
    {
        "id": "shop",
        "title": "Shop",
        "time": {"unit": "s"},
        "horizon": {"argument": "until"},
        "arguments": {
            "until": {"type": "number", "default": 100},
            "service": {"type": "number", "default": 5},
        },
        "events": [
            {"entity": "door", "event": name, "payload": {"id": NUMBER, "n": NUMBER}}
            for name in ("come", "go")
        ]
        + [{"entity": "till", "event": "pay", "payload": {"id": NUMBER, "n": NUMBER}}],
    },
    "shop.yaml",
)
ENTITIES = {"come": "door", "go": "door", "pay": "till"}


def trace(text: str) -> list[Record]:
    """`0 come 1; 5 go 1 7`: time, event, id, n."""
    records = []
    for number, line in enumerate(filter(None, (part.strip() for part in text.split(";"))), 1):
        time, event, *rest = line.split()
        identity, n = (*map(float, rest), 0.0, 0.0)[:2]
        records.append(Record(float(time), ENTITIES[event], event, {"id": identity, "n": n}, number))
    return records


def rules_of(**rule: Any) -> RuleSet:
    data = {"system": "shop", "rules": [{"id": "it", "clause": "So it is.", "level": "system", **rule}]}
    return from_data(RuleSet, data, "shop.yaml")


def result(records: str, horizon: float = 100.0, **rule: Any) -> Any:
    arguments = {"until": horizon, "service": 5.0}
    return check(trace(records), rules_of(**rule), CONTRACT, arguments).rule("it")
