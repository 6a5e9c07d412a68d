"""Free runs beside whole observed trajectories: does the simulation, left alone, stay where the data are?

Needs no observed state, so that it is what can be said of systems that are observed in part. Says that something is
wrong, where and in which direction, not what: see `findings` for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gsim_devs.errors import UsageError

from .coverage import BANDS, coverage_of, rank_among
from .phrases import counted, listed, number
from .transitions import Floats

_LEAST_DRAWS = 19
"""With fewer, no trajectory can be outside 95 % of all."""
_OUTSIDE = 0.45
"""Ranks further from the middle lie outside the widest band."""
_MOST_STRAYS = 4
_STAYS = 0.5
"""Where the widest band holds less, nobody would say that the simulation stays where the data are."""


@dataclass(frozen=True, slots=True)
class Stray:
    """When most trajectories lie outside the widest band of free runs, on one side."""

    start: float
    end: float
    is_above: bool
    """Whether the data lie above the free runs."""
    gap: float
    """The median distance from the middle of the free runs where it is largest."""
    at: float
    """When that is."""


@dataclass(frozen=True, slots=True)
class PathCheck:
    """One dimension of free runs beside the data."""

    name: str
    trajectories: int
    coverage: tuple[float, ...]
    """The shares of observed values inside central bands of free runs at the same time."""
    p: float
    """How probable trajectories so far out are if the simulation is right, dimensions counted."""
    is_wrong: bool
    stray: Stray | None
    """Where the data leave the free runs; None where they do not, or not in one direction."""


def check_paths(
    names: tuple[str, ...],
    observed: ArrayLike,
    simulated: ArrayLike,
    *,
    times: ArrayLike | None = None,
    level: float = 0.05,
    seed: int = 0,
) -> tuple[PathCheck, ...]:
    """Compare trajectories (M, T, D) with free runs of them (draws, M, T, D); missing values are NaN.

    How far out a trajectory is, is ranked among its free runs. Trajectories count as independent. `times` (M, T) are
    when they were observed; without them, they are numbered.
    """
    data, draws = np.asarray(observed, dtype=float), np.asarray(simulated, dtype=float)
    if data.ndim != 3 or draws.shape[1:] != data.shape or data.shape[2] != len(names):
        raise UsageError(
            f"free runs of shape {draws.shape} do not fit {len(names)} names and trajectories of shape {data.shape}"
        )
    if len(draws) < _LEAST_DRAWS:
        raise UsageError(
            f"{len(draws)} free runs of each trajectory are too few to tell; take at least {_LEAST_DRAWS}"
        )
    rng = np.random.default_rng(seed)
    when = np.broadcast_to(np.arange(data.shape[1]) if times is None else np.asarray(times), data.shape[:2])
    checks = []
    for column, name in enumerate(names):
        values, runs = data[:, :, column], draws[:, :, :, column]
        p, count = _together(_places(values, runs, rng))
        if count:
            p = min(1.0, p * len(names))
            rank = rank_among(values, runs, rng)
            inside = coverage_of(rank[np.isfinite(rank)])
            stray = _stray(values, runs, rank, when) if p <= level else None
            checks.append(PathCheck(name, count, inside, p, p <= level, stray))
    return tuple(checks)


def about_paths(checks: Sequence[PathCheck]) -> list[str]:
    """What they say, in sentences."""
    if not checks:
        return []
    count = max(one.trajectories for one in checks)
    from_start = f"Simulated from the beginning of {'each trajectory' if count > 1 else 'the trajectory'}"
    wrong = sorted((one for one in checks if one.is_wrong), key=lambda one: one.p)
    if not wrong:
        shares = [one.coverage[-1] for one in checks]
        between = (
            f"{min(shares):.0%}" if min(shares) == max(shares) else f"{min(shares):.0%} to {max(shares):.0%}"
        )
        held = f"{BANDS[-1]:.0%} bands hold {between} of the observed values"
        if min(shares) < _STAYS:
            few = counted(count, "trajectory")
            return [f"{from_start}, the simulation's {held}; {few} cannot tell whether that is chance."]
        return [f"{from_start}, the simulation stays where the data are: its {held}."]
    held = f"{min(one.coverage[-1] for one in wrong):.0%}"
    said = f"{from_start}, the simulation strays from the data in {listed([one.name for one in wrong])}: "
    said += f"its {BANDS[-1]:.0%} bands hold as few as {held} of the observed values."
    strays = [f"{_strays(one.name, one.stray)}" for one in wrong if one.stray]
    return [said + "".join(f" {one}" for one in strays[:_MOST_STRAYS])]


def _strays(name: str, stray: Stray) -> str:
    side = "below" if stray.is_above else "above"
    when = (
        f"at time {number(stray.start)}"
        if stray.start == stray.end
        else f"from time {number(stray.start)} to {number(stray.end)}"
    )
    return f"It is {side} the data in `{name}` {when}, by {number(stray.gap)} at time {number(stray.at)}."


def _stray(values: Floats, runs: Floats, rank: Floats, when: Floats) -> Stray | None:
    """Between the first and the last look at which most trajectories are outside on the side that is more frequent."""
    moments = np.unique(when[np.isfinite(when) & np.isfinite(rank)])
    above, below, gaps = [], [], []
    for moment in moments:
        here = (when == moment) & np.isfinite(rank)
        above.append(float((rank[here] > 0.5 + _OUTSIDE).mean()))
        below.append(float((rank[here] < 0.5 - _OUTSIDE).mean()))
        gaps.append(float(np.median(np.abs(values[here] - np.nanmedian(runs[:, here], axis=0)))))
    is_above = sum(above) >= sum(below)
    outside = np.array(above if is_above else below) > 0.5
    if not outside.any():
        return None
    found = np.flatnonzero(outside)
    worst = found[int(np.argmax(np.array(gaps)[found]))]
    return Stray(
        float(moments[found[0]]), float(moments[found[-1]]), is_above, gaps[worst], float(moments[worst])
    )


def _places(data: Floats, draws: Floats, rng: np.random.Generator) -> list[float]:
    """For each trajectory the share of free runs that are as far out as it, itself counted."""
    places: list[float] = []
    for one, all_runs in zip(data, draws.transpose(1, 0, 2), strict=True):
        seen = np.isfinite(one) & (np.isfinite(all_runs).sum(axis=0) >= 2)
        runs = all_runs[np.isfinite(all_runs[:, seen]).all(axis=1)][:, seen]
        if not seen.any() or len(runs) < 2:
            continue
        # The data count as one of all: only so is every place as probable as any other.
        everyone = np.concatenate((one[seen][None], runs))
        spread = everyone.std(axis=0)
        out = (((everyone - everyone.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)) ** 2).mean(axis=1)
        further = int((out[1:] > out[0]).sum())
        as_far = int((out[1:] == out[0]).sum())
        places.append(float(further + 1 + rng.integers(0, as_far + 1)) / (len(runs) + 1))
    return places


def _together(places: list[float]) -> tuple[float, int]:
    """What all places say together (Fisher), and of how many."""
    from scipy.special import chdtrc  # type: ignore[import-untyped]

    if not places:
        return 1.0, 0
    return float(chdtrc(2 * len(places), -2.0 * float(np.log(places).sum()))), len(places)
