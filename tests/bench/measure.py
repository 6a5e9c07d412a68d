"""Measure two ways of doing one thing side by side: alternating repetitions, medians, ratios."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Run = Callable[[], None]
"""What is timed. Made anew for each repetition by a function that does the building, which is not timed."""


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    baseline: str
    make_baseline: Callable[[], Run]
    make_ours: Callable[[], Run]
    floor: float
    """The ratio of seconds, baseline over ours, that must be reached."""
    repetitions: int = 5


@dataclass(frozen=True)
class Row:
    """What was measured."""

    name: str
    baseline: str
    baseline_seconds: float
    our_seconds: float
    ratio: float
    floor: float

    @property
    def holds(self) -> bool:
        return self.ratio >= self.floor


def measure(case: Case) -> Row:
    """Time both, in turn, as often as the case says; each ratio is of two neighbours in time."""
    pairs = [
        (_seconds(case.make_baseline), _seconds(case.make_ours)) for _ in range(max(5, case.repetitions))
    ]
    return Row(
        name=case.name,
        baseline=case.baseline,
        baseline_seconds=median(theirs for theirs, _ in pairs),
        our_seconds=median(ours for _, ours in pairs),
        ratio=median(theirs / ours for theirs, ours in pairs),
        floor=case.floor,
    )


def _seconds(make: Callable[[], Run]) -> float:
    run = make()
    gc.collect()
    started = time.process_time()
    run()
    return time.process_time() - started
