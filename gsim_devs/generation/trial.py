"""Drive one component alone, in the sandbox: every input, every timer, bursts, coincidences.

What comes in is made up from the types of the ports, so it may be nothing that the system would ever send. Only what is
wrong whatever comes in counts: names that do not exist, calls that cannot be, time that stands still, payloads of the
wrong form.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gsim_devs.runtime
from gsim_devs.contracts import MessageType, snake_case
from gsim_devs.contracts.type_expressions import Many, Named, Optional, TypeExpression, parse_type
from gsim_devs.execution import Launcher, Limits, launch, run

from .commission import Commission

_HARNESS = Path(__file__).with_name("harness.py")
_LIMITS = Limits(seconds=10.0, output=8 * 1024 * 1024)
# Wrong whatever came in.
_ALWAYS = {
    "MemoryError",
    "OSError",
    "PermissionError",
    "FileNotFoundError",
    "BlockingIOError",
    "NameError",
    "UnboundLocalError",
    "ImportError",
    "ModuleNotFoundError",
    "SimulationError",
    "RecursionError",
}
_MOST_VALUES = 300
"""In one message that is made up."""
_DEEPEST = 20
_ALONE = "component"
"""What the harness calls the component."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SAID = (
    "argument",
    "is no output port",
    "carries",
    "delay is negative",
    "is in the past",
    "a timer calls",
    "cannot assign",
)
_VALUES: Mapping[str, Sequence[Any]] = {
    "int": (1, 2, 3),
    "float": (1.0, 2.5, 4.0),
    "str": ("a", "b"),
    "bool": (True, False),
}


def try_alone(
    source: str, one: Commission, messages_text: str, ticks_per_unit: int = 10**9, launcher: Launcher = launch
) -> list[str]:
    """What went wrong; empty where nothing did."""
    stimuli = _stimuli(one)
    told = {
        "model": one.model,
        "module": snake_case(one.model),
        "arguments": dict(one.samples),
        "horizon": _span(one),
        "ticks_per_unit": ticks_per_unit,
        "stimuli": [stimulus for _, stimulus in stimuli],
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _lay_out(folder, source, one, messages_text)
        result = run(
            [sys.executable, "-I", str(_HARNESS), str(folder), "{arguments}"],
            stdin=json.dumps(told),
            limits=_LIMITS,
            launcher=launcher,
        )
    if not result.ok:
        return [f"Driven alone, the component {_fate(result.status, result.reason)}"]
    played = [_read(line) for line in result.trace.decode(errors="replace").splitlines()]
    if len(played) != len(stimuli) or None in played:
        return ["Driven alone, the component wrote to stdout, or ended the run; it must do neither."]
    found = [
        sentence
        for (name, _), outcome in zip(stimuli, played, strict=True)
        if outcome is not None
        for sentence in _judged(name, outcome, one)
    ]
    return list(dict.fromkeys(found))


def _lay_out(folder: Path, source: str, one: Commission, messages_text: str) -> None:
    runtime = Path(gsim_devs.runtime.__file__).parent
    shutil.copytree(runtime, folder / "runtime", ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    (folder / "messages.py").write_text(messages_text, encoding="utf-8")
    (folder / "components").mkdir()
    (folder / "components" / "__init__.py").write_text("", encoding="utf-8")
    (folder / one.file).write_text(source, encoding="utf-8")
    # Whatever the tier of the sandbox, its user can read this.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _fate(status: str, reason: str) -> str:
    if status == "timeout":
        return f"was still running after {_LIMITS.seconds:.0f} s; look for a loop that does not end."
    if status == "flooded":
        return "wrote without end; look for a loop that does not end."
    return f"ended its process: {reason}"


def _read(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("records"), list) else None


# What comes in.


def _stimuli(one: Commission) -> list[tuple[str, list[dict[str, Any]]]]:
    """Name and messages of each way to drive it."""
    chance = random.Random(0)
    span = _span(one)
    ports = {name: port.message for name, port in one.specification.inputs.items()}

    def at(time: float, port: str, in_turn: bool = False) -> dict[str, Any]:
        message = _Making(one.messages, chance).message(ports[port])
        return {"time": time, "port": port, "message": message, "in_turn": in_turn}

    quiet: list[tuple[str, list[dict[str, Any]]]] = [("without any input", [])]
    if not ports:
        return quiet
    times = [round(span * chance.random() / 2, 1) for _ in range(60)]
    return [
        *quiet,
        ("with one message at each input", [at(1.0 + index, port) for index, port in enumerate(ports)]),
        (
            "with five messages at each input at one instant",
            [at(1.0, port) for port in ports for _ in range(5)],
        ),
        ("with everything at time 0", [at(0.0, port, in_turn=True) for port in ports for _ in range(2)]),
        ("with many messages", [at(time, chance.choice(list(ports))) for time in sorted(times)]),
    ]


def _span(one: Commission) -> float:
    """How long to watch: some twenty times its longest duration."""
    numbers = [
        value for value in one.samples.values() if isinstance(value, int | float) and value is not True
    ]
    return 20.0 * max([1.0, *(float(number) for number in numbers if 0 < number < 1e5)])


@dataclass
class _Making:
    """One message; where it would hold too much, None stands for the rest."""

    messages: Mapping[str, MessageType]
    chance: random.Random
    left: int = _MOST_VALUES

    def message(self, kind: str, depth: int = 0) -> dict[str, Any]:
        fields = self.messages[kind].fields
        return {
            "type": kind,
            "fields": {name: self._value(parse_type(text), depth) for name, text in fields.items()},
        }

    def _value(self, kind: TypeExpression | None, depth: int) -> Any:
        if isinstance(kind, Optional):
            return self._value(kind.of, depth)
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST:
            return None
        if isinstance(kind, Many):
            return [self._value(kind.of, depth + 1) for _ in range(self.chance.randint(1, 2))]
        if isinstance(kind, Named) and kind.name in self.messages:
            return self.message(kind.name, depth + 1)
        return (
            self.chance.choice(_VALUES[kind.name]) if isinstance(kind, Named) and kind.name in _VALUES else {}
        )


# What came of it.


def _judged(name: str, outcome: Mapping[str, Any], one: Commission) -> Iterator[str]:
    error = outcome.get("error")
    if isinstance(error, dict):
        # Addresses differ from run to run, and what is sent back must not.
        kind, text = str(error.get("kind"))[:80], _ADDRESS.sub("", str(error.get("text")))[:300]
        if name == "without any input" or kind in _ALWAYS or _is_certain(kind, text):
            line = f", line {error.get('line')}" if str(error.get("line", "")).isdigit() else ""
            yield f"Driven alone {name}, the component fails in {str(error.get('event'))[:80]}{line}: {kind}: {text}"
    for record in outcome["records"]:
        if isinstance(record, list) and len(record) == 3 and isinstance(record[2], dict):
            yield from _payload(str(record[0]), str(record[1]), record[2], one)


def _is_certain(kind: str, text: str) -> bool:
    if kind == "AttributeError":
        return "NoneType" not in text
    return kind in ("TypeError", "ValueError") and any(said in text for said in _SAID)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _payload(entity: str, event: str, payload: Mapping[str, Any], one: Commission) -> Iterator[str]:
    """Keys and sorts of values; bounds depend on what came in."""
    same = [reported for reported in one.events if reported.kind.event == event]
    if not same:
        yield f"The component reports {event!r}, which is no event of its own."
        return
    # Driven alone, it has no entity of its own.
    meant = [reported for reported in same if (reported.entity or _ALONE) == entity]
    kind = (meant or same)[0].kind
    for name in kind.required:
        if name not in payload:
            yield f"The payload of {event} lacks {name}."
    for name, value in payload.items():
        if name not in kind.payload:
            yield f"The payload of {event} has no key {name}."
            continue
        schema = kind.payload[name]
        wanted = schema.get("type") if isinstance(schema, dict) else None
        allowed = _TYPES.get(wanted) if isinstance(wanted, str) else None
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and wanted != "boolean")):
            yield f"{name} of {event} must be of the type {wanted}, but is {json.dumps(value)[:60]}."
