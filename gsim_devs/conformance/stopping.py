"""A launcher that ends what it started when the work is given up, so that Ctrl-C need not wait for time limits."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from gsim_devs.errors import UsageError
from gsim_devs.execution import Launcher, Limits


class Stoppable:
    """Starts processes as another launcher does; left by an exception, it kills them and starts no more."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._lock = threading.Lock()
        self._stopped = False
        self._started: list[subprocess.Popen[bytes]] = []

    def __call__(
        self, argv: Sequence[str], *, stdin: IO[bytes] | int, limits: Limits
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise UsageError("stopped")
            process = self._launcher(argv, stdin=stdin, limits=limits)
            self._started = [*(one for one in self._started if one.returncode is None), process]
            return process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        with self._lock:
            self._stopped = True
            for process in self._started:
                if process.returncode is None:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)
