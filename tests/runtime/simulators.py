"""Small simulators for tests of the command line, and a way to run them without a process of their own."""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from gsim_devs.assembly import assemble, read_sources
from gsim_devs.contracts import Contract, PlanTree, load_contract, load_plan, parse_yaml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a run has left."""

    code: int
    out: bytes
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        assert "Traceback" not in line
        return line


def run(folder: Path, *argv: object, stdin: bytes | str = b"") -> Outcome:
    """Run a simulator in this process, with the runtime that it brings along."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(given)),
        "stdout": io.TextIOWrapper(io.BytesIO()),
        "stderr": io.StringIO(),
    }
    with own_modules(folder), mock.patch.multiple(sys, **streams):
        from runtime.commandline import main

        try:
            code = main(str(folder), [str(word) for word in argv])
        finally:
            gc.unfreeze()
    out = streams["stdout"].buffer.getvalue()  # type: ignore[attr-defined]
    return Outcome(code, out, streams["stderr"].getvalue())  # type: ignore[attr-defined]


@contextmanager
def own_modules(folder: Path) -> Iterator[None]:
    """Let `runtime`, `system`, … be those of a folder, and forget them again."""
    _forget()
    with mock.patch.object(sys, "path", [str(folder), *sys.path]):
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for name in [*sys.modules]:
        if name.split(".")[0] in {"runtime", "system", "messages", "components"}:
            del sys.modules[name]


def abp(into: Path) -> Path:
    reference = ROOT / "scenarios" / "abp" / "reference"
    contract = load_contract(ROOT / "contracts" / "abp.yaml")
    return assemble(load_plan(reference / "plan.yaml"), read_sources(reference), contract, into)


def assembled(into: Path, plan: str, contract: str, **sources: str) -> Path:
    return assemble(
        parse_yaml(PlanTree, plan, "plan.yaml"),
        sources,
        parse_yaml(Contract, contract, "contract.yaml"),
        into,
    )


# Draws, has no argument for the seed, has parameters, says something at the end, and is half-open.

DICE_PLAN = """
system: dice
messages: {}
models:
  Die:
    function: is rolled
    emits: [rolled]
    arguments: {pause: float, sides: int, rate: float, mix: "tuple[float, ...]", quiet: bool}
  Clerk:
    function: says what was told, and closes
    emits: [opened, closed]
    arguments: {pause: float, rate: float}
root:
  name: Dice
  children:
    - name: red
      model: Die
      arguments: &arguments
        {pause: {argument: pause}, sides: {parameter: sides}, rate: {parameter: rate}, mix: {parameter: mix},
         quiet: {argument: quiet}}
    - {name: blue, model: Die, arguments: *arguments}
    - {name: clerk, model: Clerk, arguments: {pause: {argument: pause}, rate: {parameter: rate}}}
  couplings: []
"""
DICE = """
id: dice
title: Dice, 100 % fair
time: {unit: s}
horizon: {argument: until, closed: false}
arguments:
  until: {type: number, default: 3, help: when the dice are taken away}
  pause:
    {type: number, default: 1, exclusive_minimum: 0, maximum: until, unit: s, help: "time between rolls, 50 % of it"}
  quiet: {type: boolean, default: true}
events:
  - {entity: [red, blue], event: rolled, payload: {eyes: {type: integer}, wait: {type: number}}}
  - {entity: clerk, event: opened, payload: {rate: {type: number}}}
  - {entity: clerk, event: closed, payload: {}}
parameters:
  rate: {type: real, minimum: 0.5, maximum: 10, value: 2, unit: 1/s, help: how hasty}
  sides: {type: integer, minimum: 2, maximum: 1000000, value: 1000000}
  mix: {type: simplex, value: [0.25, 0.75]}
"""
DIE = """
from runtime import Atomic


class Die(Atomic):
    def __init__(self, pause: float, sides: int, rate: float, mix: tuple[float, ...], quiet: bool) -> None:
        self.pause, self.sides, self.rate, self.quiet = pause, sides, rate, quiet
        self.count = 0

    def start(self) -> None:
        self.on_roll()

    def on_roll(self) -> None:
        if not self.quiet:
            print("rolled")
        self.emit("rolled", eyes=int(self.rng.integers(self.sides)), wait=self.draw.exponential(self.rate))
        self.count += 1
        self.at(self.count * self.pause, self.on_roll)
"""
CLERK = """
from runtime import Atomic


class Clerk(Atomic):
    def __init__(self, pause: float, rate: float) -> None:
        self.rate = rate

    def start(self) -> None:
        self.emit("opened", rate=self.rate)

    def stop(self) -> None:
        self.emit("closed")
"""


def dice(into: Path, die: str = DIE) -> Path:
    return assembled(into, DICE_PLAN, DICE, Die=die, Clerk=CLERK)


# Does whatever it is told by lines of stdin.

TROUBLE_PLAN = """
system: trouble
messages: {Do: {fields: {what: str}}}
models:
  Maker:
    function: makes trouble
    emits: [told]
    arguments: {place: str}
    inputs: {do: {message: Do}}
root:
  name: Trouble
  inputs: {do: {message: Do}}
  children:
    - name: hall
      class: Hall
      inputs: {do: {message: Do}}
      children: [{name: maker, model: Maker, arguments: {place: {argument: place}}}]
      couplings: [{from: do, to: maker.do}]
  couplings: [{from: do, to: hall.do}]
"""
TROUBLE = """
id: trouble
title: Trouble
time: {unit: s}
horizon: {argument: until}
arguments:
  until: {type: duration, format: "HH:MM:SS[:mmm]", default: "00:00:10", help: when it is over}
  place: {type: choice, choices: [handler, init, start, stop], default: handler, help: where the trouble is}
stdin:
  form: lines
  commands:
    do:
      pattern: '(?P<time>\\S+) (?P<what>.+)'
      fields: {time: {type: number, maximum: 1000000}, what: {type: text}}
events: [{entity: maker, event: told, payload: {number: {}, text: {}}, optional: [text]}]
LAYOUT
"""
MAKER = """
import sys

from messages import Do
from runtime import Atomic, Input


class Maker(Atomic):
    do = Input(Do)

    def __init__(self, place: str) -> None:
        self.place = place
        self.count = 0
        if place == "init":
            self.fail()

    def start(self) -> None:
        self.emit("told", number=0)
        if self.place == "start":
            self.fail()

    def stop(self) -> None:
        self.emit("told", number=self.count, text="last")
        if self.place == "stop":
            self.fail()

    def fail(self) -> None:
        raise ValueError("one\\ntwo")

    def on_do(self, do: Do) -> None:
        self.count += 1
        what, _, more = do.what.partition(" ")
        getattr(self, what)(*more.split())

    def tell(self, text: str = "") -> None:
        self.emit("told", number=self.count, text=text)

    def many(self, count: str) -> None:
        for number in range(int(count)):
            self.emit("told", number=number, text="x" * 50)

    def divide(self) -> None:
        1 / 0

    def leave(self) -> None:
        sys.exit(3)

    def show(self, text: str) -> None:
        print(text)
        sys.stdout.write(text + "\\n")

    def nan(self) -> None:
        self.emit("told", number=[float("nan")])

    def loop(self) -> None:
        self.after(0, self.loop)

    def spin(self) -> None:
        while True:
            pass

    def memory(self) -> None:
        raise MemoryError

    def recur(self) -> None:
        self.recur()

    def past(self) -> None:
        self.at(0, self.tell)

    def ask(self) -> None:
        input()
"""


def trouble(into: Path, layout: str = "", maker: str = MAKER) -> Path:
    return assembled(into, TROUBLE_PLAN, TROUBLE.replace("LAYOUT", layout), Maker=maker)


# Reads files and JSON commands, changes what it reads, prints a document with odd times.

INBOX_PLAN = """
system: inbox
messages: {Letter: {fields: {text: str, weight: float}}, Bell: {fields: {loud: bool}}}
models:
  Box:
    function: repeats what it gets
    emits: [got]
    arguments: {rows: "tuple[dict, ...]", tree: dict, lines: "tuple[dict, ...]", text: str, limit: int, since: float}
    inputs: {letter: {message: Letter}, bell: {message: Bell}}
root:
  name: Inbox
  inputs: {letter: {message: Letter}, bell: {message: Bell}}
  children:
    - name: box
      model: Box
      arguments:
        {rows: {argument: rows}, tree: {argument: tree}, lines: {argument: lines}, text: {argument: text},
         limit: {argument: limit}, since: {argument: since}}
  couplings: [{from: letter, to: box.letter}, {from: bell, to: box.bell}]
"""
INBOX = """
id: inbox
title: Inbox
time: {unit: ms, resolution: 1.0e-3}
horizon: {argument: until}
seed: 5
arguments:
  until: {type: integer, minimum: 0, default: 100000}
  limit: {type: integer, minimum: 0}
  since: {type: duration, format: "HH:MM:SS[:mmm]", default: "00:00:01", maximum: until, help: a beginning}
  rows: {type: file, format: csv, default: [{a: "1"}]}
  tree: {type: file, format: json, default: {a: [1]}}
  lines: {type: file, format: jsonl, default: [{a: 1}]}
  text: {type: file, format: text, default: dear}
stdin:
  form: jsonl
  commands:
    letter:
      fields:
        {time: {type: duration, format: "HH:MM:SS:mmm"}, text: {type: text}, weight: {type: number, maximum: limit}}
      order: 2
    bell: {fields: {time: {type: number}, loud: {type: boolean}}, order: 1}
layout:
  form: document
  records_key: all
  keys: {at: {time: "HH:MM:SS:mmm"}, s: {time: number, unit: s}, what: payload}
events: [{entity: box, event: got, payload: {kind: {}, value: {}}}]
"""
BOX = """
from typing import Any

from messages import Bell, Letter
from runtime import Atomic, Input


class Box(Atomic):
    letter = Input(Letter)
    bell = Input(Bell)

    def __init__(
        self,
        rows: tuple[dict[str, Any], ...],
        tree: dict[str, Any],
        lines: tuple[dict[str, Any], ...],
        text: str,
        limit: int,
        since: float,
    ) -> None:
        self.told = {"rows": rows, "tree": tree, "lines": lines, "text": text, "limit": limit, "since": since}

    def start(self) -> None:
        for name, value in self.told.items():
            self.emit("got", kind=f"{name} {type(value).__name__}", value=value)
        self.told["rows"][0]["a"] = "changed"
        self.told["tree"]["a"].append("changed")

    def on_letter(self, letter: Letter) -> None:
        self.emit("got", kind="letter", value=[letter.text, letter.weight])

    def on_bell(self, bell: Bell) -> None:
        self.emit("got", kind="bell", value=bell.loud)
"""


def inbox(into: Path) -> Path:
    return assembled(into, INBOX_PLAN, INBOX, Box=BOX)
