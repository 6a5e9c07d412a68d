"""`auto`: a climb on the loss as `cma` makes it, then a guess from summaries where the problem has some.

The climb needs nothing but losses and ends near a good place; the guess gets far more out of the same data, but starts
from the whole cube and may close in on the wrong place. Two methods that know nothing of each other: where the climb
came to something clearly better, the guess is made anew around it. Where a posterior is wanted, `npe` gives it, and
where the point lies outside of it, the estimate says so. Leaves out the comparison of their points: that is done for
every method.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task
from .cma import cma
from .cma import usual as cma_usual
from .npe import CHECKS, npe
from .npe import usual as npe_usual
from .problem import Detailed, Problem
from .regression import regression
from .regression import usual as regression_usual
from .space import Space

_COMPARISONS = 6


def usual(problem: Problem, space: Space) -> int:
    """How many simulations it usually takes."""
    if not isinstance(problem, Detailed):
        return cma_usual(problem, space)
    return _climb(space) + regression_usual(problem, space)


def automatic(task: Task) -> Search:
    """Search for the least loss."""
    if not task.posterior:
        return (yield from _point(task))
    apart = min(task.simulations // 2, npe_usual(task.space) + CHECKS * task.check)
    found = yield from _within(_point(task), task.simulations - apart)
    learnt = yield from npe(replace(task, simulations=apart))
    return Found(
        np.concatenate([learnt.suggested, found.suggested]),
        learnt.posterior,
        found.converged and learnt.converged,
        learnt.checked,
        found.spread,
    )


def _point(task: Task) -> Search:
    if not isinstance(task.problem, Detailed):
        return (yield from cma(task))
    climbed = yield from _within(cma(task, climbs=1), min(_climb(task.space), task.simulations // 3))
    guessed = yield from regression(task)
    if len(guessed.suggested) and len(climbed.suggested):
        worse, over = yield from _is_worse(task, guessed.suggested[-1], climbed.suggested[-1])
        if worse and not over:
            guessed = yield from regression(task, climbed.suggested[-1])
    if not len(guessed.suggested):
        return climbed
    return replace(guessed, suggested=np.concatenate([climbed.suggested, guessed.suggested]))


def _climb(space: Space) -> int:
    """How many simulations the climb may take: a second opinion need not be exact."""
    return 500 + 50 * space.dimension


def _is_worse(task: Task, one: Array, other: Array) -> Generator[Ask, Answer, tuple[bool, bool]]:
    """Whether one point clearly has a greater loss than another; and whether the budget is spent."""
    apart = []
    for _ in range(_COMPARISONS):
        answer = yield Ask(np.array([one, other]), task.seeds.next())
        if answer.over:
            return False, True
        apart.append(answer.values[0] - answer.values[1])
    error = np.std(apart, ddof=1) / np.sqrt(len(apart))
    return not np.mean(apart) <= 3 * error, False


def _within(search: Search, simulations: int) -> Search:
    """The same search with a budget of its own."""
    spent = 0.0
    ask = next(search)
    while True:
        spent += len(ask.points) * ask.share
        answer = Answer(np.empty(0), over=True) if spent > simulations else (yield ask)
        try:
            ask = search.send(answer)
        except StopIteration as end:
            found: Found = end.value
            return found
