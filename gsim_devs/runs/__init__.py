"""The run directory: everything about one build, from the first request to the last trace. Nothing is lost."""

from __future__ import annotations

from .cost import Cost, CostTable, cost_of
from .events import BadEvent, Event, read_events
from .manifest import Ending, Input, Manifest, inputs_of
from .paths import Paths
from .progress import Part, Progress, State, reduce
from .run import Run, Watcher
from .steps import Step

__all__ = [
    # writing
    "Run",
    "Manifest",
    "Input",
    "Ending",
    "inputs_of",
    "Step",
    "Paths",
    "Watcher",
    # events
    "Event",
    "BadEvent",
    "read_events",
    "reduce",
    "Progress",
    "State",
    "Part",
    "Cost",
    "CostTable",
    "cost_of",
]
