"""What was asked and answered, in a file, so that a calibration that was killed continues where it was.

Methods are deterministic: run again, they ask the same, and the journal answers for the simulator until it has no more
to say. One line for each batch; a line that was cut off in the middle is forgotten. Leaves out any state of a method.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array
from .asking import Ask


class Journal:
    """A journal that is read first and written on from there."""

    def __init__(self, path: Path | None, of: Mapping[str, Any]) -> None:
        self._path = path
        self._replies: list[dict[str, Any]] = []
        self._next = 0
        if path is None:
            return
        told = _lines(path) if path.exists() else []
        if told and told[0] != of:
            raise UsageError(
                f"{path} is of another calibration ({_difference(told[0], of)}); "
                f"give another file, or delete it to start anew"
            )
        self._replies = told[1:]
        # What was cut off in the middle must not be the beginning of the next line.
        path.write_text("".join(json.dumps(one) + "\n" for one in [of, *self._replies]), encoding="utf-8")

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
        return _array(reply["answer"]), float(reply["seconds"])

    def remember(self, ask: Ask, answer: Array, seconds: float) -> None:
        """Write it down before anything is done with it."""
        if self._path is None:
            return
        reply = {"asked": _fingerprint(ask), "seconds": seconds, "answer": _plain(answer)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(reply, allow_nan=False) + "\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    told = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            said = json.loads(line) if line.endswith("\n") else None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            break
        told.append(said)
    if not told and path.stat().st_size:
        raise UsageError(f"{path} is not the journal of a calibration; give another file")
    return told


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    keys = [key for key in other if one.get(key) != other[key]]
    return (
        "; ".join(f"{key} {one.get(key)!r} instead of {other[key]!r}" for key in keys[:3]) or "more is said"
    )


def _fingerprint(ask: Ask) -> str:
    # Twelve digits: what another processor rounds differently in the last one is the same point.
    points = np.round(ask.points, 12).tobytes()
    return hashlib.sha256(points + f"{ask.seed} {ask.share} {ask.wanted}".encode()).hexdigest()[:16]


def _plain(answer: Array) -> Any:
    if answer.ndim > 1:
        return [_plain(row) for row in answer]
    return [float(one) if math.isfinite(one) else None for one in answer]


def _array(answer: Any) -> Array:
    try:
        return np.array(answer, dtype=float)
    except (TypeError, ValueError):
        raise UsageError("the journal of the calibration holds something that is not a number") from None
