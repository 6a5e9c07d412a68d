"""What travels inside every simulator: components, kernel, clock, random streams, records, command line.

Imports the standard library and xdevs; numpy only when a component draws random numbers.
"""

from __future__ import annotations

from .atomic import Atomic
from .coupled import Coupled
from .errors import GsimError, ModelError, SimulationError, UsageError
from .kernel import Kernel
from .ports import Input, Output, Port

__all__ = [
    "Atomic",
    "Coupled",
    "GsimError",
    "Input",
    "Kernel",
    "ModelError",
    "Output",
    "Port",
    "SimulationError",
    "UsageError",
]
