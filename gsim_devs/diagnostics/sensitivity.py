"""What does a parameter change? One that changes nothing is not used, or cannot be learnt from these data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .transitions import Floats, Simulate, Transitions, drawn


@dataclass(frozen=True, slots=True)
class Effect:
    """What moving one parameter did."""

    name: str
    kind: Literal["none", "not seen", "seen"]
    """`none`: with the same seed all draws stayed the same; `not seen`: no more changed than another seed changes."""
    size: float
    """The change of the mean next state over the standard deviation of a step, where it is largest."""
    dimension: str | None
    """The dimension where that is."""


def effects(
    observed: Transitions,
    draws: Floats,
    simulate: Simulate,
    moved: Mapping[str, Simulate],
    *,
    level: float,
    seed: int,
) -> tuple[Effect, ...]:
    """Compare each moved simulation with the one as it is."""
    if not moved:
        return ()
    again = drawn(simulate, seed + 1, observed)
    found = []
    for name, other in moved.items():
        same_seed = drawn(other, seed, observed)
        if draws.shape == same_seed.shape and np.array_equal(draws, same_seed, equal_nan=True):
            found.append(Effect(name, "none", 0.0, None))
            continue
        sizes = _sizes(draws, same_seed)
        at = int(np.argmax(sizes))
        seen = _differ(draws, again, drawn(other, seed + 2, observed), level / len(moved))
        found.append(Effect(name, "seen" if seen else "not seen", float(sizes[at]), observed.names[at]))
    return tuple(found)


def _sizes(draws: Floats, other: Floats) -> Floats:
    """The root mean squared change of means, over that of a step."""
    variance = np.nanmean(np.nanvar(draws, axis=0, ddof=1), axis=0)
    change = np.nanmean(other, axis=0) - np.nanmean(draws, axis=0)
    sizes: Floats = np.sqrt(np.nanmean(change**2, axis=0)) / np.where(variance > 0.0, np.sqrt(variance), 1.0)
    return np.nan_to_num(sizes)


def _differ(measure: Floats, one: Floats, other: Floats, level: float) -> bool:
    """Whether means or variances differ in any dimension, draw by draw, by more than chance (Bonferroni).

    `measure` are draws of another seed than both: from their mean, and in their standard deviations, both are told.
    """
    from scipy.stats import ttest_ind  # type: ignore[import-untyped]

    centre = np.nanmean(measure, axis=0)
    spread = np.nanstd(measure, axis=0, ddof=1)
    spread = np.where(spread > 0.0, spread, 1.0)
    ps = []
    for power in (1, 2):
        ours, theirs = (np.nanmean((((each - centre) / spread) ** power), axis=1) for each in (one, other))
        for column in range(ours.shape[1]):
            a, b = ours[:, column], theirs[:, column]
            a, b = a[np.isfinite(a)], b[np.isfinite(b)]
            if len(a) < 2 or len(b) < 2 or (np.ptp(a) == 0.0 and np.ptp(b) == 0.0):
                ps.append(0.0 if len(a) and len(b) and a.mean() != b.mean() else 1.0)
            else:
                ps.append(float(ttest_ind(a, b, equal_var=False).pvalue))
    return min(ps) <= level / len(ps)
