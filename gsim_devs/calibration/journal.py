"""What was asked and answered, in a file, so that a calibration that was killed continues where it was.

Methods are deterministic: run again, they ask the same, and the journal answers for the simulator until it has no more
to say. One line for each batch; a line that was cut off in the middle is forgotten. Leaves out any state of a method.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array
from .asking import Ask

LARGEST = 1 << 28
"""In bytes; a larger file is no journal."""


class Journal:
    """A journal that is read first and written on from there."""

    def __init__(self, path: Path | None, of: Mapping[str, Any]) -> None:
        self._path = path
        self._replies: list[dict[str, Any]] = []
        self._next = 0
        if path is None:
            return
        header = json.dumps(of) + "\n"
        try:
            told, length = _told(path, header) if path.exists() else ([], 0)
            # As JSON gives it back.
            if told and told[0] != json.loads(header):
                raise UsageError(
                    f"{path} is of another calibration ({_difference(told[0], json.loads(header))}); "
                    f"give another file, or delete it to start anew"
                )
            if told:
                # What was cut off in the middle must not be the beginning of the next line.
                os.truncate(path, length)
            else:
                path.write_text(header, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the journal {path} cannot be used: {error.strerror or error}") from None
        self._replies = told[1:]

    def recall(self, ask: Ask) -> tuple[Array, float] | None:
        """What was answered when this was asked, and how many seconds had passed; none if it is new."""
        if self._next >= len(self._replies):
            return None
        reply = self._replies[self._next]
        self._next += 1
        if reply.get("asked") != _fingerprint(ask):
            raise UsageError(
                f"{self._path} does not continue: batch {self._next} was another one, perhaps with other versions of "
                f"packages; delete it to start anew"
            )
        return self._understood(reply, ask)

    def _understood(self, reply: Mapping[str, Any], ask: Ask) -> tuple[Array, float]:
        """The numbers of a reply, which must be such as this was asked for."""
        try:
            answer, seconds = np.array(reply["answer"], dtype=float), float(reply["seconds"])
        except (KeyError, TypeError, ValueError, OverflowError):
            answer, seconds = np.empty(()), math.nan
        dimensions = 1 if "losses" in ask.wanted else 2
        if answer.ndim != dimensions or len(answer) != len(ask.points) or not 0 <= seconds < math.inf:
            raise UsageError(
                f"{self._path}: the answer to batch {self._next} is not what was asked for; "
                f"delete the file to start anew"
            )
        return answer, seconds

    def remember(self, ask: Ask, answer: Array, seconds: float) -> None:
        """Write it down before anything is done with it."""
        if self._path is None:
            return
        reply = {"asked": _fingerprint(ask), "seconds": seconds, "answer": _plain(answer)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(reply, allow_nan=False) + "\n")


def _told(path: Path, header: str) -> tuple[list[dict[str, Any]], int]:
    """What the whole lines of a journal say, and how long they are together."""
    if (size := path.stat().st_size) > LARGEST:
        raise UsageError(
            f"{path} has {size} bytes, and is not the journal of a calibration; give another file"
        )
    content = path.read_bytes()
    told, length = [], 0
    for line in content.splitlines(keepends=True):
        said = _said(line) if line.endswith(b"\n") else None
        if said is None:
            break
        told.append(said)
        length += len(line)
    if not told and not header.encode().startswith(content):
        raise UsageError(f"{path} is not the journal of a calibration; give another file")
    return told, length


def _said(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    keys = [key for key in other if one.get(key) != other[key]]
    return "; ".join(_told_apart(key, one.get(key), other[key]) for key in keys[:3]) or "more is said"


def _told_apart(key: str, one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        return f"another {' and another '.join(str(name)[:40] for name in names[:4])}"
    shown = (text if len(text := repr(value)) <= 60 else f"{text[:57]}..." for value in (one, other))
    return f"{key} " + " instead of ".join(shown)


def _fingerprint(ask: Ask) -> str:
    # Twelve digits: what another processor rounds differently in the last one is the same point.
    points = np.round(ask.points, 12).tobytes()
    return hashlib.sha256(points + f"{ask.seed} {ask.share} {ask.wanted}".encode()).hexdigest()[:16]


def _plain(answer: Array) -> Any:
    if answer.ndim > 1:
        return [_plain(row) for row in answer]
    return [float(one) if math.isfinite(one) else None for one in answer]
