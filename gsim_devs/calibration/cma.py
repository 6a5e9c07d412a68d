"""`cma`: look over the whole cube first, then let CMA-ES climb from the best places, and again from the next best.

The look costs a part of the data only. CMA-ES follows Hansen's tutorial (arXiv 1604.00772); points that leave the cube
are reflected into it; integers keep a step of at least half their cell, so that they do not get stuck on one value.
Every generation has random numbers of its own: nobody wins by a lucky seed, and the mean of the population is offered
beside its members. Leaves out which of the points is the best: they are compared on fresh seeds afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task
from .problem import Problem
from .seeds import Seeds
from .space import Space
from .spread import spread_out

_LOOK, _LOOK_SHARE = 256, 1 / 6
_PLACES = 8
_FIRST_STEP, _SMALL_STEP = 0.15, 0.08
_CLIMBS = 3
_CONVERGED = 1e-3
"""The longest axis of the population, in edges of the cube, below which it is not worth going on."""


def usual(problem: Problem, space: Space) -> int:
    """How many simulations it usually takes: in twice as many dimensions, the climb is twice as long."""
    return 1500 + 250 * space.dimension


def cma(task: Task, climbs: int = _CLIMBS) -> Search:
    """Search for the least loss, climbing so many times; what counts is that the first climb comes to its end."""
    space, seeds, start = task.space, task.seeds, task.start
    everything = space.everything(_LOOK)
    if everything is not None:
        return (yield from _compare(everything, seeds))
    places, over = yield from _look(task)
    if over:
        return Found(places[:1], converged=False)
    means: list[Array] = []
    converged = False
    known = None if start is None or np.isnan(start).any() else start
    for climb in range(min(climbs, len(places))):
        warm = known is not None and np.allclose(places[climb], known)
        swarm = Swarm(
            places[climb], _SMALL_STEP if warm else _FIRST_STEP, space.levels, 2**climb, seeds.draws()
        )
        ended, trail = yield from _climb(swarm, seeds)
        converged = converged or ended
        # Where losses are noisy the mean strolls about the optimum; on average it is there.
        means += [trail[-1], np.mean(trail[-len(trail) // 3 :], axis=0)]
        if not ended:
            break
    return Found(np.array(means), converged=converged)


def reflected(points: Array) -> Array:
    """Points that left the unit cube, folded back into it."""
    return np.asarray(1 - np.abs(1 - np.mod(points, 2)))


class Swarm:
    """The normal distribution that CMA-ES moves: its mean, its step, its shape."""

    def __init__(
        self, mean: Array, step: float, levels: Array, larger: int, draws: np.random.Generator
    ) -> None:
        d = len(mean)
        self.mean, self.step, self.draws = mean.copy(), step, draws
        self.size = 2 * larger * (4 + int(3 * math.log(d)))
        parents = self.size // 2
        weights = math.log((self.size + 1) / 2) - np.log(np.arange(1, parents + 1))
        self._weights = weights / weights.sum()
        mass = 1 / (self._weights**2).sum()
        self._mass = mass
        self._path_rate = (4 + mass / d) / (d + 4 + 2 * mass / d)
        self._step_rate = (mass + 2) / (d + mass + 5)
        self._one = 2 / ((d + 1.3) ** 2 + mass)
        self._rank = min(1 - self._one, 2 * (mass - 2 + 1 / mass) / ((d + 2) ** 2 + mass))
        self._damping = 1 + 2 * max(0, math.sqrt((mass - 1) / (d + 1)) - 1) + self._step_rate
        self._length = math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
        self._shape, self._step_path, self._path = np.eye(d), np.zeros(d), np.zeros(d)
        # Half a cell of each integer; 0 for the others.
        self._least = np.divide(0.5, levels, out=np.zeros(d), where=levels > 0)
        self.generation = 0

    @property
    def extent(self) -> float:
        """The longest axis, over what is not held open on purpose."""
        free = self._least == 0
        if not free.any():
            return self.step
        return float(self.step * math.sqrt(np.linalg.eigvalsh(self._shape[np.ix_(free, free)]).max()))

    def members(self) -> Array:
        """A new generation, (size, d); it may leave the cube."""
        axes, lengths = self._axes()
        moves = (self.draws.standard_normal((self.size, len(self.mean))) * lengths) @ axes.T
        spread = self.step * np.sqrt(np.diag(self._shape))
        widened = np.maximum(
            1.0, np.divide(self._least, spread, out=np.ones_like(spread), where=self._least > 0)
        )
        return np.asarray(self.mean + self.step * moves * widened)

    def learn(self, members: Array, losses: Array) -> None:
        """Move towards the better half; what failed is the worst."""
        d = len(self.mean)
        order = np.argsort(np.where(np.isnan(losses), np.inf, losses), kind="stable")
        chosen = (members[order[: len(self._weights)]] - self.mean) / self.step
        move = self._weights @ chosen
        axes, lengths = self._axes()
        self.mean = self.mean + self.step * move
        self.generation += 1
        straight = axes @ ((axes.T @ move) / lengths)
        rate = self._step_rate
        self._step_path = (1 - rate) * self._step_path + math.sqrt(rate * (2 - rate) * self._mass) * straight
        usual = math.sqrt(1 - (1 - rate) ** (2 * self.generation))
        steady = float(np.linalg.norm(self._step_path)) / usual < (1.4 + 2 / (d + 1)) * self._length
        rate = self._path_rate
        self._path = (1 - rate) * self._path + steady * math.sqrt(rate * (2 - rate) * self._mass) * move
        self._shape = (
            (1 - self._one - self._rank) * self._shape
            + self._one * (np.outer(self._path, self._path) + (not steady) * rate * (2 - rate) * self._shape)
            + self._rank * (chosen.T * self._weights) @ chosen
        )
        excess = float(np.linalg.norm(self._step_path)) / self._length - 1
        self.step = min(self.step * math.exp(min(1.0, self._step_rate / self._damping * excess)), 0.5)

    def _axes(self) -> tuple[Array, Array]:
        squares, axes = np.linalg.eigh((self._shape + self._shape.T) / 2)
        return axes, np.sqrt(np.maximum(squares, 1e-20))


def _compare(points: Array, seeds: Seeds) -> Search:
    """There are so few values that each can be tried."""
    answer = yield Ask(points, seeds.next())
    return Found(points[:0], converged=not answer.over)


def _look(task: Task) -> Generator[Ask, Answer, tuple[Array, bool]]:
    """The best places of the cube, best first; and whether the budget is spent."""
    seeds, start = task.seeds, task.start
    count = min(_LOOK, max(8, int(task.simulations / 4 / _LOOK_SHARE)))
    points = spread_out(count, task.space.dimension, seeds)
    if start is not None and not np.isnan(start).all():
        points = np.concatenate([_from(start, points), points])
    answer = yield Ask(points, seeds.next(), _LOOK_SHARE)
    order = np.argsort(np.where(np.isnan(answer.values), np.inf, answer.values), kind="stable")
    if answer.over:
        return points[order] if len(order) else points, True
    best = points[order[:_PLACES]]
    answer = yield Ask(best, seeds.next())
    again = np.argsort(np.where(np.isnan(answer.values), np.inf, answer.values), kind="stable")
    return (best if answer.over else best[again]), answer.over


def _climb(swarm: Swarm, seeds: Seeds) -> Generator[Ask, Answer, tuple[bool, list[Array]]]:
    """Move until it hardly moves or gets no better (false: until the budget is spent); and where the mean was."""
    means = [reflected(swarm.mean)]
    losses: list[float] = []
    while swarm.extent > _CONVERGED and not _stalled(losses, len(swarm.mean)):
        members = swarm.members()
        answer = yield Ask(np.concatenate([reflected(members), means[-1][None]]), seeds.next())
        if answer.over:
            return False, means
        losses.append(float(answer.values[-1]))
        swarm.learn(members, answer.values[:-1])
        means.append(reflected(swarm.mean))
    return True, means


def _stalled(losses: list[float], dimension: int) -> bool:
    """No better in the last third than in the one before."""
    third = len(losses) // 3
    if len(losses) < 20 + 3 * dimension or np.isnan(losses[-2 * third :]).any():
        return len(losses) > 20 + 30 * dimension
    return bool(np.median(losses[-third:]) >= np.median(losses[-2 * third : -third]))


def _from(start: Array, points: Array) -> Array:
    """An earlier estimate; where it knows some parameters only, with a selection of what the others may be."""
    known = ~np.isnan(start)
    if known.all():
        return start[None]
    return np.where(known, start, points[: len(points) // 2])
