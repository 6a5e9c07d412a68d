"""Find the point of a grid that costs least, and say which others may be as good. Knows nothing of what is simulated.

All points have the same random numbers, so that differences between them are the policies'. First all are simulated a
few times; those that are worse beyond doubt get no more. What the best point costs is told from fresh random numbers,
because the least of many means is a lucky one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gsim_devs.errors import GsimError, UsageError

from .costing import Costing
from .costs import Array
from .grids import Point
from .intervals import LEVEL, Interval, interval, t_quantile

Places: TypeAlias = NDArray[np.int64]

_STAGES = (0.2, 0.5, 1.0)
"""Of the replications, after which points are given up."""
_LEAST = 10
"""Replications of each point before one is given up."""
_FAILING = 0.05
"""The share of failed replications with which a point can still be compared."""
_MOST = 20_000_000
"""Simulations that a search may ask for."""
_FRESH = 1_000_000_000
"""Where the replications begin with which nothing was chosen."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A point and what it costs."""

    point: Point
    cost: Interval
    """Over its replications; nan where it could not be simulated."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """What a search has found."""

    scored: tuple[Scored, ...]
    """Every point, in the order of the grid."""
    best: int
    """The one that costs least, as a place among them."""
    rivals: tuple[int, ...]
    """Others that may be the best, the cheapest first: with the best one, they hold it with a probability of 95 %."""
    fresh: Interval
    """The cost of the best point on random numbers with which nothing was chosen."""
    replications: int
    """Of each point that was not given up."""
    simulations: int
    """That were made to find it."""

    @property
    def point(self) -> Point:
        """The best one."""
        return self.scored[self.best].point


@dataclass(frozen=True, slots=True)
class Regret:
    """What it costs to do elsewhere what was found to be best here."""

    chosen: Interval
    """The cost of the choice, there."""
    best: Interval
    """The cost of what is best there."""
    share: Interval
    """How much more the choice costs, as a share of the least cost."""


def optimise(
    costing: Costing, points: Sequence[Point], *, replications: int = 50, full: bool = False
) -> Optimum:
    """Search all points.

    Args:
        costing: simulates them.
        points: what can be chosen.
        replications: how often each is simulated that may still be the best.
        full: simulate all as often, instead of giving up what is worse beyond doubt.
    """
    if replications < 2:
        raise UsageError(f"{replications} replications tell nothing of chance; at least 2 are needed")
    if len(points) * replications > _MOST:
        raise UsageError(
            f"{len(points)} points with {replications} replications are too many; let them be at most {_MOST} together"
        )
    before = costing.simulations
    costs = np.full((len(points), replications), np.nan)
    left: Places = np.arange(len(points))
    stages = list(_stages(replications, full))
    for first, end in stages:
        costs[left, first:end] = costing.costs([points[place] for place in left.tolist()], first, end - first)
        left = _workable(costs, left, end, costing)
        left = left[_may_be_best(costs[left, :end], len(points), len(stages))]
        if len(left) == 1:
            break
    simulations = costing.simulations - before
    means = np.nanmean(costs[left], axis=1)
    order = left[np.argsort(means, kind="stable")]
    best, rivals = int(order[0]), tuple(order[1:].tolist())
    fresh = costing.costs([points[best]], _FRESH, replications)[0]
    scored = tuple(Scored(point, interval(_finite(row))) for point, row in zip(points, costs, strict=True))
    return Optimum(scored, best, rivals, interval(_finite(fresh)), replications, simulations)


def regret(costing: Costing, chosen: Point, best: Point, *, replications: int = 200) -> Regret:
    """Compare what was chosen with what is best, on random numbers with which neither was found."""
    both = costing.costs([chosen, best], _FRESH, replications)
    there, least = both[:, np.isfinite(both).all(axis=0)]
    if not len(least):
        raise _failed(costing)
    if least.mean() <= 0:
        raise UsageError(
            f"the least cost is {least.mean():g}, and no share of that is a regret; let all costs be above 0"
        )
    # How much a ratio of means scatters, to the first order.
    ratio = there.mean() / least.mean()
    scatter = interval((there - ratio * least) / least.mean())
    return Regret(interval(there), interval(least), Interval(float(ratio) - 1, scatter.half, scatter.count))


def _stages(replications: int, full: bool) -> Iterator[tuple[int, int]]:
    """Replications from the first to before the second."""
    ends = [replications] if full else [math.ceil(share * replications) for share in _STAGES]
    first = 0
    for end in ends:
        if end == replications or (end >= _LEAST and end > first):
            yield first, end
            first = end


def _workable(costs: Array, left: Places, end: int, costing: Costing) -> Places:
    """The points that hardly ever failed."""
    failing = np.isnan(costs[left, :end]).mean(axis=1)
    if (failing > _FAILING).all():
        raise _failed(costing)
    workable: Places = left[failing <= _FAILING]
    return workable


def _may_be_best(costs: Array, points: int, stages: int) -> NDArray[np.bool_]:
    """Which rows are not dearer than the cheapest beyond doubt, in all looks and all comparisons together."""
    if len(costs) == 1:
        return np.array([True])
    best = costs[np.argmin(np.nanmean(costs, axis=1))]
    extra = costs - best
    count = np.isfinite(extra).sum(axis=1)
    mean, sd = np.nanmean(extra, axis=1), np.nanstd(extra, axis=1, ddof=1)
    beyond = (1 - LEVEL) / (stages * max(1, points - 1))
    needed = np.array([t_quantile(beyond, int(n) - 1) for n in count]) * sd / np.sqrt(count)
    held: NDArray[np.bool_] = mean <= needed
    return held


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]


def _failed(costing: Costing) -> GsimError:
    reasons = [f"{why} ({number} times)" for why, number in costing.reasons.most_common(3)]
    return GsimError("no point can be simulated: " + "; ".join(reasons or ["there is no number"]))
