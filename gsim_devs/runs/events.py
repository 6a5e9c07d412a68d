"""What happened in a run, as lines that are only ever appended. Knows nothing of what the kinds mean.

    {"seq": 7, "at": 12.25, "kind": "examined", "node": "Sender", "attempt": 2, "data": {"stage": "ok"}}

A process may die while it writes: a last line without its end is dropped. Kinds that nobody knows are kept.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from gsim_devs.errors import UsageError

from .files import open_plain, plain_json

LONGEST = 2_000_000
"""Bytes of a line."""
_KEYS = {"seq", "at", "kind", "node", "attempt", "data"}
_DEEPEST = 40
_LARGEST = 2**53
"""A file may claim numbers that have no float, or more digits than are printed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    seq: int
    """Its number in the run, from 1."""
    at: float
    """Seconds that the run had been worked on."""
    kind: str
    node: str | None = None
    """Whom it concerns: a model, or the slot of a request."""
    attempt: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> bytes:
        """As it stands in the file, with its end."""
        return _line(asdict(self))


@dataclass(frozen=True, slots=True)
class BadEvent:
    """A line that is no event."""

    number: int
    """From 1."""
    why: str

    def __str__(self) -> str:
        return f"events.jsonl, line {self.number}: {self.why}"


def read_events(path: Path) -> Iterator[Event | BadEvent]:
    """The events in their order, as they are read; a file that is not there holds none."""
    try:
        opened = open_plain(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    last = 0
    with os.fdopen(opened, "rb") as file:
        number = 0
        while line := file.readline(LONGEST + 1):
            number += 1
            if not line.endswith(b"\n"):
                if len(line) <= LONGEST:
                    return
                yield BadEvent(number, f"longer than {LONGEST} bytes")
                _skip_line(file)
                continue
            event = _event(line, number, last)
            if isinstance(event, Event):
                last = event.seq
            yield event


class EventLog:
    """Appends to the events of a run; one process at a time may."""

    def __init__(self, path: Path) -> None:
        self._file = open_plain(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        _drop_torn_line(self._file)

    def append(self, event: Event) -> None:
        """Write an event, whole or not at all."""
        line, before = event.line, os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError:
            # The disk is full, say: half a line would spoil the next one.
            os.ftruncate(self._file, before)
            raise

    def close(self) -> None:
        os.fsync(self._file)
        os.close(self._file)


def plain(value: Any, depth: int = 0) -> Any:
    """Anything as what JSON has words for; what it has none for becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): plain(one, depth + 1) for key, one in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [plain(one, depth + 1) for one in value]
    return str(value)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether plain data are a number that can be reckoned with."""
    return type(value) in (int, float) and abs(value) <= _LARGEST


def _line(held: dict[str, Any]) -> bytes:
    text = json.dumps(held, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair has no bytes; as an escape JSON can hold it.
    line = text.encode("utf-8", "backslashreplace") + b"\n"
    return line if len(line) <= LONGEST else _line({**held, "data": {"left_out": f"{len(line)} bytes"}})


def _event(line: bytes, number: int, last: int) -> Event | BadEvent:
    try:
        held = plain_json(line)
    except (ValueError, RecursionError):
        return BadEvent(number, "not JSON")
    if not isinstance(held, dict) or set(held) != _KEYS:
        return BadEvent(number, f"no event: it needs the keys {', '.join(sorted(_KEYS))}")
    if not _is_event(held):
        return BadEvent(number, "no event: a value is of the wrong type")
    if held["seq"] <= last:
        return BadEvent(number, f"out of order: event {held['seq']} after event {last}")
    return Event(**held)


def _is_event(held: dict[str, Any]) -> bool:
    return (
        type(held["seq"]) is int
        and is_number(held["seq"])
        and is_number(held["at"])
        and held["at"] >= 0
        and isinstance(held["kind"], str)
        and isinstance(held["node"], str | None)
        and (held["attempt"] is None or (type(held["attempt"]) is int and is_number(held["attempt"])))
        and isinstance(held["data"], dict)
    )


def _skip_line(file: Any) -> None:
    while (part := file.readline(LONGEST)) and not part.endswith(b"\n"):
        pass


def _drop_torn_line(file: int) -> None:
    """Cut off what stands behind the last end of a line."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - 65536)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    os.ftruncate(file, end)
