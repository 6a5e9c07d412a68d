"""`ga`: a genetic algorithm with evotorch's operators and the settings that published results were had with.

A population of 200 for 10 generations; parents are chosen by tournaments of 4 and crossed by simulated binary crossover
(eta 8), children are mutated by a normal distribution of standard deviation 0.03, and the best 200 of parents and
children stay. Parents are simulated again with their children, so that nobody stays because of a lucky number: 400
simulations a generation. All in the unit cube, which no child leaves. Leaves out restarts.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task
from .spread import spread_out

_POPULATION, _GENERATIONS = 200, 10
SIMULATIONS = 2 * _POPULATION * _GENERATIONS
"""What it takes."""
_TOURNAMENT, _ETA, _MUTATION = 4, 8.0, 0.03
_AGREED = 2 * _MUTATION
"""The spread of a population that has converged: hardly more than mutation makes."""
_WORST = 1e30
"""In place of the loss of what failed: evotorch wants a number."""


def genetic(task: Task) -> Search:
    """Search for the least loss."""
    space, seeds, simulations, start = task.space, task.seeds, task.simulations, task.start
    if simulations < 2 * _POPULATION:
        raise UsageError(
            f"the method ga simulates {2 * _POPULATION} candidates in each generation, and {simulations} are left; "
            f"give a larger budget or take the method cma"
        )
    import torch
    from evotorch import Problem, SolutionBatch  # type: ignore[import-untyped]
    from evotorch.operators import GaussianMutation, SimulatedBinaryCrossOver  # type: ignore[import-untyped]

    logging.getLogger("evotorch").setLevel(logging.WARNING)
    cube = Problem(
        "min", solution_length=space.dimension, bounds=(0.0, 1.0), dtype="float64", seed=seeds.next() % 2**31
    )
    cross = SimulatedBinaryCrossOver(cube, tournament_size=_TOURNAMENT, eta=_ETA)
    mutate = GaussianMutation(cube, stdev=_MUTATION)
    points = spread_out(_POPULATION, space.dimension, seeds)
    if start is not None:
        points[0] = np.where(np.isnan(start), points[0], start)
    population = cube.generate_batch(_POPULATION)
    population.set_values(torch.from_numpy(points))
    for _ in range(_GENERATIONS):
        seed = seeds.next()
        if not (yield from _evaluate(population, seed)):
            break
        children = mutate(cross(population))
        if not (yield from _evaluate(children, seed)):
            break
        population = SolutionBatch.cat([population, children]).take_best(_POPULATION)
    else:
        points = _points(population)
        agreed = bool((points.std(axis=0) < _AGREED).all())
        return Found(np.median(points, axis=0)[None], converged=agreed)
    return Found(points[:0], converged=False)


def _evaluate(batch: Any, seed: int) -> Generator[Ask, Answer, bool]:
    """Let them know their losses; false if the budget is spent."""
    import torch

    answer = yield Ask(_points(batch), seed)
    if not answer.over:
        batch.set_evals(torch.from_numpy(np.nan_to_num(answer.values, nan=_WORST)))
    return not answer.over


def _points(batch: Any) -> Array:
    return np.array(batch.values.numpy(), dtype=float)
