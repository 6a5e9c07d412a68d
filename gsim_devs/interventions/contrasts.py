"""Two variants measured in pairs of runs under the same seeds: what differs, by how much, how sure that is. In words.

Simulates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .intervals import LEVEL, Interval, interval

Array = NDArray[np.float64]

FEW = 10
"""Pairs below which an interval is hardly worth its name."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure of a baseline and a variant."""

    name: str
    baseline: Interval
    variant: Interval
    difference: Interval
    """Of the differences of pairs, variant minus baseline."""

    saving: float
    """How many times more pairs would be needed if they had nothing in common: the variance of the difference of
    independent runs over that of pairs. Infinite where all pairs differ by the same; nan where nothing varies."""

    is_clear: bool
    """Whether the difference is not 0, with an error level that all measures of a comparison share."""

    @property
    def is_identical(self) -> bool:
        """Whether there is no difference in any pair."""
        return self.difference.mean == 0 and self.difference.half == 0

    @property
    def data(self) -> dict[str, object]:
        """As JSON; null where a number is not finite."""
        return {
            "measure": self.name,
            "baseline": _data(self.baseline),
            "variant": _data(self.variant),
            "difference": _data(self.difference),
            "saving": _finite(self.saving),
            "clear": self.is_clear,
        }


def contrasts_of(measured: Mapping[str, Array], level: float = LEVEL) -> list[Contrast]:
    """Compare every measure, whose values are (pairs, 2): baseline, variant."""
    shared = 1 - (1 - level) / max(1, len(measured))
    return [_contrast(name, values, level, shared) for name, values in measured.items()]


def _contrast(name: str, values: Array, level: float, shared: float) -> Contrast:
    one, other = values.T
    differences = other - one
    sure = interval(differences, shared)
    return Contrast(
        name,
        interval(one, level),
        interval(other, level),
        interval(differences, level),
        _saving(one, other, differences),
        sure.low > 0 or sure.high < 0,
    )


def _saving(one: Array, other: Array, differences: Array) -> float:
    if len(one) < 2:
        return math.nan
    apart, paired = float(one.var(ddof=1) + other.var(ddof=1)), float(differences.var(ddof=1))
    if paired:
        return apart / paired
    return math.inf if apart else math.nan


def table(contrasts: Sequence[Contrast], level: float) -> list[str]:
    """A line for each measure."""
    head = ("measure", "baseline", "variant", "difference", f"{100 * level:g} % interval", "saved by pairing")
    rows = [
        (
            one.name,
            number(one.baseline.mean),
            number(one.variant.mean),
            number(one.difference.mean),
            f"{number(one.difference.low)} to {number(one.difference.high)}",
            "" if math.isnan(one.saving) else "all" if one.saving == math.inf else f"x {one.saving:.3g}",
        )
        for one in contrasts
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(pairs)
        ).rstrip()
        for pairs in ([*zip(row, widths, strict=True)] for row in (head, *rows))
    ]


def sentences(contrasts: Sequence[Contrast], level: float) -> list[str]:
    """What follows from it."""
    if not contrasts:
        return []
    pairs = contrasts[0].difference.count
    if all(one.is_identical for one in contrasts):
        return [f"Baseline and variant are the same by these measures in each of {pairs} pairs."]
    said = [_sentence(one) for one in contrasts if one.is_clear]
    if unclear := [one.name for one in contrasts if not one.is_clear and not one.is_identical]:
        said.append(f"No clear difference: {', '.join(unclear)}.")
    if same := [one.name for one in contrasts if one.is_identical]:
        said.append(f"The same in each pair: {', '.join(same)}.")
    if len(contrasts) > 1:
        said.append(
            f"What is called clear is judged for all {len(contrasts)} measures together: if nothing differed, any of "
            f"them would be called clear in at most {100 * (1 - level):.3g} % of such comparisons."
        )
    if pairs < FEW:
        said.append(
            f"With {pairs} pairs the intervals rely on differences that are distributed normally; "
            f"take {FEW} or more."
        )
    return said


def _sentence(one: Contrast) -> str:
    before, after, by = one.baseline.mean, one.variant.mean, one.difference
    verb = "rises" if by.mean > 0 else "falls"
    low, high = sorted((abs(by.low), abs(by.high)))
    share = f" ({100 * by.mean / before:+.3g} %)" if before > 0 and after >= 0 else ""
    return (
        f"{one.name} {verb} by {number(abs(by.mean))} ({number(low)} to {number(high)}), "
        f"from {number(before)} to {number(after)}{share}."
    )


def number(value: float) -> str:
    """A number for people; all digits of whole ones that are not too long."""
    if abs(value) < 1e6 and float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.4g}"


def _data(one: Interval) -> dict[str, float | int | None]:
    return {"mean": one.mean, "low": _finite(one.low), "high": _finite(one.high), "count": one.count}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
