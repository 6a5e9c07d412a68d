"""Distances and squared errors of a simulation, each beside what would be left if it were right, and beside naive ones.

The floor of a distance is the simulation against itself: the same number of transitions, from the same states, other
draws. Leaves out words and tests: see `findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsim_devs.errors import UsageError

from .distances import marginal_wasserstein, median_distance, mmd, sliced_wasserstein, wasserstein
from .naive import conditional_mean
from .transitions import Floats, Transitions

Rows = NDArray[np.intp]
Scaling = Literal["standard deviation of a step", "raw"]

_MOST_FOR_EXACT = 400
"""Transitions of which the exact distance is taken; matching more takes long."""
_PAIRS = 4
"""Pairs of draws over which a distance and its floor are averaged."""
_RESAMPLES = 40
_STATE_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A distance between simulated and observed steps."""

    name: str
    value: float
    floor: float
    """The same distance of the simulation from itself, other draws."""
    excess: float
    low: float
    high: float
    """The excess over the floor, and where it lies with 95 % if trajectories (one alone: steps) are drawn anew."""
    ratio: float
    """Value / floor."""
    ratio_low: float
    ratio_high: float
    """Where that lies, likewise."""
    persistence: float
    """The distance of saying that nothing changes."""
    conditional_mean: float
    """The distance of always saying what is to be expected."""
    n: int
    """The number of points on either side."""
    states: str
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class Forecast:
    """The mean squared error of one dimension's expected next value, in its own units."""

    name: str
    error: float
    """Of the mean of all draws, what comes from their number taken away."""
    irreducible: float
    """What is left if the simulation is right: its own variance."""
    persistence: float
    conditional_mean: float


def forecasts(observed: Transitions, draws: Floats, training: Transitions | None) -> tuple[Forecast, ...]:
    """One for each dimension with values."""
    naive = conditional_mean(observed, training)
    made = []
    for column, name in enumerate(observed.names):
        simulated, values = draws[:, :, column], observed.after[:, column]
        counts = np.isfinite(simulated).sum(axis=0)
        known = np.isfinite(values) & (counts >= 2)
        if not known.any():
            continue
        variance = np.nanvar(simulated[:, known], axis=0, ddof=1)
        error = (np.nanmean(simulated[:, known], axis=0) - values[known]) ** 2 - variance / counts[known]
        made.append(
            Forecast(
                name,
                float(error.mean()),
                float(variance.mean()),
                float(((observed.before[known, column] - values[known]) ** 2).mean()),
                float(((naive[known, column] - values[known]) ** 2).mean()),
            )
        )
    return tuple(made)


def compare(
    observed: Transitions,
    draws: Floats,
    training: Transitions | None,
    *,
    scaling: Scaling = "standard deviation of a step",
    seed: int,
) -> tuple[Comparison, ...]:
    """All distances of simulated from observed changes; none where too little is complete."""
    whole = np.isfinite(observed.after) & np.isfinite(draws).all(axis=0)
    complete: NDArray[np.bool_] = np.logical_and.reduce(whole, axis=1)
    if complete.sum() < 2:
        return ()
    naive = conditional_mean(observed, training)[complete] - observed.before[complete]
    part = observed.part(complete)
    scale = _scale(part.changes) if scaling != "raw" else np.ones(len(part.names))
    seen = part.changes / scale
    simulated = (draws[:, complete] - part.before) / scale
    still, expected = np.zeros_like(seen), naive / scale
    rng = np.random.default_rng(seed)
    found = []
    for name, distance, most in _measures(part.names, seen, simulated[0]):
        rows = (
            np.arange(len(seen)) if len(seen) <= most else np.sort(rng.choice(len(seen), most, replace=False))
        )
        value, floor = _beside_floor(distance, seen, simulated, rows)
        resampled = [
            _beside_floor(distance, seen, simulated, _resample(part, rows, rng), pairs=1)
            for _ in range(_RESAMPLES)
        ]
        # Drawn with replacement, points repeat, and all distances grow: only the scatter is taken from there.
        half = 1.96 * float(np.std([one - other for one, other in resampled], ddof=1))
        ratio, times = _ratio(value, floor), _factor([_ratio(*pair) for pair in resampled])
        found.append(
            _comparison(
                name,
                (value, floor),
                (value - floor - half, value - floor + half, ratio / times, ratio * times),
                (distance(seen[rows], still[rows]), distance(seen[rows], expected[rows])),
                len(rows),
                "changes in one step from the observed states",
                scaling,
            )
        )
    return tuple(found)


def beside_truth(
    names: tuple[str, ...],
    before: Floats,
    simulated: Floats,
    truth: Floats,
    again: Floats,
    *,
    scaling: Scaling = "standard deviation of a step",
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Where the truth can be simulated: distances state by state, and their mean over states.

    `before` are the states (n, d); the others are next states (draws, n, d) of the simulation, of the truth, and of the
    truth with another seed, which is what the floor is made of.
    """
    for one in (simulated, truth, again):
        if (
            one.ndim != 3
            or one.shape != truth.shape
            or one.shape[1:] != before.shape
            or len(names) != before.shape[1]
        ):
            raise UsageError(
                f"next states of shape {one.shape} do not fit {before.shape[0]} states of {len(names)}"
            )
    scale = _scale((truth - before).reshape(-1, len(names))) if scaling != "raw" else np.ones(len(names))
    model, true, other = ((one - before) / scale for one in (simulated, truth, again))
    expected = np.broadcast_to(true.mean(axis=0), true.shape)
    rng = np.random.default_rng(seed)
    found = []
    for name, distance, most in _measures(names, true.reshape(-1, len(names)), model.reshape(-1, len(names))):
        rows = slice(0, most)
        values, floors, stills, means = (
            np.array([distance(true[rows, state], each[rows, state]) for state in range(len(before))])
            for each in (model, other, np.zeros_like(true), expected)
        )
        chosen = rng.integers(0, len(before), (_STATE_RESAMPLES, len(before)))
        excess = values - floors
        between = np.quantile(excess[chosen].mean(axis=1), (0.025, 0.975))
        pairs = zip(values[chosen].mean(axis=1), floors[chosen].mean(axis=1), strict=True)
        ratios = np.quantile([_ratio(*pair) for pair in pairs], (0.025, 0.975))
        found.append(
            _comparison(
                name,
                (float(values.mean()), float(floors.mean())),
                (float(between[0]), float(between[1]), float(ratios[0]), float(ratios[1])),
                (float(stills.mean()), float(means.mean())),
                min(most, len(true)),
                f"next states from each of {len(before)} states",
                scaling,
            )
        )
    return tuple(found)


def _comparison(
    name: str,
    measured: tuple[float, float],
    intervals: tuple[float, float, float, float],
    naive: tuple[float, float],
    n: int,
    states: str,
    scaling: Scaling,
) -> Comparison:
    value, floor = measured
    low, high, ratio_low, ratio_high = intervals
    return Comparison(
        name=name,
        value=value,
        floor=floor,
        excess=value - floor,
        low=low,
        high=high,
        ratio=_ratio(value, floor),
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        persistence=naive[0],
        conditional_mean=naive[1],
        n=n,
        states=states,
        scaling=scaling,
    )


def _ratio(value: float, floor: float) -> float:
    if floor > 0.0:
        return float(value / floor)
    return 1.0 if value <= 0.0 else float("inf")


def _factor(ratios: Sequence[float]) -> float:
    """By what a ratio may be off either way with 95 %."""
    known = [one for one in ratios if 0.0 < one < float("inf")]
    return float(np.exp(1.96 * np.std(np.log(known), ddof=1))) if len(known) > 1 else 1.0


def _measures(
    names: tuple[str, ...], seen: Floats, simulated: Floats
) -> list[tuple[str, Callable[[Floats, Floats], float], int]]:
    width = median_distance(seen, simulated)
    measures: list[tuple[str, Callable[[Floats, Floats], float], int]] = [
        ("Wasserstein distance (exact)", wasserstein, _MOST_FOR_EXACT),
        ("sliced Wasserstein distance", lambda a, b: sliced_wasserstein(a, b, projections=50), 2000),
        (
            f"maximum mean discrepancy (bandwidth {width:.3g})",
            lambda a, b: mmd(a, b, bandwidth=width),
            _MOST_FOR_EXACT,
        ),
    ]
    for column, name in enumerate(names):
        measures.append((f"Wasserstein distance of `{name}`", _marginal(column), 2000))
    return measures


def _marginal(column: int) -> Callable[[Floats, Floats], float]:
    return lambda a, b: float(marginal_wasserstein(a[:, [column]], b[:, [column]])[0])


def _beside_floor(
    distance: Callable[[Floats, Floats], float],
    seen: Floats,
    simulated: Floats,
    rows: Rows,
    pairs: int = _PAIRS,
) -> tuple[float, float]:
    """The distance of draws from what was seen, and from each other."""
    pairs = min(pairs, len(simulated) // 2)
    values = [distance(seen[rows], simulated[2 * one][rows]) for one in range(pairs)]
    floors = [distance(simulated[2 * one + 1][rows], simulated[2 * one][rows]) for one in range(pairs)]
    return float(np.mean(values)), float(np.mean(floors))


def _resample(part: Transitions, rows: Rows, rng: np.random.Generator) -> Rows:
    codes = part.codes[rows]
    present = np.unique(codes)
    if len(present) == 1:
        return rng.choice(rows, len(rows))
    return np.concatenate([rows[codes == one] for one in rng.choice(present, len(present))])


def _scale(changes: Floats) -> Floats:
    scale: Floats = changes.std(axis=0)
    scale[scale <= 0.0] = 1.0
    return scale
