"""Mean courses of observables over time, of a baseline and a variant side by side. Adds up runs; keeps none."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gsim_devs.contracts import Contract
from gsim_devs.observation.series import Observer, Reported

from .intervals import t_quantile

Array = NDArray[np.float64]

_MOST_TIMES = 1000
_SIDES = ("baseline", "variant", "difference")


class Courses:
    """What observables are at regular times, on average over pairs of runs."""

    def __init__(self, contract: Contract, until: float) -> None:
        self.names = [name for name, one in contract.observables.items() if one.type == "number"]
        self.times = times_until(until)
        self._observer = Observer(contract, self.names)
        shape = (len(_SIDES), len(self.times), len(self.names))
        self._count = np.zeros(shape[1:])
        self._mean, self._squares = np.zeros(shape), np.zeros(shape)

    def add(self, baseline: Sequence[Reported], variant: Sequence[Reported]) -> None:
        """Take in one pair of runs; where one of them tells nothing, the pair does not count."""
        one, other = (self._observer.at(records, self.times) for records in (baseline, variant))
        values = np.stack([one, other, other - one])
        is_told = np.isfinite(values[2])
        self._count += is_told
        # Welford's way: sums of squares would lose the digits that matter.
        off = np.where(is_told, values - self._mean, 0.0)
        self._mean += off / np.maximum(self._count, 1)
        self._squares += off * np.where(is_told, values - self._mean, 0.0)

    def write(self, file: IO[str], level: float) -> None:
        """A row for each observable and time: the means with the ends of their intervals, and how many pairs."""
        writer = csv.writer(file, lineterminator="\n")
        ends = [name for side in _SIDES for name in (side, f"{side}_low", f"{side}_high")]
        writer.writerow(["observable", "t", *ends, "pairs"])
        halves = self._halves(level)
        for column, name in enumerate(self.names):
            for row, time in enumerate(self.times):
                mean, half = self._mean[:, row, column].tolist(), halves[:, row, column].tolist()
                count = int(self._count[row, column])
                cells = [cell for m, h in zip(mean, half, strict=True) for cell in _cells(m, h, count)]
                writer.writerow([name, _shown(time), *cells, count])

    def _halves(self, level: float) -> Array:
        counts = self._count
        quantiles = {
            count: t_quantile((1 - level) / 2, int(count) - 1) if count > 1 else math.nan
            for count in np.unique(counts).tolist()
        }
        t = np.vectorize(quantiles.__getitem__, otypes=[np.float64])(counts)
        with np.errstate(all="ignore"):
            return np.asarray(t * np.sqrt(self._squares / (counts - 1) / counts))


def times_until(until: float) -> list[float]:
    """Whole units of time, or as many equal steps as are enough where there are too many or too few units."""
    if 10 <= until < _MOST_TIMES:
        return [*map(float, range(math.floor(until) + 1))]
    return [until * step / 100 for step in range(101)] if until else [0.0]


def _cells(mean: float, half: float, count: int) -> list[str]:
    if not count:
        return ["", "", ""]
    return [_shown(mean), *(_shown(mean + side * half) if math.isfinite(half) else "" for side in (-1, 1))]


def _shown(value: float) -> str:
    return f"{value:.10g}"
