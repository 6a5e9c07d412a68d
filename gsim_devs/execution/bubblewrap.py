"""Namespaces around a process, made by bubblewrap where it is installed: it sees no other process, file, or network."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

from .launcher import Process

_SIGNALS = 65
_POLITE = (signal.SIGINT, signal.SIGTERM)


def bubblewrap() -> str | None:
    """Where it is, if it is installed."""
    return shutil.which("bwrap")


def wrapped(program: str, readable: Iterable[str], user: int) -> list[str]:
    """The words to put before a command line, given what it has to read."""
    words = [program, "--unshare-all", "--unshare-user", "--uid", str(user), "--gid", str(user)]
    words += ["--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev"]
    for path in readable:
        words += ["--ro-bind", path, path]
    return [*words, "--chdir", "/", "--"]


class Wrapped(Process):
    """A process with bubblewrap around it, which keeps signals to itself and dies with what is in it."""

    @property
    def innermost(self) -> int:
        """The simulator, once it is there."""
        pid = self.pid
        while True:
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            except OSError:
                return pid
            if not children:
                return pid
            pid = int(children[0])

    def ended_as(self, code: int) -> int:
        """Bubblewrap says 128 + N where signal N has killed; so does a simulator that was asked to end."""
        number = code - 128
        return -number if 0 < number < _SIGNALS and number not in _POLITE else code
