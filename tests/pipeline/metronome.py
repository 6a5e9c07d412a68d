"""The smallest system that can be built: its four files, and what a language model would answer."""

from __future__ import annotations

import json
from pathlib import Path

from gsim_devs.contracts import PlanTree, parse_yaml
from tests.planning.replies import reply_of

SPECIFICATION = """# Metronome

It beats every `interval` seconds, for the first time at `interval`.
Every beat is reported with its number, from 1.
"""
CONTRACT = """id: ID
title: Metronome
time: {unit: s}
horizon: {argument: until}
arguments:
  interval: {type: number, exclusive_minimum: 0, default: 1.0, help: between two beats}
  until: {type: number, minimum: 0, default: 3.0, help: when the run ends}
events:
  - {entity: metronome, event: beat, when: it beats, payload: {number: {type: integer, minimum: 1}}}
"""
RULES = """system: ID
rules:
  - {id: numbers, clause: "Every beat is reported with its number, from 1.", level: system,
     kind: sequence, on: metronome.beat, value: number, equals: index + 1}
  - {id: times, clause: "It beats every `interval` seconds, for the first time at `interval`.", level: component,
     kind: invariant, on: metronome.beat, expect: time == number * args.interval}
"""
CASES = """system: ID
cases:
  - {id: one, level: smoke, arguments: {}, expect: {records: 3}}
  - {id: other, level: normal, arguments: {interval: 0.5}, expect: {records: 6}}
"""
PLAN = """system: tick
models:
  Metronome:
    function: Beats.
    logging: Every beat.
    emits: [beat]
    arguments: {interval: float}
root:
  name: tick
  children:
    - {name: metronome, model: Metronome, arguments: {interval: {argument: interval}}}
"""
COMPONENT = '''"""The metronome."""

from runtime import Atomic


class Metronome(Atomic):
    """Beats."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.number = 0

    def start(self) -> None:
        self.at(self.interval, self.on_beat)

    def on_beat(self) -> None:
        self.number += 1
        self.emit("beat", number=self.number)
        self.at((self.number + 1) * self.interval, self.on_beat)
'''
ONE_FILE = """import argparse, json
parser = argparse.ArgumentParser()
for name, default in (("interval", 1.0), ("until", 3.0), ("seed", 0)):
    parser.add_argument(f"--{name}", type=float, default=default)
given = parser.parse_args()
number = 1
while number * given.interval <= given.until:
    record = {"time": number * given.interval, "entity": "metronome", "event": "beat"}
    print(json.dumps({**record, "payload": {"number": number}}))
    number += 1
"""


PLAN_REPLY = json.dumps(reply_of(parse_yaml(PlanTree, PLAN, "plan"), sentences=2))


def code(source: str) -> str:
    return f"```python\n{source}```"


def write(root: Path, system: str) -> None:
    for path, text in (
        (f"specs/{system}.md", SPECIFICATION),
        (f"contracts/{system}.yaml", CONTRACT),
        (f"trace_checkers/{system}.yaml", RULES),
        (f"scenarios/{system}/cases.yaml", CASES),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace("ID", system))
