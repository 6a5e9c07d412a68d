"""The inside of a worker that simulates arrays: loads a simulator's `arrays.py`, then takes batches as they come.

A script of its own, started as `python -I array_worker.py FOLDER`; it uses numpy and the runtime that the simulator
brought along, nothing of gsim_devs. A message is two lengths, a JSON header, and a body of numbers. What the
simulator's code prints goes nowhere.

A batch has rows; each is one simulation with its parameters, its state, its key, and its actions for each step. What
goes back is the state after each step, of the names that were asked for. Rows do not depend on each other, so that a
large batch is simulated block by block.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import struct
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

_LENGTHS = struct.Struct(">IQ")
_LONGEST_ERROR = 2000
_BLOCK = 1 << 14


def _main() -> None:
    requests, replies = _take_channel()
    _end_with_whoever_started_us()
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    try:
        module = _loaded(folder / "arrays.py")
        length = float(module.STEP)
    except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
        _send(replies, {"error": _told(error)})
        return
    _send(replies, {"step": length})
    while prefix := requests.read(_LENGTHS.size):
        header, body = _LENGTHS.unpack(prefix)
        request, numbers = json.loads(requests.read(header)), np.frombuffer(requests.read(body))
        try:
            _send(replies, {}, _simulated(module, request, numbers).tobytes())
        except BaseException as error:  # noqa: BLE001  (any code at all may stand in a simulator)
            _send(replies, {"error": _told(error)})


def _end_with_whoever_started_us() -> None:
    """A step that never ends would outlive a parent that was killed: it does not notice that nobody listens."""
    parent = os.getppid()

    def look(number: int, frame: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)


def _take_channel() -> tuple[BinaryIO, BinaryIO]:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    return requests, replies


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("arrays", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _send(replies: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    replies.write(_LENGTHS.pack(len(text), len(body)) + text)
    replies.write(body)
    replies.flush()


def _simulated(module: ModuleType, request: dict[str, Any], numbers: Any) -> Any:
    """The states after each step: steps, rows, names."""
    rows, steps = request["rows"], request["steps"]
    columns = _Columns(numbers, rows)
    keys, times = columns.take().view(np.uint64), columns.take()
    parameters = {name: columns.take(*shape) for name, shape in request["parameters"]}
    state = {name: columns.take() for name in request["state"]}
    actions = [{name: columns.take() for name in request["actions"]} for _ in range(steps)]
    # A text belongs to many rows, one for each candidate and draw.
    told = module.read(request["texts"]) if request["texts"] else {}
    out = np.full((steps, rows, len(request["names"])), np.nan)
    for begin in range(0, rows, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        starts = np.arange(*block.indices(rows)) % request["starts"]
        texts = {name: np.asarray(held)[starts] for name, held in told.items()}
        _run(
            module,
            out[:, block],
            request["names"],
            keys[block],
            times[block],
            _cut(parameters, block),
            _cut(state, block) | texts,
            [_cut(done, block) for done in actions],
            _changes(request["changes"], block),
        )
    return out


def _run(
    module: ModuleType,
    out: Any,
    names: list[str],
    keys: Any,
    times: Any,
    parameters: dict[str, Any],
    state: dict[str, Any],
    actions: list[dict[str, Any]],
    changes: dict[int, list[tuple[str, slice, Any]]],
) -> None:
    """Simulate some rows, and write down the states after each step."""
    from runtime.array_draws import ArrayDraw

    draw = ArrayDraw(keys)
    with np.errstate(all="ignore"):
        for k, done in enumerate(actions):
            parameters = _changed(parameters, changes.get(k, []))
            state = dict(module.step({**state, "t": times + k * module.STEP}, dict(parameters), done, draw))
            for column, name in enumerate(names):
                if name not in state:
                    raise ValueError(f"step does not return {name!r}, which is in the data")
                out[k, :, column] = state[name]


def _changes(told: list[list[Any]], block: slice) -> dict[int, list[tuple[str, slice, Any]]]:
    """What changes in the rows of a block, by the step from which on it holds."""
    found: dict[int, list[tuple[str, slice, Any]]] = {}
    for step, name, first, end, value in told:
        if first < block.stop and end > block.start:
            rows = slice(max(first - block.start, 0), end - block.start)
            found.setdefault(step, []).append((name, rows, value))
    return found


def _changed(parameters: dict[str, Any], changes: list[tuple[str, slice, Any]]) -> dict[str, Any]:
    columns = {name: parameters[name].copy() for name, _, _ in changes}
    for name, rows, value in changes:
        columns[name][rows] = value
    for column in columns.values():
        column.flags.writeable = False
    return {**parameters, **columns}


def _cut(columns: dict[str, Any], block: slice) -> dict[str, Any]:
    return {name: column[block] for name, column in columns.items()}


class _Columns:
    """Takes arrays from a row of numbers, one after the other; nobody can change them."""

    def __init__(self, numbers: Any, rows: int) -> None:
        self._numbers, self._rows, self._place = numbers, rows, 0

    def take(self, *width: int) -> Any:
        shape = (self._rows, *width)
        begin, self._place = self._place, self._place + int(np.prod(shape))
        # frombuffer gives a view that cannot be written.
        return self._numbers[begin : self._place].reshape(shape)


def _told(error: BaseException) -> str:
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.endswith("arrays.py")]
    where = f"line {frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"[:_LONGEST_ERROR]


if __name__ == "__main__":
    _main()
