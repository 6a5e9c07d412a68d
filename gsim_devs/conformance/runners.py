"""The two ways to run a simulator for a case: in a process of its own, or in a warm worker. Judges nothing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from gsim_devs.execution import Job, Launcher, Limits, Pool, Result, launch, run

from .simulators import Start


class Runner(Protocol):
    """Runs a simulator once and writes its trace to a file."""

    def __call__(
        self, start: Start, stdin: str, *, detail: bool, limits: Limits, trace_file: Path
    ) -> Result: ...


class Alone:
    """Each run is a process of its own, as a user starts it."""

    def __init__(self, launcher: Launcher = launch) -> None:
        self._launcher = launcher

    def __call__(self, start: Start, stdin: str, *, detail: bool, limits: Limits, trace_file: Path) -> Result:
        return run(
            start.simulator,
            start.arguments,
            stdin=stdin,
            seed=start.seed,
            detail=detail,
            limits=limits,
            trace_file=trace_file,
            launcher=self._launcher,
        )


class Warm:
    """Runs one simulator of ours in a worker that has imported it, many times faster; the limits are the pool's.

    One case at a time.
    """

    def __init__(self, simulator: Path) -> None:
        self._pool = Pool(simulator, workers=1)

    def __call__(self, start: Start, stdin: str, *, detail: bool, limits: Limits, trace_file: Path) -> Result:
        given = {
            name: str(value) if isinstance(value, Path) else value for name, value in start.arguments.items()
        }
        job = Job(given, stdin, seed=start.seed or 0, detail=detail)
        (result,) = self._pool.run([job], records=False)
        trace_file.write_bytes(result.trace)
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
