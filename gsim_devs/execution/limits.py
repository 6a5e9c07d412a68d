"""What one run may use."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; beyond time and output it is stopped, beyond memory its allocations fail."""

    seconds: float = 60.0
    """Wall-clock time of a run; in a pool also of a worker's start. To a launcher `inf` says that the process is a
    worker, which lives as long as there are jobs."""

    memory: int = 2048 * _MIB
    """Address space of each process, in bytes (kept on Linux only)."""

    output: int = 256 * _MIB
    """Longest trace, in bytes."""

    stderr: int = 64 * 1024
    """How much of the end of stderr is kept, in bytes; more than that is no offence."""

    forks: bool = False
    """Whether it may start threads and processes of its own (kept in a sandbox only)."""
