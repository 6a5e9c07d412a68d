"""Run a simulator once, in a process of its own."""

from __future__ import annotations

import io
import os
import selectors
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal

from gsim_devs.errors import UsageError

from .command import Simulator, command_line
from .launcher import Child, Launcher, launch
from .limits import Limits
from .result import Result, Status, status_of

_CHUNK = 1 << 16
# How often we look at a process that says nothing, and at one that has closed its pipes.
_PATIENCE = 0.05
_MOMENT = 0.0005
# How long it may tidy up when its time is over, and how long its pipes are read after its end.
_GRACE = 1.0
_AFTERMATH = 1.0


def run(
    simulator: Simulator,
    arguments: Mapping[str, object] | None = None,
    *,
    stdin: str = "",
    seed: int | None = None,
    parameters: Mapping[str, object] | None = None,
    replications: int = 1,
    detail: bool = False,
    limits: Limits | None = None,
    trace_file: Path | None = None,
    launcher: Launcher = launch,
) -> Result:
    """Run a simulator and wait for it. Nothing of it is left when this returns or raises.

    Raises UsageError when there is nothing to start; whatever the simulator does is a status.
    """
    argv = command_line(
        simulator, arguments, seed=seed, parameters=parameters, replications=replications, detail=detail
    )
    limits = limits or Limits()
    with tempfile.TemporaryFile() as feed, _destination(trace_file) as trace:
        feed.write(stdin.encode())
        feed.seek(0)
        started = time.monotonic()
        listener = _Listener(Child(launcher(argv, stdin=feed, limits=limits)), trace, limits)
        try:
            listener.listen()
        finally:
            listener.child.kill()
        seconds = time.monotonic() - started
        status = _status(listener.child.code, listener.offence)
        if status != "ok":
            trace.truncate(listener.whole)
        return Result(
            status=status,
            code=listener.child.code,
            trace=trace.getvalue() if isinstance(trace, io.BytesIO) else b"",
            stderr=listener.stderr.decode(errors="replace"),
            seconds=seconds,
            peak_memory=listener.child.peak_memory,
            trace_file=trace_file,
            isolation=listener.child.isolation,
        )


class _Listener:
    """Reads what a process says until it has ended or offends against its limits."""

    def __init__(self, child: Child, trace: IO[bytes], limits: Limits) -> None:
        self.child = child
        self.trace = trace
        self.limits = limits
        self.offence: Literal["timeout", "flooded"] | None = None
        self.stderr = bytearray()
        self.whole = 0  # length of the trace up to the end of its last whole line
        self._length = 0

    def listen(self) -> None:
        """Return when both pipes are at their end and the process is gone, or when it has to be killed."""
        deadline = time.monotonic() + self.limits.seconds
        process = self.child.process
        assert process.stdout is not None
        assert process.stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ, self._take_trace)
            selector.register(process.stderr, selectors.EVENT_READ, self._take_stderr)
            while not self.child.ended() or selector.get_map():
                self._hear(selector)
                self.child.look()
                now = time.monotonic()
                if self.offence == "flooded":
                    return
                if self.child.ended():
                    # A pipe can outlive its process in the hands of one that left the group.
                    deadline = min(deadline, now + _AFTERMATH)
                    if now > deadline:
                        return
                elif now > deadline:
                    if self.offence:
                        return
                    self.offence = "timeout"
                    self.child.interrupt()
                    deadline = now + _GRACE

    def _hear(self, selector: selectors.BaseSelector) -> None:
        if not selector.get_map():
            time.sleep(_MOMENT)
            return
        for key, _ in selector.select(_PATIENCE):
            chunk = os.read(key.fd, _CHUNK)
            if chunk:
                key.data(chunk)
            else:
                selector.unregister(key.fileobj)

    def _take_trace(self, chunk: bytes) -> None:
        chunk = chunk[: self.limits.output + 1 - self._length]
        self.trace.write(chunk)
        newline = chunk.rfind(b"\n")
        if newline >= 0:
            self.whole = self._length + newline + 1
        self._length += len(chunk)
        if self._length > self.limits.output:
            self.offence = "flooded"

    def _take_stderr(self, chunk: bytes) -> None:
        self.stderr += chunk
        del self.stderr[: -self.limits.stderr]


def _destination(trace_file: Path | None) -> IO[bytes]:
    if trace_file is None:
        return io.BytesIO()
    try:
        return trace_file.open("wb")
    except OSError as error:
        raise UsageError(f"cannot write the trace to {trace_file}: {error.strerror}") from None


def _status(code: int, offence: Literal["timeout", "flooded"] | None) -> Status:
    if offence:
        return offence
    return status_of(code)
