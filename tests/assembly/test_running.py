"""Assembled simulators do what their plans say, wherever and however they are started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import xdevs

# Worked out by hand from the specification: 10 ms of preparation, noise 17 * 31 + 11 = 538 -> 38 (not below 10), 3 ms
# on the way, 10 ms of processing, the other channel's noise likewise from 31, 3 ms back.
ONE_PACKET = [
    (0.0, "sender", "delay_start", {"type": "preparation", "duration": 10}),
    (10.0, "sender", "packet_sent", {"seq_num": 1, "bit": 0, "is_retry": False}),
    (10.0, "subnet", "packet_get", {"behavior": "pass", "channel": "forward", "noise_value": 38}),
    (13.0, "receiver", "delay_start", {"type": "processing", "duration": 10}),
    (23.0, "receiver", "packet_received", {"seq_num": 1, "bit": 0}),
    (23.0, "subnet", "packet_get", {"behavior": "pass", "channel": "backward", "noise_value": 38}),
    (26.0, "sender", "ack_received", {"ack_bit": 0, "is_valid": True}),
]
ARGUMENTS = ["--total_packets", "1", "--seed", "31", "--simulate_time", "200"]


def test_one_packet_goes_there_and_back(abp, simulate):
    records = simulate(abp, *ARGUMENTS)

    assert [tuple(record.values()) for record in records] == ONE_PACKET


@pytest.mark.parametrize(
    ("arguments", "counts", "last"),
    [
        (
            "--total_packets 4 --seed 11 --timeout 25 --simulate_time 70",
            {"packet_sent": 3, "ack_received": 2},
            65,
        ),
        (
            "--total_packets 6 --seed 3 --timeout 16 --sender_delay 7 --simulate_time 900",
            {"packet_sent": 6, "packet_received": 6, "ack_received": 6},
            138,
        ),
        (
            "--total_packets 5 --seed 13 --timeout 9 --sender_delay 3 --receiver_delay 40 --channel_delay 2",
            {"packet_sent": 32, "packet_received": 10, "ack_received": 10},
            407,
        ),
    ],
    ids=["cut off", "timer and acknowledgement coincide", "waiting place"],
)
def test_the_protocol_comes_out_as_worked_out_elsewhere(abp, simulate, arguments, counts, last):
    records = simulate(abp, *arguments.split())

    events = [record["event"] for record in records]
    assert {event: events.count(event) for event in counts} == counts
    assert records[-1]["time"] == last


def output(command: list[object], cwd: Path, **environment: str) -> bytes:
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env={**os.environ, **environment}, capture_output=True, check=True
    ).stdout


def test_every_way_to_start_it_prints_the_same(abp, tmp_path):
    # Modules of the same names, where it is started: its own must win.
    for name in ("runtime.py", "messages.py", "system.py", "components.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    (tmp_path / "abp").symlink_to(abp)
    python = sys.executable

    printed = {
        output([python, abp, *ARGUMENTS], tmp_path),
        output([python, "-I", abp, *ARGUMENTS], tmp_path),
        output([python, "abp", *ARGUMENTS], abp.parent),
        output([python, "-m", "abp", *ARGUMENTS], abp.parent),
        output([python, "-m", "abp", *ARGUMENTS], tmp_path),
        output([python, ".", *ARGUMENTS], abp),
        output([python, abp, *ARGUMENTS], tmp_path, PYTHONHASHSEED="1"),
    }

    assert len(printed) == 1
    assert printed.pop().count(b"\n") == 7


def test_an_environment_that_holds_only_xdevs_is_enough(abp, tmp_path):
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "xdevs").symlink_to(Path(xdevs.__path__[0]))

    # -S: without what is installed.
    printed = output([sys.executable, "-S", abp, *ARGUMENTS], tmp_path, PYTHONPATH=str(tmp_path / "packages"))

    assert printed.count(b"\n") == 7


COPIES = """
system: relay
messages: {Token: {fields: {path: str}}}
models:
  Spring:
    function: sends its number once
    arguments: {number: int}
    outputs: {token_out: {message: Token, initial: true}}
  Pipe:
    function: reports what comes and passes it on
    emits: [passed]
    arguments: {number: int}
    inputs: {token_in: {message: Token}}
    outputs: {token_out: {message: Token}}
  Basin:
    function: reports what comes
    emits: [arrived]
    arguments: {label: str}
    inputs: {token_in: {message: Token}}
root:
  name: Relay
  children:
    - {name: spring, model: Spring, copies: {argument: count}, arguments: {number: {copy: true}}}
    - name: hall
      class: Hall
      inputs: {token: {message: Token}}
      outputs: {token_out: {message: Token}}
      children:
        - {name: pipe, model: Pipe, copies: 2, arguments: {number: {copy: true}}}
      couplings:
        - {from: token, to: pipe.token_in}
        - {from: pipe.token_out, to: token_out}
    - {name: pipe, model: Pipe, entity: main pipe, copies: {argument: count}, arguments: {number: {copy: true}}}
    - {name: basin, model: Basin, arguments: {label: {value: left}}}
    - {name: lake, model: Basin, entity: basin, arguments: {label: {value: right}}}
  couplings:
    - {from: spring.token_out, to: pipe.token_in, pairing: each}
    - {from: spring.token_out, to: hall.token}
    - {from: pipe.token_out, to: lake.token_in}
    - {from: pipe.token_out, to: basin.token_in}
    - {from: hall.token_out, to: basin.token_in}
"""
RELAY = """
id: relay
title: Copies that pass something on
time: {unit: s}
horizon: {argument: until}
arguments:
  until: {type: number, default: 1}
  count: {type: integer, default: 2, minimum: 0}
events:
  - {entity: [pipe, main pipe], event: passed, payload: {path: {type: string}}}
  - {entity: basin, event: arrived, payload: {path: {type: string}, label: {type: string}}}
"""
SOURCES = {
    "Spring": """
from messages import Token
from runtime import Atomic, Output


class Spring(Atomic):
    token_out = Output(Token)

    def __init__(self, number: int) -> None:
        self.number = number

    def start(self) -> None:
        self.after(0.25 * self.number, self.on_ready)

    def on_ready(self) -> None:
        self.send(self.token_out, Token(path=f"spring {self.number}"))
""",
    "Pipe": """
from messages import Token
from runtime import Atomic, Input, Output


class Pipe(Atomic):
    token_in = Input(Token)
    token_out = Output(Token)

    def __init__(self, number: int) -> None:
        self.number = number

    def on_token_in(self, token: Token) -> None:
        path = f"{token.path}, {self.name}"
        self.emit("passed", path=path)
        self.send(self.token_out, Token(path=path))
""",
    "Basin": """
from messages import Token
from runtime import Atomic, Input


class Basin(Atomic):
    token_in = Input(Token)

    def __init__(self, label: str) -> None:
        self.label = label

    def on_token_in(self, token: Token) -> None:
        self.emit("arrived", path=token.path, label=self.label)
""",
}


def test_copies_are_numbered_joined_and_speak_for_one_entity(simulator, simulate):
    records = simulate(simulator(COPIES, RELAY, SOURCES))

    # Spring i feeds main pipe i, and through the hall both of its pipes; at one instant components act in the order of
    # the plan, and a port's messages come in the order of the couplings.
    expected = []
    for i in (1, 2):
        main, one, two = (f"spring {i}, {pipe}" for pipe in (f"pipe_{i}", "pipe_1", "pipe_2"))
        time = 0.25 * i
        expected += [
            (time, "pipe", "passed", {"path": one}),
            (time, "pipe", "passed", {"path": two}),
            (time, "main pipe", "passed", {"path": main}),
            (time, "basin", "arrived", {"path": main, "label": "left"}),
            (time, "basin", "arrived", {"path": one, "label": "left"}),
            (time, "basin", "arrived", {"path": two, "label": "left"}),
            (time, "basin", "arrived", {"path": main, "label": "right"}),
        ]
    assert [tuple(record.values()) for record in records] == expected


def test_no_copies_are_no_components(simulator, simulate):
    assert simulate(simulator(COPIES, RELAY, SOURCES), "--count", "0") == []


EVERY_TYPE = """
system: echo
messages: {Note: {fields: {text: str, amount: float}}}
models:
  Echo:
    function: reports all that it was told
    emits: [told]
    arguments:
      {whole: int, real: float, pause: float, text: str, choice: str, flag: bool, letter: str,
       table: "tuple[dict, ...]", tree: dict, rows: "tuple[dict, ...]", rate: float, many: int,
       mix: "tuple[float, ...]", fixed: "tuple[tuple[float, ...], ...]"}
    inputs: {note: {message: Note}}
root:
  name: Hall
  inputs: {note: {message: Note}}
  children:
    - name: echo
      model: Echo
      arguments:
        {whole: {argument: whole}, real: {argument: real}, pause: {argument: pause}, text: {argument: text},
         choice: {argument: choice}, flag: {argument: flag}, letter: {argument: letter}, table: {argument: table},
         tree: {argument: tree}, rows: {argument: rows}, rate: {parameter: rate}, many: {parameter: many},
         mix: {parameter: mix}, fixed: {value: [[1, 2.5], []]}}
  couplings: [{from: note, to: echo.note}]
"""
EVERY_TYPE_CONTRACT = """
id: echo
title: Everything that can be told
time: {unit: ms}
horizon: {argument: real}
arguments:
  whole: {type: integer}
  real: {type: number}
  pause: {type: duration, format: "HH:MM:SS:mmm"}
  text: {type: text}
  choice: {type: choice, choices: [one, two]}
  flag: {type: boolean}
  letter: {type: file, format: text}
  table: {type: file, format: csv}
  tree: {type: file, format: json}
  rows: {type: file, format: jsonl}
stdin:
  form: lines
  commands:
    note:
      pattern: '(?P<time>\\S+) (?P<text>\\S+) (?P<amount>\\S+)'
      fields: {time: {type: number}, text: {type: text}, amount: {type: number}}
events: [{entity: echo, event: told, payload: {what: {}, kind: {type: string}}}]
parameters:
  rate: {type: real, minimum: 0, maximum: 2, value: 0.5}
  many: {type: integer, minimum: 0, maximum: 9, value: 3}
  mix: {type: simplex, value: [0.25, 0.75]}
"""
ECHO = """
from messages import Note
from runtime import Atomic, Input


class Echo(Atomic):
    note = Input(Note)

    def __init__(self, **told: object) -> None:
        self.told = told

    def start(self) -> None:
        for name, value in self.told.items():
            self.emit("told", what={name: value}, kind=type(value).__name__)

    def on_note(self, note: Note) -> None:
        self.emit("told", what={"note": [note.text, note.amount]}, kind=type(note).__name__)
"""


def test_every_type_arrives_as_it_was_given(simulator, simulate, tmp_path):
    folder = simulator(EVERY_TYPE, EVERY_TYPE_CONTRACT, {"Echo": ECHO})
    (tmp_path / "letter.txt").write_text("dear\n")
    (tmp_path / "table.csv").write_text("a,b\n1,x\n")
    (tmp_path / "tree.json").write_text('{"a": [1]}')
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    arguments = (
        "--whole 7 --real 10 --pause 00:00:01:005 --text x --choice two --flag false --letter letter.txt"
    )
    arguments += " --table table.csv --tree tree.json --rows rows.jsonl --set rate=1.5 --set mix=0.5,0.5"

    records = simulate(folder, *arguments.split(), stdin="5 hello 2\n")

    told = {name: value for record in records for name, value in record["payload"]["what"].items()}
    kinds = {name: record["payload"]["kind"] for record in records for name in record["payload"]["what"]}
    assert told == {
        "whole": 7,
        "real": 10.0,
        "pause": 1005.0,
        "text": "x",
        "choice": "two",
        "flag": False,
        "letter": "dear\n",
        "table": [{"a": "1", "b": "x"}],
        "tree": {"a": [1]},
        "rows": [{"a": 1}, {"a": 2}],
        "rate": 1.5,
        "many": 3,
        "mix": [0.5, 0.5],
        "fixed": [[1, 2.5], []],
        "note": ["hello", 2.0],
    }
    assert [kinds[name] for name in ("real", "pause", "table", "rows", "mix", "fixed", "note")] == [
        *["float", "float"],
        *["tuple", "tuple", "tuple", "tuple"],
        "Note",
    ]
