"""`auto`: `cma` for the point, and where the problem tells summaries and a posterior is wanted, `npe` for that.

Two methods that know nothing of each other: where the point lies outside the posterior, one of them is wrong, and the
estimate says so. Leaves out the comparison of their points: that is done for every method.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .asking import Answer, Found, Search, Task
from .cma import cma
from .npe import npe


def automatic(task: Task) -> Search:
    """Search for the least loss."""
    if not task.posterior:
        return (yield from cma(task))
    half = replace(task, simulations=task.simulations // 2)
    climbed = yield from _within(cma(half), half.simulations)
    learnt = yield from npe(half)
    return Found(
        np.concatenate([learnt.suggested, climbed.suggested]),
        learnt.posterior,
        climbed.converged and learnt.converged,
    )


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
