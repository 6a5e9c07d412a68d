"""The run directory: everything about one build, from the first request to the last trace. Nothing is lost."""

from __future__ import annotations

from .comparing import Difference, Pair, compare, scores
from .cost import Cost, CostTable, cost_of, spent
from .events import BadEvent, Event, read_events
from .live import HOWS, show_live
from .manifest import Ending, Input, Manifest, inputs_of, versions
from .paths import Paths
from .progress import Part, Progress, State, reduce
from .reading import (
    Account,
    Attempt,
    Unreadable,
    attempts,
    find_run,
    list_runs,
    plan_text,
    read_run,
    remove_run,
    slots,
    sources,
)
from .run import Run, Watcher
from .steps import Step
from .telling import line, printable, tree

__all__ = [
    # writing
    "Run",
    "Manifest",
    "Input",
    "Ending",
    "inputs_of",
    "versions",
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
    "spent",
    # showing
    "show_live",
    "HOWS",
    "tree",
    "line",
    "printable",
    # reading
    "Account",
    "Attempt",
    "Unreadable",
    "read_run",
    "list_runs",
    "find_run",
    "remove_run",
    "attempts",
    "sources",
    "plan_text",
    "slots",
    "Difference",
    "Pair",
    "compare",
    "scores",
]
