"""What policies cost, replication by replication: simulated by components, one run after the other.

A replication has the same random numbers whatever the policy. Policies that do the same to the simulator, and differ
in the cost only, share their simulations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from gsim_devs.execution import Result

from .costs import Array, Measure
from .grids import Point
from .trials import Trials, seeds_of
from .variants import Variant


class Costing(Protocol):
    """Simulates policies and says what they cost."""

    means: str
    """How it simulates, in words."""
    simulations: int
    """How many were made so far."""
    reasons: Counter[str]
    """Why simulations failed, and how often."""

    def costs(self, points: Sequence[Point], first: int, count: int) -> Array:
        """What each point costs in so many replications from `first` on, (P, count); nan where one failed."""


class RecordCosting:
    """Runs the simulator and measures what it reports."""

    means = "components"

    def __init__(self, trials: Trials, cost: Measure, seed: int) -> None:
        self.simulations = 0
        self.reasons: Counter[str] = Counter()
        self._trials = trials
        self._cost = cost
        self._seed = seed

    def costs(self, points: Sequence[Point], first: int, count: int) -> Array:
        out = np.full((len(points), count), np.nan)
        seeds = seeds_of(self._seed, count, first)
        for variant, places in same_variants(points):
            for replication, result in enumerate(self._trials.records(variant, seeds)):
                self.simulations += 1
                if self._worked(result):
                    for place in places:
                        out[place, replication] = self._cost.of_records(result.records, points[place].scope)
        return out

    def _worked(self, result: Result) -> bool:
        if not result.ok:
            self.reasons[result.reason] += 1
        return result.ok


def same_variants(points: Sequence[Point]) -> Iterator[tuple[Variant, list[int]]]:
    """The variants among the points, each with the places of its points."""
    places: dict[Any, list[int]] = {}
    for place, point in enumerate(points):
        places.setdefault(_key(point.variant), []).append(place)
    for held in places.values():
        yield points[held[0]].variant, held


def _key(variant: Variant) -> Any:
    """The same for variants that do the same."""
    parameters, arguments = (tuple(sorted(one.items())) for one in (variant.parameters, variant.arguments))
    return parameters, variant.changes, arguments, variant.stdin
