"""Simulations as steps of arrays: all candidates and all starts at once, in a process of its own.

A simulator whose folder holds an `arrays.py` can be run like this, beside its components, which remain what the model
is. That file says

    STEP = 1.0

    def step(state, parameters, actions, draw):
        ...
        return {"S": ..., "I": ..., "R": ...}

Everything is an array with a place for each simulation: `state` by observable and `t`, the data's time; `parameters` by
name, as they are at the end of the step (a simplex has a second axis); `actions` by name, nan where nothing is done at
the beginning of the step; `draw` as `runtime.array_draws` says. What comes back is the state after the step; what else
is in it is handed to the next step. What is handed in cannot be changed. Where texts belong to the state, the file also
says

    def read(texts):
        ...
        return {"remaining": ..., "days": ...}

which makes arrays of them, with a place for each text on the first axis; `texts` are lists by observable.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gsim_devs.contracts import Contract
from gsim_devs.errors import UsageError
from gsim_devs.execution import Launcher, Limits
from gsim_devs.execution.launcher import Child

from .datasets import Array
from .starts import Start, seed_of

FILE = "arrays.py"
MOST_ROWS, MOST_NUMBERS = 200_000, 8_000_000
"""Of simulations, and of what they tell; candidates beyond that are left for another batch."""

_MOST_OF_ONE = 50_000_000
"""Numbers that one candidate may tell; more are refused."""
_WORKER = Path(__file__).with_name("array_worker.py")
_LENGTHS = struct.Struct(">IQ")
_LONGEST_HEADER = 1 << 16
_CHUNK = 1 << 20
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
"""The end of SplitMix64: each bit of what goes in changes half of what comes out."""

Keys: TypeAlias = npt.NDArray[np.uint64]
Changes: TypeAlias = Sequence[tuple[float, str, Any]]
"""When a parameter takes another value, which, and what it is then; in the order of time."""
_Candidate: TypeAlias = tuple[Mapping[str, Any], int, Changes]
"""Values of parameters, the seed of their simulations, and what changes in them."""


class ArrayPath:
    """One simulator's steps of arrays, in a worker that is started when it is needed."""

    def __init__(
        self,
        simulator: Path,
        contract: Contract,
        names: Sequence[str],
        *,
        workers: int,
        limits: Limits,
        launcher: Launcher,
    ) -> None:
        self._contract = contract
        self._names = tuple(names)
        self._texts = {name for name, one in contract.observables.items() if one.type == "text"}
        self._file = simulator / FILE
        self._own = _own_values(simulator, contract)
        self._workers = [_Worker(simulator, limits, launcher) for _ in range(workers)]
        self._latest: tuple[Sequence[Start], int, _Batch] | None = None

    def fits(self, starts: Sequence[Start]) -> bool:
        """Whether these starts tell all of the state, and lie on the grid of steps."""
        state = self._contract.state
        if state is None or not starts:
            return False
        step, half = self._workers[0].step, self._contract.time.resolution / 2
        needed = set(state.arguments.values())
        return all(
            needed == start.state.keys()
            and all(look > half and _is_multiple(look, step, half) for look in start.looks)
            and all(_is_multiple(when, step, half) for when, _, _ in start.actions)
            for start in starts
        )

    def simulate(
        self,
        thetas: Sequence[Mapping[str, Any]],
        starts: Sequence[Start],
        *,
        seeds: Sequence[int],
        draws: int,
        changes: Sequence[Changes] = (),
    ) -> Array:
        """As `Experiment.simulate`, with a seed for each candidate: (P, draws, M, T, D).

        `changes` holds, for each candidate, what changes during its simulations. A step has the parameters that are in
        force at its end, because a change comes before everything else that happens at its time.
        """
        batch = self._batch_of(starts, draws)
        told = batch.rows * batch.steps * len(self._names)
        most = min(MOST_ROWS // batch.rows, MOST_NUMBERS // told, math.ceil(len(thetas) / len(self._workers)))
        at_once = max(1, most)
        candidates = list(zip(thetas, seeds, changes or [()] * len(thetas), strict=True))
        parts = self._shared_out(
            [candidates[k : k + at_once] for k in range(0, len(candidates), at_once)], batch
        )
        out = np.concatenate(parts).reshape(len(thetas), draws, len(starts), batch.steps, len(self._names))
        return out[:, :, np.arange(len(starts))[:, None], batch.looks] + batch.padding

    def refuse_unless_rows_are_apart(
        self, thetas: Sequence[Mapping[str, Any]], starts: Sequence[Start]
    ) -> None:
        """Refuse a step in which the rows of an array have to do with each other."""
        some = [*starts[:5], *starts[-1:]]
        together = self.simulate([thetas[0], thetas[-1]], some, seeds=[0, 0], draws=1)
        for row, start in enumerate(some):
            alone = self.simulate(thetas[-1:], [start], seeds=[0], draws=1)
            length = len(start.looks)
            if not np.array_equal(alone[0, 0, 0, :length], together[1, 0, row, :length], equal_nan=True):
                raise UsageError(
                    f"{self._file}: a simulation has another result when others are in the same array; "
                    "every row must depend on its own values alone"
                )

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.close()

    def _shared_out(self, parts: Sequence[Sequence[_Candidate]], batch: _Batch) -> list[Array]:
        """Simulate parts of the candidates, as many at once as there are workers."""
        workers = self._workers[: len(parts)]
        for worker in workers:
            # Here, because a sandbox may end a process with the thread that started it.
            worker.ensure_started()
        idle = SimpleQueue[_Worker]()
        for worker in workers:
            idle.put(worker)

        def simulated(part: Sequence[_Candidate]) -> Array:
            worker = idle.get()
            try:
                return self._part(part, batch, worker)
            finally:
                idle.put(worker)

        with ThreadPoolExecutor(len(workers)) as threads:
            return list(threads.map(simulated, parts))

    def _batch_of(self, starts: Sequence[Start], draws: int) -> _Batch:
        """The batch; a search asks for the same one again and again."""
        if self._latest:
            *key, batch = self._latest
            if key[0] is starts and key[1] == draws:
                return batch
        batch = self._batch(starts, draws)
        # What cannot be changed is the same as long as it is the same object.
        self._latest = (starts, draws, batch) if isinstance(starts, tuple) else None
        return batch

    def _batch(self, starts: Sequence[Start], draws: int) -> _Batch:
        step = self._workers[0].step
        looks = [[round(look / step) for look in start.looks] for start in starts]
        steps, longest = max(map(max, looks)), max(map(len, looks))
        if steps * draws * len(starts) * len(self._names) > _MOST_OF_ONE:
            longest_one = max(starts, key=lambda start: start.looks[-1])
            raise UsageError(
                f"trajectory {longest_one.trajectory} is looked at {longest_one.looks[-1]:g} after its row at "
                f"t = {longest_one.time:g}: {steps} steps of {step:g} are too many to simulate; "
                "is t in the contract's unit of time?"
            )
        actions = np.full((steps, len(self._contract.actions), len(starts)), np.nan)
        columns = {name: column for column, name in enumerate(self._contract.actions)}
        for row, start in enumerate(starts):
            for when, name, value in start.actions:
                if round(when / step) < steps:
                    actions[round(when / step), columns[name], row] = value
        keys = [seed_of(0, start, draw) for draw in range(draws) for start in starts]
        told = starts[0].state.keys()
        padding = [[0.0] * len(row) + [math.nan] * (longest - len(row)) for row in looks]
        return _Batch(
            starts=len(starts),
            rows=draws * len(starts),
            steps=steps,
            keys=np.array(keys, dtype=np.uint64),
            times=np.tile([start.time for start in starts], draws),
            state={
                name: np.tile(np.array([start.state[name] for start in starts], dtype=np.float64), draws)
                for name in told - self._texts
            },
            texts={name: [str(start.state[name]) for start in starts] for name in told & self._texts},
            actions=np.tile(actions, (1, 1, draws)),
            looks=np.array([[k - 1 for k in row] + [0] * (longest - len(row)) for row in looks]),
            padding=np.array(padding)[:, :, None],
        )

    def _part(self, candidates: Sequence[_Candidate], batch: _Batch, worker: _Worker) -> Array:
        """Some candidates, (P, rows, steps, D)."""
        thetas = [theta for theta, _, _ in candidates]
        count, rows = len(thetas), len(thetas) * batch.rows
        parameters = {name: self._values(name, thetas, batch.rows) for name in self._contract.parameters}
        body = [
            *(_keys(batch.keys, seed) for _, seed, _ in candidates),
            np.tile(batch.times, count),
            *parameters.values(),
            *(np.tile(column, count) for column in batch.state.values()),
            np.tile(batch.actions, (1, 1, count)),
        ]
        request = {
            "rows": rows,
            "steps": batch.steps,
            "parameters": [(name, values.shape[1:]) for name, values in parameters.items()],
            "state": [*batch.state],
            "starts": batch.starts,
            "texts": batch.texts,
            "actions": [*self._contract.actions],
            "names": self._names,
            "changes": [*self._changes(candidates, batch.rows)],
        }
        shape = (batch.steps, count, batch.rows, len(self._names))
        told = worker.ask(request, b"".join(part.tobytes() for part in body), 8 * math.prod(shape))
        out = np.frombuffer(told).reshape(shape).transpose(1, 2, 0, 3)
        return np.where(np.isfinite(out), out, np.nan)

    def _changes(
        self, candidates: Sequence[_Candidate], rows: int
    ) -> Iterator[tuple[int, str, int, int, Any]]:
        """From which step on which parameter is what, and in which rows: from the first to before the last."""
        step, half = self._workers[0].step, self._contract.time.resolution / 2
        for place, (_, _, changes) in enumerate(candidates):
            for when, name, value in changes:
                first = max(0, math.ceil((when - half) / step) - 1)
                yield first, name, place * rows, (place + 1) * rows, value

    def _values(self, name: str, thetas: Sequence[Mapping[str, Any]], rows: int) -> Array:
        own = self._own[name]
        return np.repeat(np.array([theta.get(name, own) for theta in thetas], dtype=np.float64), rows, axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """What does not depend on the candidates: a row for each draw and start."""

    starts: int
    rows: int
    steps: int
    keys: Keys
    """Of the rows alone; a seed makes others of them."""
    times: Array
    state: Mapping[str, Array]
    texts: Mapping[str, list[str]]
    """What else belongs to the state, by observable; a text for each start."""
    actions: Array
    looks: Any
    """Which steps each start is looked at after, (M, T)."""
    padding: Array
    """0 where a start is looked at, nan where others are longer, (M, T, 1)."""


class _Worker:
    """Our end of the process; what comes from there is numbers, and is never believed to be more."""

    def __init__(self, simulator: Path, limits: Limits, launcher: Launcher) -> None:
        self._argv = [sys.executable, "-I", str(_WORKER), str(simulator.resolve())]
        self._file = simulator / FILE
        self._limits = limits
        self._launcher = launcher
        self._child: Child | None = None
        self._step = 0.0

    @property
    def step(self) -> float:
        """How much time a step takes, in the contract's unit."""
        self.ensure_started()
        return self._step

    def ensure_started(self) -> None:
        """Start it, unless it runs."""
        if self._child is None:
            self._start()

    def ask(self, request: Mapping[str, Any], body: bytes, expected: int) -> bytes:
        """Send a batch to the process, which runs, and return its numbers, which are so many bytes."""
        text = json.dumps(request).encode()
        header, told = self._exchange(_LENGTHS.pack(len(text), len(body)) + text + body, expected)
        if "error" in header or len(told) != expected:
            raise UsageError(
                f"{self._file}: {header.get('error', 'the worker told too little')}; a step must take whatever lies "
                "within the bounds, and return nan where there is no answer; without the file components are simulated"
            )
        return told

    def close(self) -> None:
        """End it."""
        if self._child:
            self._child.kill()
            self._child = None

    def _start(self) -> None:
        limits = replace(self._limits, seconds=math.inf)
        self._child = Child(self._launcher(self._argv, stdin=subprocess.PIPE, limits=limits))
        assert self._child.process.stdin
        os.set_blocking(self._child.process.stdin.fileno(), False)
        header, _ = self._exchange(b"", 0)
        step = header.get("step")
        if not (isinstance(step, float) and 0 < step < math.inf):
            self.close()
            raise UsageError(f"{self._file}: {header.get('error', 'STEP must be a positive number')}")
        self._step = step

    def _exchange(self, message: bytes, longest: int) -> tuple[dict[str, Any], bytes]:
        """Send a message and wait for the one that comes back, no longer than a run may take."""
        try:
            received = self._received(memoryview(message), longest)
            header = _LENGTHS.unpack_from(received)[0]
            begin = _LENGTHS.size + header
            told = json.loads(received[_LENGTHS.size : begin])
            if not isinstance(told, dict):
                raise ValueError("no header")
            return told, bytes(received[begin:])
        except (OSError, ValueError, RecursionError, struct.error):
            self.close()
            raise UsageError(
                f"{self._file}: its process ended, or answered with something that is no result"
            ) from None
        except BaseException:
            self.close()
            raise

    def _received(self, message: memoryview, longest: int) -> bytearray:
        assert self._child
        process = self._child.process
        assert process.stdin
        assert process.stdout
        deadline = time.monotonic() + self._limits.seconds
        received, needed = bytearray(), _LENGTHS.size
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout.fileno(), selectors.EVENT_READ)
            if message:
                selector.register(process.stdin.fileno(), selectors.EVENT_WRITE)
            while len(received) < needed:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if time.monotonic() >= deadline:
                    raise UsageError(
                        f"{self._file}: still busy after {self._limits.seconds:g} s, and stopped; without the file "
                        "components are simulated"
                    )
                for key, event in ready:
                    if event & selectors.EVENT_WRITE:
                        message = message[os.write(key.fd, message[:_CHUNK]) :]
                        if not message:
                            selector.unregister(key.fd)
                    else:
                        chunk = os.read(key.fd, min(_CHUNK, needed - len(received)))
                        if not chunk:
                            raise OSError
                        received += chunk
                if len(received) == needed == _LENGTHS.size:
                    header, body = _LENGTHS.unpack(received)
                    if header > _LONGEST_HEADER or body > longest:
                        raise OSError
                    needed += header + body
        return received


def _keys(of_rows: Keys, seed: int) -> Keys:
    """64 bits for each row that belong to it and to the seed."""
    digest = blake2b(str(seed).encode(), digest_size=8).digest()
    bits = of_rows ^ np.uint64(int.from_bytes(digest, "big"))
    for shift, factor in _MIX:
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))


def _is_multiple(value: float, step: float, half: float) -> bool:
    return value > -half and abs(value - round(value / step) * step) <= half


def _own_values(simulator: Path, contract: Contract) -> dict[str, Any]:
    """The values that parameters have until told otherwise: as declared, or as calibrated."""
    path = simulator / "parameters.json"
    try:
        calibrated = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"{simulator} is a damaged simulator: {path.name} cannot be read") from None
    declared = {name: parameter.value for name, parameter in contract.parameters.items()}
    return declared | {name: value for name, value in calibrated.items() if name in declared}
