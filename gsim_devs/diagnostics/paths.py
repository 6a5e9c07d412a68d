"""Free runs beside whole observed trajectories: does the simulation, left alone, stay where the data are?

Needs no observed state, so that it is what can be said of systems that are observed in part. Says that something is
wrong, not what: see `findings` for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gsim_devs.errors import UsageError

from .transitions import Floats

_LEAST_DRAWS = 19
"""With fewer, no trajectory can be outside 95 % of all."""


@dataclass(frozen=True, slots=True)
class PathCheck:
    """One dimension of free runs beside the data."""

    name: str
    trajectories: int
    coverage: tuple[float, float]
    """The shares of observed values inside the central 50 % and 95 % of free runs at the same time."""
    p: float
    """How probable trajectories so far out are if the simulation is right, dimensions counted."""
    is_wrong: bool

    @property
    def text(self) -> str:
        share = f"{self.coverage[1]:.0%} of the observed values of `{self.name}` lie inside 95 % of free runs"
        verdict = "free runs stray from the data" if self.is_wrong else "as far as chance goes"
        return f"{share} (p = {self.p:.2g}): {verdict}."


def check_paths(
    names: tuple[str, ...], observed: ArrayLike, simulated: ArrayLike, *, level: float = 0.05, seed: int = 0
) -> tuple[PathCheck, ...]:
    """Compare trajectories (M, T, D) with free runs of them (draws, M, T, D); missing values are NaN.

    How far out a trajectory is, is ranked among its free runs. Trajectories count as independent.
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
    checks = []
    for column, name in enumerate(names):
        p, count = _together(_places(data[:, :, column], draws[:, :, :, column], rng))
        if count:
            p = min(1.0, p * len(names))
            shares = _coverage(data[:, :, column], draws[:, :, :, column], rng)
            checks.append(PathCheck(name, count, shares, p, p <= level))
    return tuple(checks)


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


def _coverage(data: Floats, draws: Floats, rng: np.random.Generator) -> tuple[float, float]:
    counts = np.isfinite(draws).sum(axis=0)
    seen = np.isfinite(data) & (counts >= 2)
    less, same = (draws < data).sum(axis=0)[seen], (draws == data).sum(axis=0)[seen]
    rank = (less + rng.random(len(less)) * (same + 1)) / (counts[seen] + 1)
    return float((np.abs(rank - 0.5) < 0.25).mean()), float((np.abs(rank - 0.5) < 0.475).mean())
