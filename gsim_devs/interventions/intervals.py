"""How far a mean over replications can be relied on, by Student's t. Paired differences are values like any others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gsim_devs.rules.statistics import beta_shares

Array = NDArray[np.float64]

LEVEL = 0.95
"""Of intervals, where nobody asks for another."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and what it may be off by; infinitely much where there are fewer than two values."""

    mean: float
    half: float
    """Half the width of the interval."""
    count: int
    """How many values."""

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half


def interval(values: Sequence[float] | Array, level: float = LEVEL) -> Interval:
    """The interval that holds the expectation with this probability, as far as the values are many or normal."""
    held = np.asarray(values, dtype=np.float64)
    count = len(held)
    if count < 2:
        return Interval(float(held.mean()) if count else math.nan, math.inf, count)
    half = t_quantile((1 - level) / 2, count - 1) * float(held.std(ddof=1)) / math.sqrt(count)
    return Interval(float(held.mean()), half, count)


@lru_cache(maxsize=256)
def t_quantile(beyond: float, freedom: int) -> float:
    """What Student's t with so many degrees of freedom exceeds with this probability, which is at most 1/2."""
    low, high = 0.0, 1.0
    while _beyond(high, freedom) > beyond:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _beyond(middle, freedom) > beyond else (low, middle)
    return (low + high) / 2


def _beyond(t: float, freedom: int) -> float:
    whole = freedom + t * t
    return 0.5 * beta_shares(0.5 * freedom, 0.5, freedom / whole, t * t / whole)[0]
