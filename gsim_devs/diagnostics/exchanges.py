"""Dimensions whose errors are opposite: something moves between them that should not, or does not and should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .stretches import Stretch, rows_of
from .suspects import Suspect
from .transitions import Transitions

_OPPOSITE_WITHIN = 0.25
"""Errors that cancel out but for this share of them are an exchange."""
_OPPOSITE = -0.6
"""Dimensions whose errors correlate so across slices have a cause in common."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two dimensions that are wrong by the same amount in opposite directions."""

    source: str
    """The one from which something moves to the other, in the data on balance."""
    target: str
    """The other."""
    too_much: bool
    """Whether the simulation moves too much; else too little."""
    variable: str | None
    low: float | None
    high: float | None
    """Where, as in a stretch."""


def exchanges_between(
    wrong: list[Suspect], stretches: Mapping[str, tuple[Stretch, ...]], observed: Transitions
) -> Iterable[Exchange]:
    """Pairs that are off by the same amount in opposite directions, by the stretches of either; each pair once."""
    told: set[frozenset[str]] = set()
    for one in sorted(wrong, key=lambda each: -max(abs(part.z) for part in stretches[each.name])):
        for part in stretches[one.name]:
            rows = rows_of(part, observed)
            mean = _mean_error(one, rows)
            for other in wrong:
                pair = frozenset((one.name, other.name))
                against = _mean_error(other, rows)
                if other is one or pair in told or abs(mean + against) > _OPPOSITE_WITHIN * abs(mean):
                    continue
                told.add(pair)
                yield _exchange(one, other, mean, rows, observed, part)


def groups_of(wrong: list[Suspect]) -> Iterable[list[Suspect]]:
    """Dimensions whose errors in slices are opposite have a cause in common."""
    left = list(wrong)
    while left:
        group = [left.pop(0)]
        for member in group:
            joining = [other for other in left if _correlation(member, other) < _OPPOSITE]
            group += joining
            left = [other for other in left if other not in joining]
        yield group


def _exchange(
    one: Suspect, other: Suspect, mean: float, rows: NDArray[np.bool_], observed: Transitions, part: Stretch
) -> Exchange:
    gains = np.nanmean(observed.changes[rows][:, [one.column, other.column]], axis=0)
    source, target = (other, one) if gains[0] > gains[1] else (one, other)
    too_much = (mean < 0.0) == (source is one)
    return Exchange(source.name, target.name, too_much, part.variable, part.low, part.high)


def _mean_error(one: Suspect, rows: NDArray[np.bool_]) -> float:
    chosen = one.errors.error[rows[one.errors.rows]]
    return float(chosen.mean()) if len(chosen) else 0.0


def _correlation(one: Suspect, other: Suspect) -> float:
    theirs = {(cut.variable, cut.index): found.mean for cut, found in other.biases}
    pairs = [
        (found.mean, theirs[cut.variable, cut.index])
        for cut, found in one.biases
        if (cut.variable, cut.index) in theirs
    ]
    if len(pairs) < 3:
        return 0.0
    a, b = np.array(pairs).T
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0
