"""One process at a time writes a run. The system gives the lock back when its owner dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from gsim_devs.errors import UsageError

from .files import open_plain

_TRIES = 5


class Lock:
    """Held from its creation until `release`; raises UsageError where another process holds it."""

    def __init__(self, path: Path) -> None:
        self._file = open_plain(path, os.O_RDWR | os.O_CREAT)
        if not _taken(self._file, fcntl.LOCK_EX):
            owner = _owner(self._file)
            os.close(self._file)
            raise UsageError(f"{path.parent} is being written by {owner}; wait for it, or stop it")
        self.died = _owner(self._file) if os.fstat(self._file).st_size else ""
        """Who held it before and did not give it back; empty where nobody did."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        # The file stays: whoever waits for it would wait for one that is gone.
        os.ftruncate(self._file, 0)
        os.close(self._file)


def is_held(path: Path) -> bool:
    """Whether a process holds this lock now."""
    try:
        file = open_plain(path)
    except OSError:
        return False
    try:
        return not _taken(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _taken(file: int, kind: int) -> bool:
    for turn in range(_TRIES):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            # Somebody may only be looking whether it is held.
            if turn < _TRIES - 1 and kind == fcntl.LOCK_EX:
                time.sleep(0.01)
                continue
            return False
        return True
    return False


def _owner(file: int) -> str:
    text = os.pread(file, 100, 0).decode("utf-8", "replace").strip()
    return text if text.isprintable() and text else "another process"
