"""Cut transitions into slices of time and of each state, so that errors can be told by when and where they occur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .transitions import Floats, Transitions

TIME = "time"
"""The variable of slices of time; others are called like the dimension."""
_LEAST = 20
"""Fewer transitions are no slice: sums of less are not normal."""
_MOST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Transitions in which a variable lies in a range."""

    variable: str
    index: int
    count: int
    """How many slices the variable was cut into."""
    low: float
    high: float
    """The least and greatest values in it."""
    rows: NDArray[np.bool_]

    @property
    def is_first(self) -> bool:
        return self.index == 0

    @property
    def is_last(self) -> bool:
        return self.index == self.count - 1


def slices(observed: Transitions) -> list[list[Slice]]:
    """For time and for each state that varies its slices, of about equal numbers of transitions, at least two."""
    variables = [(TIME, observed.times)]
    variables += [(name, observed.before[:, column]) for column, name in enumerate(observed.names)]
    cut = [_slices_of(name, values) for name, values in variables]
    return [one for one in cut if len(one) > 1]


def _slices_of(variable: str, values: Floats) -> list[Slice]:
    places = _places(values, min(_MOST, len(values) // _LEAST))
    count = int(places.max()) + 1
    found = []
    for index in range(count):
        rows = places == index
        found.append(
            Slice(variable, index, count, float(values[rows].min()), float(values[rows].max()), rows)
        )
    return found


def _places(values: Floats, most: int) -> NDArray[np.intp]:
    """The slice of each value; equal values share one, and slices that are too small join their neighbour."""
    if most < 2:
        return np.zeros(len(values), dtype=np.intp)
    distinct, where, sizes = np.unique(values, return_inverse=True, return_counts=True)
    wanted = len(values) / most
    place_of = np.zeros(len(distinct), dtype=np.intp)
    place, filled, left = 0, 0, len(values)
    for at, size in enumerate(sizes):
        # A value opens the next slice where that brings this one closer to its share.
        if filled >= _LEAST and left >= _LEAST and filled + size / 2 > wanted:
            place, filled = place + 1, 0
        place_of[at] = place
        filled += int(size)
        left -= int(size)
    return place_of[where.reshape(-1)]
