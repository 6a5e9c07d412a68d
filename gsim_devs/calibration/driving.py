"""Answer what methods ask: simulate, count, remember, end when the budget is spent. Leaves out what is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gsim_devs.errors import SimulationError, UsageError

from .arrays import Array
from .asking import Answer, Ask, Budget, Found, Search
from .journal import Journal
from .problem import Explained, Problem
from .space import Space, Values

_BATCH = 50
"""Candidates that are simulated between two looks at the clock."""
_EXAMPLES, _LONGEST_REASON = 8, 200
_CRASHES = (SimulationError, ArithmeticError, ValueError)
"""What a simulation that cannot go on may raise."""


@dataclass(frozen=True)
class Heard:
    """Losses that were told."""

    points: Array
    losses: Array
    seed: int
    share: float
    spent: float
    """What had been spent by then, in evaluations on all data."""


class Driver:
    """Stands between a method and its problem."""

    def __init__(self, problem: Problem, space: Space, budget: Budget, journal: Journal) -> None:
        self.history: list[Heard] = []
        self.spent = 0.0
        self.evaluations = 0
        self.failures = 0
        self.ran_out = False
        """Whether something was asked for that the budget did not allow."""
        self._failed: list[tuple[Array, int]] = []
        self._problem, self._space, self._budget, self._journal = problem, space, budget, journal
        self._began = time.monotonic()
        self._before = 0.0

    @property
    def seconds(self) -> float:
        """How long it has taken, with what it took before it was resumed."""
        return self._before + time.monotonic() - self._began

    def follow(self, search: Search) -> Found:
        """Let a method work to its end."""
        ask = next(search)
        while True:
            try:
                ask = search.send(self.answer(ask))
            except StopIteration as end:
                found: Found = end.value
                return found

    def why(self) -> str:
        """The most frequent reason why candidates failed, from the first few that did; empty if nobody can tell."""
        if not isinstance(self._problem, Explained):
            return ""
        if not self._failed:
            return ""
        points = np.concatenate([points for points, _ in self._failed])[:_EXAMPLES]
        reasons = self._problem.reasons(self._space.values(points), seed=self._failed[0][1])
        said = next(iter(reasons), "")
        return "".join(one if one.isprintable() else " " for one in said[:_LONGEST_REASON])

    def answer(self, ask: Ask, *, at_any_cost: bool = False) -> Answer:
        """What the problem says, in batches; less than that where the budget ends."""
        told: list[Array] = []
        for batch in _batches(ask):
            if not at_any_cost and not self._affordable(batch):
                self.ran_out = True
                return Answer(_joined(told, ask), over=True)
            told.append(self._answer(batch))
        return Answer(_joined(told, ask))

    def _affordable(self, ask: Ask) -> bool:
        simulations, seconds = self._budget.simulations, self._budget.seconds
        fits = simulations is None or self.spent + len(ask.points) * ask.share <= simulations + 1e-9
        return fits and (seconds is None or self.seconds < seconds)

    def _answer(self, ask: Ask) -> Array:
        recalled = self._journal.recall(ask)
        if recalled is None:
            told = self._ask_the_problem(ask)
            self._journal.remember(ask, told, self.seconds)
        else:
            told, passed = recalled
            self._before, self._began = passed, time.monotonic()
        self.spent += len(ask.points) * ask.share
        self.evaluations += len(ask.points)
        failed = _has_failed(told)
        self.failures += int(failed.sum())
        if failed.any() and len(self._failed) < _EXAMPLES:
            self._failed.append((ask.points[failed], ask.seed))
        if ask.wanted == "losses":
            self.history.append(Heard(ask.points, told, ask.seed, ask.share, self.spent))
        return told

    def _ask_the_problem(self, ask: Ask) -> Array:
        thetas = self._space.values(ask.points)
        question = self._question(ask)
        try:
            told = question(thetas)
        except _CRASHES:
            # One of them takes the others with it: ask for each alone.
            told = _one_by_one(question, thetas)
        told = np.array(told, dtype=float)
        if len(told) != len(thetas) or told.ndim != (1 if "losses" in ask.wanted else 2):
            raise UsageError(
                f"the problem's `{ask.wanted}` answered with shape {told.shape} for {len(thetas)} candidates"
            )
        told[~np.isfinite(told)] = np.nan
        return told

    def _question(self, ask: Ask) -> Callable[[Sequence[Values]], Array]:
        verb = getattr(self._problem, ask.wanted)
        if ask.wanted == "losses":
            return lambda thetas: verb(thetas, seed=ask.seed, share=ask.share)
        return lambda thetas: verb(thetas, seed=ask.seed)


def _batches(ask: Ask) -> list[Ask]:
    starts = range(0, len(ask.points), _BATCH)
    parts = [ask.points[start : start + _BATCH] for start in starts]
    if ask.wanted in ("losses", "validation_losses"):
        return [Ask(part, ask.seed, ask.share, ask.wanted) for part in parts]
    # Rows have random numbers of their own, so those of the next batch must be others.
    seeds = np.random.SeedSequence(ask.seed).generate_state(len(parts))
    return [Ask(part, int(seed), ask.share, ask.wanted) for part, seed in zip(parts, seeds, strict=True)]


def _joined(told: list[Array], ask: Ask) -> Array:
    if told:
        return np.concatenate(told)
    return np.empty(0 if "losses" in ask.wanted else (0, 0))


def _has_failed(told: Array) -> NDArray[np.bool_]:
    """Which candidates told nothing; what no candidate tells was not observed, unless all of them failed."""
    lacks = np.isnan(told)
    if told.ndim == 1:
        return lacks
    is_told = ~lacks.all(axis=0)
    return np.asarray((lacks & is_told).any(axis=1) if is_told.any() else lacks.any(axis=1))


def _one_by_one(question: Callable[[Sequence[Values]], Array], thetas: Sequence[Values]) -> Array:
    told: list[Array | None] = []
    for theta in thetas:
        try:
            told.append(np.asarray(question([theta]), dtype=float)[0])
        except _CRASHES:
            told.append(None)
    shape = next((one.shape for one in told if one is not None), None)
    if shape is None:
        shape = ()
    return np.array([np.full(shape, np.nan) if one is None else one for one in told])
