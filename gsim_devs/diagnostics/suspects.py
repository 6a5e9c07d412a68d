"""Dimensions under test: their errors, what explains those, and whether trajectories differ in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .residuals import Bias, Errors, Spread, bias, errors, fitted, long_run, spread
from .shapes import Course, course
from .slicing import Slice
from .transitions import Floats, Transitions

_SPREAD_SHARE = 0.3
"""Trajectories are said to differ where that accounts for this much of what slices show; less is an echo of those."""


@dataclass(slots=True, eq=False)
class Suspect:
    """A dimension under test."""

    name: str
    column: int
    errors: Errors
    course: Course | None
    explained: Floats
    columns: int
    spread: Spread | None
    fitted_share: float
    growth: float
    differs: bool = False
    by_trajectory: bool = False
    whole: Bias | None = None
    biases: list[tuple[Slice, Bias]] = field(default_factory=list)

    def bias(self, rows: NDArray[np.bool_] | None = None) -> Bias | None:
        return bias(
            self.errors,
            rows,
            fitted_share=self.fitted_share,
            growth=self.growth,
            by_trajectory=self.by_trajectory,
        )


def suspected(
    observed: Transitions, draws: Floats, groups: list[list[Slice]], fitted_share: float
) -> list[Suspect]:
    """Every dimension that has errors, not yet tested for bias."""
    all_errors = [errors(observed, draws, column) for column in range(len(observed.names))]
    noises = noises_of(draws)
    courses = [
        course([(column, found)], observed, noises) if len(found.error) > 1 else None
        for column, found in enumerate(all_errors)
    ]
    # What goes wrong in one dimension shows in those that it exchanges with.
    common = np.stack([*noises.T, *(one.column for one in courses if one is not None)], axis=1)
    made = []
    for column, (found, path) in enumerate(zip(all_errors, courses, strict=True)):
        if len(found.error) < 2:
            continue
        explained, columns = fitted(found, groups, common[found.rows])
        made.append(
            Suspect(
                name=observed.names[column],
                column=column,
                errors=found,
                course=path,
                explained=explained,
                columns=columns,
                spread=spread(found, explained),
                fitted_share=fitted_share,
                growth=long_run(found, explained),
            )
        )
    return made


def trajectories_differ(one: Suspect, cuts: list[Slice], level: float) -> bool:
    """Whether trajectories differ, and that is no echo of what slices show."""
    if one.spread is None or one.spread.test.p > level:
        return False
    whole = one.bias()
    # What is off throughout is no pattern that trajectories could echo.
    throughout = whole.test.z**2 if whole else 0.0
    excess: dict[str, float] = {}
    for cut in cuts:
        found = one.bias(cut.rows)
        excess[cut.variable] = excess.get(cut.variable, -throughout) + (found.test.z**2 if found else 0.0)
    return one.spread.excess >= _SPREAD_SHARE * max(excess.values(), default=0.0)


def noises_of(draws: Floats) -> Floats:
    """The variance of each next value, 0 where there is none."""
    known = np.isfinite(draws).sum(axis=0) >= 2
    noises = np.zeros(known.shape)
    noises[known] = np.nanvar(draws[:, known], axis=0)
    return noises
