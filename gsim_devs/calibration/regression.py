"""Guess parameters from summaries: regress them on those of simulations, ask for those of the data, close in, repeat.

Candidates are spread over a box of the cube, simulated and summarised. A ridge regression tells which parameters go
with the summary of the data (the linear step of Fearnhead and Prangle 2012); its errors on candidates that it was not
shown tell how far off that may be, and the next box holds three of those on either side. In a small box most of what
summaries tell is linear, and all candidates contribute to every guess, while a loss says of each only how bad it is.

At last the same is done with more of the data. A parameter that summaries do not depend on keeps its whole range.
Leaves out whether the guess is any good: where it closed in on the wrong place, a loss tells.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task, Wanted
from .problem import Detailed
from .ridge import Ridge
from .space import Space
from .spread import spread_out

_LEAST, _PER_EDGE = 120, 15
"""Candidates in a box, and for each edge of it; twice as many in the first one."""
_ERRORS = 3.0
"""From the guess to either side of the next box."""
_ENOUGH = 0.85
"""Of the errors; where no more of them is gone, the same once more would not help."""
_ROUNDS: Mapping[Wanted, int] = {"summaries": 8, "details": 3}
"""At most."""
_FLAT = 0.9
"""Of the spread of the box itself; an error this large tells nothing."""


def usual(problem: Detailed, space: Space) -> int:
    """How many simulations it takes at most; the first box is twice as full."""
    return int(_in_a_box(space) * (_ROUNDS["summaries"] + 1 + _ROUNDS["details"] * problem.price))


def regression(task: Task, around: Array | None = None, reach: float = 0.2) -> Search:
    """Close in on a point, from the whole cube or from so far around a point."""
    assert isinstance(task.problem, Detailed)
    box = _Box(np.zeros(task.space.dimension), np.ones(task.space.dimension))
    if around is not None:
        box = _Box(np.maximum(around - reach, 0.0), np.minimum(around + reach, 1.0))
    first, box, over = yield from _close_in(task, box, "summaries")
    if first is None or over:
        return _found(task, first, converged=False)
    if task.problem.price <= 1:
        return _found(task, first, converged=first.inside)
    last, _, over = yield from _close_in(task, box, "details")
    return _found(task, last or first, converged=not over and last is not None and last.inside)


@dataclass(frozen=True)
class _Guess:
    point: Array
    error: Array
    """A standard deviation, by cross-validation."""
    inside: bool
    """Whether it lies in the box that it was made from."""


@dataclass(frozen=True)
class _Box:
    low: Array
    high: Array

    def around(self, guess: _Guess, levels: Array) -> _Box:
        """The next box: no wider than this one, and of whole numbers never less than the next on either side."""
        half = (self.high - self.low) / 2
        steps = np.divide(1.5, levels, out=np.zeros_like(half), where=levels > 0)
        wanted = np.minimum(np.maximum(_ERRORS * guess.error, steps), half)
        # What is not told is not moved either, and what lies outside is looked for there as widely as before.
        told = guess.error < _FLAT * self.spread
        beyond = (guess.point < self.low - guess.error) | (guess.point > self.high + guess.error)
        reach = np.where(beyond, half, wanted)
        centre = np.clip(guess.point, self.low, self.high)
        return _Box(
            np.where(told, np.maximum(centre - reach, 0.0), self.low),
            np.where(told, np.minimum(centre + reach, 1.0), self.high),
        )

    def holds(self, points: Array) -> NDArray[np.bool_]:
        """Which of them lie in it."""
        return np.asarray(((points >= self.low) & (points <= self.high)).all(axis=1))

    @property
    def spread(self) -> Array:
        """The standard deviation of what is spread evenly over it."""
        return np.asarray((self.high - self.low) / math.sqrt(12))


def _close_in(
    task: Task, box: _Box, wanted: Literal["summaries", "details"]
) -> Generator[Ask, Answer, tuple[_Guess | None, _Box, bool]]:
    """The last guess, the box around it, and whether the budget is spent."""
    problem = task.problem
    assert isinstance(problem, Detailed)
    observed = problem.observed_summary if wanted == "summaries" else problem.observed_details
    share = 1.0 if wanted == "summaries" else problem.price
    guess: _Guess | None = None
    points = np.empty((0, task.space.dimension))
    told = np.empty((0, len(observed)))
    for _ in range(_ROUNDS[wanted]):
        more, told_more, over = yield from _simulate(task, box, wanted, share)
        # What was simulated before and lies in this box as well is as good as new.
        inside = box.holds(points)
        points = np.concatenate([points[inside], more])
        told = np.concatenate([told[inside], told_more]) if len(more) else told[inside]
        before, guess = guess, _guess(box, points, told, np.asarray(observed, dtype=float)) or guess
        if guess is None or guess is before:
            return guess, box, over
        box = box.around(guess, task.space.levels)
        if over or (before is not None and _is_enough(before, guess)):
            return guess, box, over
    return guess, box, False


def _simulate(
    task: Task, box: _Box, wanted: Literal["summaries", "details"], share: float
) -> Generator[Ask, Answer, tuple[Array, Array, bool]]:
    """Candidates that could be simulated, what was told of them, and whether the budget is spent."""
    space = task.space
    is_whole = bool(((box.low == 0) & (box.high == 1)).all())
    count = _in_a_box(space) * (1 + is_whole)
    points = box.low + (box.high - box.low) * spread_out(count, space.dimension, task.seeds)
    # Where a whole number is meant, this is it, and nothing that is lost in rounding.
    points = np.array([space.point(values) for values in space.values(points)])
    answer = yield Ask(points, task.seeds.next(), share, wanted)
    return points[: len(answer.values)], answer.values, answer.over


def _in_a_box(space: Space) -> int:
    return max(_LEAST, _PER_EDGE * space.dimension)


def _guess(box: _Box, points: Array, told: Array, observed: Array) -> _Guess | None:
    """What goes with the observed summary; none where too few could be simulated, or nothing depends on anything."""
    if not len(told):
        return None
    seen = ~np.isnan(observed)
    away = told[:, seen] - observed[seen]
    worked = np.isfinite(away).all(axis=1)
    points, away = points[worked], away[worked]
    if len(away) < _LEAST // 2:
        return None
    used = away.std(axis=0) > 1e-9 * np.abs(away).max(axis=0)
    if not used.any():
        return None
    away = away[:, used]
    usual = np.median(np.abs(away), axis=0)
    usual = np.where(usual > 0, usual, np.abs(away).max(axis=0))
    # Close to what was observed as it is, far from it by the logarithm: candidates far off matter less.
    features = np.arcsinh(away / usual)
    ridge = Ridge(features, points, np.ones(features.shape[1]), weighed=True)
    point = ridge.guess(np.zeros((1, features.shape[1])))[0]
    error = np.sqrt(((points - ridge.left_out) ** 2).mean(axis=0))
    inside = bool(((point >= box.low - error) & (point <= box.high + error)).all())
    return _Guess(point, np.minimum(error, box.spread), inside)


def _is_enough(before: _Guess, now: _Guess) -> bool:
    """Whether errors hardly became smaller."""
    gone = np.log(np.maximum(now.error, 1e-9) / np.maximum(before.error, 1e-9)).mean()
    return now.inside and bool(gone > math.log(_ENOUGH))


def _found(task: Task, guess: _Guess | None, *, converged: bool) -> Found:
    if guess is None:
        return Found(np.empty((0, task.space.dimension)), converged=False)
    return Found(np.clip(guess.point, 0.0, 1.0)[None], converged=converged, spread=guess.error)
