"""Compare the last few candidates on seeds that the search has not seen, on validation data where there are any.

The search reports what was lucky; this does not. All candidates get the same random numbers, so differences are
compared pair by pair; where one may be due to chance, the candidates are tied, and not ranked. One of
them is a control, just any point that the search began with: if the winner is tied with it, the search has found
nothing. At last, each parameter of the winner is moved by half its range: one that makes no difference is not
determined by the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .arrays import Array
from .asking import Ask, Wanted
from .driving import Driver, Heard
from .problem import Fallible, Problem, Validated
from .seeds import Seeds
from .space import Space

_CANDIDATES, _SEEDS = 8, 8
_SEEDS_OF_A_MOVE = 4
_LIKELY, _SURE = 0.93, 0.995
"""Levels of tests of one side, of one parameter and of the best of many candidates."""


@dataclass(frozen=True)
class Verdict:
    """Who won."""

    point: Array
    loss: float
    noise: float
    tied: int
    """Others that cannot be told from it, without the control."""
    nothing_found: bool
    """The control is as good."""
    failed: float = 0.0
    """The share of its simulations that fail."""


def reserve(simulations: int | None, space: Space) -> int:
    """How many simulations of a budget are kept for this."""
    whole = _CANDIDATES * _SEEDS + 1 + cost_of_moves(space)
    return whole if simulations is None else min(whole, simulations // 4)


def cost_of_moves(space: Space) -> int:
    """How many simulations it takes to move every parameter."""
    return _SEEDS_OF_A_MOVE * (len(space.parameters) + 1)


def compare(
    driver: Driver, problem: Problem, space: Space, seeds: Seeds, suggested: Array, reserved: int
) -> Verdict | None:
    """Simulate the finalists again; none if all of them fail."""
    wanted: Wanted = "validation_losses" if isinstance(problem, Validated) else "losses"
    repeats = min(_SEEDS, max(2, reserved // 3))
    finalists, control = _finalists(driver.history, space, suggested, max(1, (reserved - 1) // repeats - 1))
    if not len(finalists):
        return None
    points = finalists if control is None else np.concatenate([finalists, control[None]])
    losses = np.array(
        [
            driver.answer(Ask(points, seeds.next(), wanted=wanted), at_any_cost=True).values
            for _ in range(repeats)
        ]
    )
    means = losses[:, : len(finalists)].mean(axis=0)
    if np.isnan(means).all():
        return None
    best = int(np.nanargmin(means))
    # The best of many is lucky as well: others are behind it only if that is all but impossible by chance.
    tied = _tied(losses - losses[:, [best]], _SURE)
    # Among those that cannot be told apart the first is the method's own suggestion, and not a lucky one.
    winner = int(np.argmax(tied[: len(finalists)]))
    return Verdict(
        point=finalists[winner],
        loss=float(means[winner]),
        noise=float(losses[:, winner].std(ddof=1)),
        tied=int(tied[: len(finalists)].sum()) - 1,
        nothing_found=control is not None and bool(tied[-1]),
        failed=_failed(driver, problem, finalists[winner], seeds),
    )


def indifferent(driver: Driver, space: Space, seeds: Seeds, verdict: Verdict) -> tuple[str, ...]:
    """The parameters that make no difference, as far as one can tell in the noise."""
    point = verdict.point
    moved = [point]
    for columns in space.columns.values():
        elsewhere = point.copy()
        elsewhere[columns] += np.where(point[columns] < 0.5, 0.5, -0.5)
        moved.append(elsewhere)
    asks = [Ask(np.array(moved), seeds.next()) for _ in range(_SEEDS_OF_A_MOVE)]
    losses = np.array([driver.answer(ask, at_any_cost=True).values for ask in asks])
    apart = (losses - losses[:, [0]])[:, 1:]
    # Half a range is a long way: what matters stands out of the noise there, and four seeds tell little of that.
    same = _tied(apart, _LIKELY) | (apart.mean(axis=0) <= 2 * verdict.noise)
    return tuple(name for name, one in zip(space.parameters, same, strict=True) if one)


def _failed(driver: Driver, problem: Problem, point: Array, seeds: Seeds) -> float:
    if not isinstance(problem, Fallible):
        return 0.0
    answer = driver.answer(Ask(point[None], seeds.next(), wanted="failed"), at_any_cost=True)
    return float(answer.values[0, 0])


def _tied(apart: Array, level: float) -> npt.NDArray[np.bool_]:
    """Whether differences (seeds, n) could be none, by a t-test; a failure is different."""
    from scipy.stats import t  # type: ignore[import-untyped]

    error = apart.std(axis=0, ddof=1) / np.sqrt(len(apart))
    return np.asarray(apart.mean(axis=0) <= t.ppf(level, len(apart) - 1) * error)


def _finalists(history: list[Heard], space: Space, suggested: Array, most: int) -> tuple[Array, Array | None]:
    """What the method suggests, what did best, and the neighbours in whole numbers of the first; and the control."""
    full = [heard for heard in history if heard.share == 1] or history
    seen = np.concatenate([heard.points for heard in full]) if full else np.empty((0, space.dimension))
    losses = np.concatenate([heard.losses for heard in full]) if full else np.empty(0)
    order = [index for index in np.argsort(losses, kind="stable") if not np.isnan(losses[index])]
    best = seen[order]
    first = np.concatenate([suggested[-1:], best[:1]])
    around = [space.neighbours(point) for point in first[:1]]
    wanted = np.concatenate([first, suggested[::-1], *around, best])
    return _different(wanted, space)[:most], _control(history)


def _different(points: Array, space: Space) -> Array:
    """Without those that mean the same values."""
    known: set[str] = set()
    kept = []
    for point, values in zip(points, space.values(points), strict=True):
        if repr(values) not in known:
            known.add(repr(values))
            kept.append(point)
    return np.array(kept).reshape(-1, space.dimension)


def _control(history: list[Heard]) -> Array | None:
    """The median of those that the search began with."""
    if not history:
        return None
    first = history[0]
    order = np.argsort(first.losses, kind="stable")
    valid = order[: int((~np.isnan(first.losses)).sum())]
    return first.points[valid[len(valid) // 2]] if len(valid) > 2 else None
