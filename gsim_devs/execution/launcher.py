"""Start a process and watch over it and its group. What it runs, and whether in a sandbox, others decide.

The seam of the sandbox is `Launcher`: whatever has the signature of `launch` can take its place.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, Protocol

from gsim_devs.errors import UsageError

from .limits import Limits

# All that a simulator gets of an environment: where programs are, text is UTF-8, one thread does the arithmetic.
_ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_KIB = 1024
_LOOK_EVERY = 0.01


Tier = Literal["none", "process", "kernel", "bwrap"]
"""How a process is contained, from least to most; `isolation` tells what each of them is."""


class Process(subprocess.Popen[bytes]):
    """A process that knows how it is contained."""

    isolation: Tier = "none"

    @property
    def innermost(self) -> int:
        """Whose memory counts, and who may be asked to end: the process itself, if nothing stands around it."""
        return self.pid

    def ended_as(self, code: int) -> int:
        """The exit code of the innermost process, given that of the outermost."""
        return code


class Launcher(Protocol):
    """Starts a process in a new session, with pipes for stdout and stderr."""

    def __call__(
        self, argv: Sequence[str], *, stdin: IO[bytes] | int, limits: Limits
    ) -> subprocess.Popen[bytes]: ...


def launch(argv: Sequence[str], *, stdin: IO[bytes] | int, limits: Limits) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, with a clean environment, and with limits on its memory."""
    process = start(argv, stdin=stdin)
    if sys.platform == "linux":
        # From outside, because code between fork and exec is not safe in a process with threads.
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (limits.memory, limits.memory))
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
    return process


def start(
    argv: Sequence[str], *, stdin: IO[bytes] | int, folder: Path | None = None, kind: type[Process] = Process
) -> Process:
    """Start a process in a session of its own, with a clean environment; `folder` is where it finds itself."""
    program = path_of(argv[0])
    try:
        return kind(
            [program, *argv[1:]],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_ENVIRONMENT,
            start_new_session=True,
            cwd=folder,
        )
    except OSError as error:
        raise UsageError(f"cannot start {program}: {error.strerror}") from None


def path_of(program: str) -> str:
    """Where a program is."""
    found = shutil.which(program)
    if found is None:
        raise UsageError(f"cannot start {program}: there is no such program")
    return found


class Child:
    """A process that we started: looked at, killed with all of its group, collected exactly once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.peak_memory = 0
        self._floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
        self._looked = -_LOOK_EVERY

    @property
    def code(self) -> int:
        """Exit code of a process that has ended; -N when signal N killed it."""
        assert self.process.returncode is not None
        return self.process.returncode

    @property
    def isolation(self) -> Tier:
        """How it is contained."""
        return self.process.isolation if isinstance(self.process, Process) else "none"

    def look(self) -> None:
        """Take note of its memory, unless that was done a moment ago."""
        now = time.monotonic()
        if self.process.returncode is None and now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self.peak_memory = max(self.peak_memory, _high_water(self._innermost()))

    def ended(self) -> bool:
        """Whether it has ended; what it left running is killed then."""
        if self.process.returncode is None:
            self._collect(os.WNOHANG)
        return self.process.returncode is not None

    def interrupt(self) -> None:
        """Ask it to end; a simulator of ours then writes what it still has of its trace."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._innermost(), signal.SIGTERM)

    def kill(self) -> None:
        """End it and its group; returns when it is gone, and closes its pipes."""
        if self.process.returncode is None:
            self._kill_group()
            self._collect(0)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _innermost(self) -> int:
        return self.process.innermost if isinstance(self.process, Process) else self.process.pid

    def _collect(self, options: int) -> None:
        pid, status, usage = os.wait4(self.process.pid, options)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            self.process.returncode = (
                self.process.ended_as(code) if isinstance(self.process, Process) else code
            )
            self._kill_group()
            peak = usage.ru_maxrss * _KIB
            # Linux counts what we held ourselves when we started it; only above that the number is about the child.
            self.peak_memory = peak if peak > self._floor else self.peak_memory

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    _, found, rest = status.partition("VmHWM:")
    return int(rest.split(maxsplit=1)[0]) * _KIB if found else 0
