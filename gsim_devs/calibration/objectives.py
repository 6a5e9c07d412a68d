"""How badly simulations fit observations, as one number; smaller is better. Knows nothing about simulators.

Simulations are (draws, n, d): so many draws of what follows each of n observed situations, in d dimensions.
Observations are (n, d), NaN where nothing was observed. Every dimension is divided by its scale first.

`energy`, `crps` and `dawid-sebastiani` are proper scores: on average nothing scores better than the truth, for the last
as far as the first two moments tell. `mse-of-mean` asks for the right mean only. `mse` compares single draws, which
costs the variance of the simulation too: it is smallest where the simulation varies too little (for a Poisson number at
its mean minus 1/2), and stands here to compare with published results. `mmd` compares what was observed with what was
simulated as a whole, whichever followed which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array

_LEAST_SPREAD = 0.1
"""In scales: draws that happen to be alike are not taken to be surer than this."""
_MOST_POINTS = 500
"""Of each side, in `mmd`, whose cost grows with their square."""


def loss(name: str, simulated: Array, observed: Array, scale: Array | None = None) -> float:
    """How badly these simulations fit; NaN if a value is missing that was observed.

    Args:
        name: one of OBJECTIVES.
        simulated: (draws, n, d).
        observed: (n, d); NaN where nothing was observed.
        scale: (d,), what counts as a difference of 1 in each dimension; none: the dimensions' own units.
    """
    known(name)
    if simulated.ndim != 3 or observed.ndim != 2 or simulated.shape[1:] != observed.shape:
        raise UsageError(
            f"simulations of shape {simulated.shape} do not fit observations of shape {observed.shape}; "
            f"they should be (draws, n, d) and (n, d)"
        )
    if len(simulated) < LEAST_DRAWS[name]:
        raise UsageError(
            f"the objective {name} needs at least {LEAST_DRAWS[name]} draws of each simulation, found {len(simulated)}"
        )
    if np.isnan(observed).all():
        raise UsageError("there is nothing to compare with: every observed value is missing")
    unit = np.ones(observed.shape[1]) if scale is None else np.asarray(scale, dtype=float)
    seen = ~np.isnan(observed)
    drawn, target = np.where(seen, simulated, 0.0) / unit, np.where(seen, observed, 0.0) / unit
    if not np.isfinite(drawn).all():
        return float("nan")
    return float(OBJECTIVES[name](drawn, target, seen))


def known(name: str) -> str:
    """The name of an objective, or a UsageError that tells which there are."""
    if name not in OBJECTIVES:
        raise UsageError(f"unknown objective {name!r}; there are {', '.join(OBJECTIVES)}")
    return name


def _energy(drawn: Array, target: Array, seen: Array) -> float:
    rows = seen.any(axis=1)
    off = np.linalg.norm(drawn - target, axis=2).mean(axis=0)
    apart = _mean_over_pairs(drawn, lambda gap: np.linalg.norm(gap, axis=2))
    return float((off - apart / 2)[rows].mean())


def _crps(drawn: Array, target: Array, seen: Array) -> float:
    off = np.abs(drawn - target).mean(axis=0)
    apart = _mean_over_pairs(drawn, np.abs)
    return float((off - apart / 2)[seen].mean())


def _dawid_sebastiani(drawn: Array, target: Array, seen: Array) -> float:
    count = len(drawn)
    variance = drawn.var(axis=0, ddof=1) + _LEAST_SPREAD**2
    # One over the variance of a few normal draws is too large on average, by this factor.
    squares = (count - 3) / (count - 1) * (drawn.mean(axis=0) - target) ** 2 / variance
    return float((squares + np.log(variance))[seen].mean())


def _mse_of_mean(drawn: Array, target: Array, seen: Array) -> float:
    # The mean of a few draws is itself off by their variance over their number.
    squares = (drawn.mean(axis=0) - target) ** 2 - drawn.var(axis=0, ddof=1) / len(drawn)
    return float(squares[seen].mean())


def _mse(drawn: Array, target: Array, seen: Array) -> float:
    return float(((drawn - target) ** 2).mean(axis=0)[seen].mean())


def _mmd(drawn: Array, target: Array, seen: Array) -> float:
    rows = np.flatnonzero(seen.any(axis=1))
    rows = rows[:: max(1, -(-len(rows) // _MOST_POINTS))]
    ours, theirs = drawn[np.arange(len(rows)) % len(drawn), rows], target[rows]
    between = _distances(theirs, theirs)
    width = np.median(between[np.triu_indices(len(rows), 1)]) if len(rows) > 1 else 0.0
    if width == 0:  # more than half of them are alike, as counts often are
        width = between[between > 0].mean() if (between > 0).any() else 1.0

    def kernel(distances: Array) -> Array:
        return np.asarray(np.exp(-((distances / width) ** 2) / 2))

    return float(
        _mean_off_diagonal(kernel(_distances(ours, ours)))
        + _mean_off_diagonal(kernel(between))
        - 2 * kernel(_distances(ours, theirs)).mean()
    )


def _mean_over_pairs(drawn: Array, size: Callable[[Array], Array]) -> Array:
    """The mean over all pairs of different draws; so two draws already give an unbiased answer."""
    count = len(drawn)
    total = sum(size(drawn[:-shift] - drawn[shift:]).sum(axis=0) for shift in range(1, count))
    return np.asarray(total / (count * (count - 1) / 2))


def _distances(left: Array, right: Array) -> Array:
    return np.asarray(np.linalg.norm(left[:, None, :] - right[None, :, :], axis=2))


def _mean_off_diagonal(square: Array) -> float:
    count = len(square)
    return float((square.sum() - np.trace(square)) / (count * (count - 1))) if count > 1 else 1.0


OBJECTIVES: Mapping[str, Callable[[Array, Array, Array], float]] = {
    "energy": _energy,
    "crps": _crps,
    "dawid-sebastiani": _dawid_sebastiani,
    "mse-of-mean": _mse_of_mean,
    "mse": _mse,
    "mmd": _mmd,
}
"""By name; of simulations, observations (0 where there is none) and what was observed."""

LEAST_DRAWS: Mapping[str, int] = {
    "energy": 2,
    "crps": 2,
    "dawid-sebastiani": 5,
    "mse-of-mean": 2,
    "mse": 1,
    "mmd": 1,
}
"""How many draws of each simulation an objective needs to see how they vary."""
