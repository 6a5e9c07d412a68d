"""Run simulators: once in a subprocess under limits, or thousands of times in warm workers. Judges no trace."""

from __future__ import annotations

from .command import Simulator, command_line
from .isolation import Isolation, describe_isolation, sandboxed, tier_of
from .launcher import Launcher, Tier, launch
from .limits import Limits
from .once import run
from .pool import Job, Pool
from .result import Result, Status
from .surveying import Seen, Sight, Watch

__all__ = [
    "run",
    "Pool",
    "Job",
    "Sight",
    "Seen",
    "Watch",
    "Result",
    "Status",
    "Limits",
    "Simulator",
    "command_line",
    "Launcher",
    "launch",
    "Tier",
    "Isolation",
    "sandboxed",
    "describe_isolation",
    "tier_of",
]
