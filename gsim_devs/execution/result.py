"""How a run went: a value, also when it went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .launcher import Tier

Status = Literal["ok", "failed", "refused", "timeout", "killed", "flooded"]
"""ok; failed: it gave up with an error; refused: its input (exit code 2); timeout and flooded: we killed it for the
time it took or the trace it wrote; killed: by a signal that was not ours."""


def status_of(code: int) -> Status:
    """What an exit code says."""
    if code < 0:
        return "killed"
    if code == 0:
        return "ok"
    return "refused" if code == 2 else "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """How one run went, and what it wrote. Whatever the status, the trace holds whole lines."""

    status: Status
    code: int
    """Exit code; -N when signal N killed it. In a pool: what the simulator would have exited with."""

    trace: bytes
    """What it printed; empty when the trace went to a file or was asked for as records."""

    stderr: str
    """The end of what it wrote there; in a pool the error message of the run."""

    seconds: float
    """Wall-clock time, in a process of its own including the start."""

    peak_memory: int
    """Largest resident memory of the process so far, in bytes."""

    trace_file: Path | None = None
    """Where the trace is, if it was sent to a file."""

    records: tuple[tuple[Any, ...], ...] = ()
    """What it reported, if asked for: (time, entity, event, payload), with `detail` followed by (seq, component)."""

    isolation: Tier = "none"
    """How it was contained."""

    took_worker: bool = False
    """Whether the worker that it ran in, in a pool, was lost with it."""

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.status == "ok"

    @property
    def reason(self) -> str:
        """What happened, in one line."""
        last = self.stderr.strip().rpartition("\n")[2]
        match self.status:
            case "ok":
                return f"ended well after {self.seconds:.2f} s"
            case "timeout":
                return f"still running after {self.seconds:.2f} s, and stopped"
            case "flooded":
                return f"wrote more than it may within {self.seconds:.2f} s, and was stopped"
            case "killed":
                return f"killed by signal {-self.code}" + (f": {last}" if last else "")
        return last or f"exited with code {self.code} and said nothing"
