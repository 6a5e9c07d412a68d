"""`calibrate`: let a method search, compare what it found on fresh seeds, and say how far it can be relied on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gsim_devs.errors import UsageError

from . import automatic, cma, genetic, npe
from .arrays import Array
from .asking import Budget, Found, Search, Task
from .driving import Driver
from .estimate import Estimate
from .finals import Verdict, compare, cost_of_moves, indifferent, reserve
from .journal import Journal
from .judging import judged
from .problem import Identified, Problem, Ruled
from .seeds import Seeds
from .space import Space, Value
from .starting import known

_PRIOR_SAMPLES = 4096
_OPEN = 0.1
"""A contraction below this is none."""
_NINETY = 1.645
"""Standard deviations on either side of a normal number that hold 90 % of it."""
_SEARCHING = 0.9
"""The part of the seconds that the search may take."""


def calibrate(
    problem: Problem,
    method: str = "auto",
    budget: Budget | None = None,
    seed: int = 0,
    *,
    start: Estimate | None = None,
    resume: Path | None = None,
    posterior: bool = False,
    check: bool = False,
) -> Estimate:
    """Find the parameters that fit best.

    Args:
        problem: what is searched.
        method: one of METHODS.
        budget: what it may cost; what the method usually takes if not given.
        seed: the same seed gives the same estimate, unless seconds ended the search.
        start: an earlier estimate, also of other parameters: what has the same name and unit is tried first.
        resume: the journal: written while it runs, and continued if it is there.
        posterior: whether `auto` shall sample the posterior too; `npe` always does.
        check: whether to ask the posterior about simulations that it is not learnt from, and say how right it is.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; there are {', '.join(METHODS)}")
    search, cost = METHODS[method]
    space = Space(problem.parameters)
    usual = cost(problem, space) + (npe.usual(space) if posterior and method == "auto" else 0)
    if posterior and method in _WITHOUT_POSTERIOR:
        raise UsageError(f"the method {method} samples no posterior; take npe, or auto")
    if check and not (posterior and method == "auto") and not method.startswith("npe"):
        raise UsageError(f"the method {method} samples no posterior that could be checked; take npe")
    usual += npe.CHECKS if check else 0
    given = budget or Budget()
    total = given.simulations or (usual + reserve(None, space) if given.seconds is None else None)
    reserved = reserve(total, space)
    seeds = Seeds(seed)
    journal = Journal(resume, _header(problem, space, method, given, seed, start, posterior, check))
    limits = Budget(
        None if total is None else max(1, total - reserved),
        None if given.seconds is None else given.seconds * _SEARCHING,
    )
    driver = Driver(problem, space, limits, journal)
    task = Task(
        problem, space, seeds, limits.simulations or 10 * usual, known(start, space), posterior, check
    )
    found = driver.follow(search(task))
    # Where there is hardly enough to compare the last few, nothing is moved.
    kept = cost_of_moves(space) if cost_of_moves(space) <= reserved // 2 else 0
    verdict = compare(driver, problem, space, seeds, found.suggested, reserved - kept)
    affordable = total is None or total - driver.spent >= cost_of_moves(space)
    moved = indifferent(driver, space, seeds, verdict) if verdict and affordable else ()
    more_helps = driver.ran_out or (given.simulations is not None and given.simulations < usual)
    return _estimate(driver, problem, space, method, seed, found, verdict, moved, more_helps=more_helps)


METHODS: Mapping[str, tuple[Callable[[Task], Search], Callable[[Problem, Space], int]]] = {
    "auto": (automatic.automatic, automatic.usual),
    "cma": (cma.cma, cma.usual),
    "ga": (genetic.genetic, lambda problem, space: genetic.SIMULATIONS),
    "npe": (npe.npe, lambda problem, space: npe.usual(space)),
    "npe-trajectory": (npe.npe_trajectory, lambda problem, space: npe.TRAJECTORIES),
}
"""By name: what searches, and how many simulations it usually takes."""

_WITHOUT_POSTERIOR = ("cma", "ga")


def _header(
    problem: Problem,
    space: Space,
    method: str,
    budget: Budget,
    seed: int,
    start: Estimate | None,
    posterior: bool,
    check: bool,
) -> dict[str, Any]:
    """What must be the same for a journal to go on."""
    return {
        "journal": "calibration 1",
        "problem": problem.identity if isinstance(problem, Identified) else None,
        "method": method,
        "seed": seed,
        "simulations": budget.simulations,
        "seconds": budget.seconds,
        "posterior": posterior,
        "check": check,
        "start": start.data["point"] if start else None,
        "parameters": {name: one.model_dump(mode="json") for name, one in space.parameters.items()},
    }


def _estimate(
    driver: Driver,
    problem: Problem,
    space: Space,
    method: str,
    seed: int,
    found: Found,
    verdict: Verdict | None,
    moved: Sequence[str],
    *,
    more_helps: bool,
) -> Estimate:
    contraction = _contraction(space, found.posterior, seed)
    spread = _spread(space, found, verdict)
    if contraction is not None:
        # A posterior sees more than a loss, which may be the same for values that a posterior tells apart.
        unlearnt = {name for name, one in contraction.items() if one < _OPEN}
    else:
        # A guess sees more than a loss; what neither of them sees is not told.
        contraction = _contraction_of_guess(space, spread)
        seen = {name for name, one in (contraction or {}).items() if one >= _OPEN}
        unlearnt = {*moved} - seen
    untold = tuple(name for name in space.parameters if name in unlearnt)
    point = space.values(verdict.point[None])[0] if verdict else None
    status, sentence = judged(driver, space, found, verdict, untold, more_helps=more_helps)
    return Estimate(
        method=method,
        seed=seed,
        status=status,
        sentence=sentence,
        point=point,
        units={name: parameter.unit for name, parameter in space.parameters.items()},
        loss=verdict.loss if verdict else None,
        noise=verdict.noise if verdict and math.isfinite(verdict.noise) else None,
        tied=verdict.tied if verdict else 0,
        untold=untold,
        contraction=contraction,
        within=_within(space, verdict, spread) if found.posterior is None else None,
        broken=problem.broken(point) if point and isinstance(problem, Ruled) else None,
        evaluations=driver.evaluations,
        spent=driver.spent,
        failures=driver.failures,
        seconds=driver.seconds,
        history=_history(driver),
        check=found.checked,
        posterior=_samples(space, found.posterior),
    )


def _history(driver: Driver) -> tuple[tuple[float, float], ...]:
    """The least loss so far, of those on all data."""
    best, told = math.inf, []
    for heard in driver.history:
        if heard.share == 1 and not np.isnan(heard.losses).all():
            best = min(best, float(np.nanmin(heard.losses)))
            told.append((heard.spent, best))
    return tuple(told)


def _samples(space: Space, posterior: Array | None) -> dict[str, tuple[Value, ...]] | None:
    if posterior is None:
        return None
    values = space.values(posterior)
    return {name: tuple(one[name] for one in values) for name in space.parameters}


def _spread(space: Space, found: Found, verdict: Verdict | None) -> Array | None:
    """How far the truth is likely to be from the winner: the method's own error, and what its guess lies away.

    None where the winner is not near the guess that the error belongs to.
    """
    if found.spread is None or verdict is None:
        return None
    half = np.divide(0.5, space.levels, out=np.zeros(space.dimension), where=space.levels > 0)
    away = np.abs(verdict.point - found.suggested[-1])
    return np.hypot(found.spread, away) if (away <= 3 * found.spread + half).all() else None


def _within(space: Space, verdict: Verdict | None, spread: Array | None) -> dict[str, Any] | None:
    if spread is None or verdict is None:
        return None
    ends = np.array([verdict.point - _NINETY * spread, verdict.point + _NINETY * spread])
    low, high = space.values(np.clip(ends, 0.0, 1.0))
    return {name: (low[name], high[name]) for name in low if not isinstance(low[name], tuple)}


def _contraction_of_guess(space: Space, spread: Array | None) -> dict[str, float] | None:
    if spread is None:
        return None
    before = 1 / math.sqrt(12)
    return {name: float(1 - spread[columns].mean() / before) for name, columns in space.columns.items()}


def _contraction(space: Space, posterior: Array | None, seed: int) -> dict[str, float] | None:
    if posterior is None:
        return None
    before = space.at_quantiles(np.random.default_rng(seed).random((_PRIOR_SAMPLES, space.dimension)))
    width = before.std(axis=0)
    # Where the prior is certain already, there is nothing to learn.
    ratio = np.divide(posterior.std(axis=0), width, out=np.ones_like(width), where=width > 0)
    return {name: float(1 - ratio[columns].mean()) for name, columns in space.columns.items()}
