"""Single steps that cannot come from the simulation, as typing errors in the data do.

Leaves out steps that are many: those are what the tests of `findings` are for. Leaves out dimensions whose next value
is certain, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .phrases import counted, number
from .transitions import Floats, Transitions

SINGLE = "single steps"
"""The label where a few steps cannot come from the model."""

_FURTHEST = 8.0
"""In standard deviations of the step: for any number of steps that fits in memory, further is not chance."""
_WIDEST = 2.0
"""And that many times further than any draw of any step is from its middle: few draws may have none of a rare event."""
_FROM_OTHERS = 3.0
"""And that many times further than all steps but a few: where a model is wrong, many are far off, none by itself."""
_ENOUGH_STEPS = 20
_ENOUGH_DRAWS = 10
_FEW = 2
_FEW_SHARE = 0.01
"""More steps than either are not errors of single rows."""
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Single:
    """A step that cannot come from the simulation."""

    trajectory: str
    time: float
    """When it begins."""
    name: str
    """The dimension that is furthest off."""
    before: float
    after: float
    least: float
    """The least of the simulated values after it."""
    most: float


def singles(observed: Transitions, draws: Floats) -> tuple[tuple[Single, ...], NDArray[np.bool_]]:
    """Steps that are far off, if they are few, and which rows hold what is typical: neither these nor the next ones.

    A value that is wrong is the end of one step and the beginning of the next: only the first of them is told.
    """
    typical = np.ones(len(observed.times), dtype=bool)
    if len(typical) < _ENOUGH_STEPS:
        return (), typical
    most = int(max(_FEW, _FEW_SHARE * len(typical)))
    excess = np.stack(
        [_excess(observed, draws, column, 2 * most) for column in range(len(observed.names))], axis=-1
    )
    far: NDArray[np.bool_] = np.any(excess > 1.0, axis=1)
    told = np.flatnonzero(far & ~_after(observed, far)).tolist()
    # A wrong value is an error of two steps, that to it and that from it.
    if not 0 < len(told) <= most or far.sum() > 2 * most:
        return (), typical
    typical = ~(far | _after(observed, far))
    return tuple(_single(observed, draws, row, int(excess[row].argmax())) for row in told), typical


def about_singles(found: Sequence[Single], steps: int) -> str:
    """What they are, in a sentence."""
    shown = [
        f"in trajectory {one.trajectory} `{one.name}` goes from {one.before:g} at t = {one.time:g} to {one.after:g} "
        f"(simulated: {number(one.least)} to {number(one.most)})"
        for one in found[:_MOST_SHOWN]
    ]
    more = f", and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    return (
        f"{len(found)} of {counted(steps, 'step')} cannot come from this model: {'; '.join(shown)}{more}. A typing "
        "error, or something that happened once? All else that is said of steps leaves such rows out."
    )


def _excess(observed: Transitions, draws: Floats, column: int, few: int) -> Floats:
    """How much further off than allowed each observed value is, more than 1 being too far; `few` may be so."""
    simulated, excess = draws[:, :, column], np.zeros(len(observed.times))
    known = np.isfinite(observed.after[:, column]) & (np.isfinite(simulated).sum(axis=0) >= _ENOUGH_DRAWS)
    if known.sum() <= few:
        return excess
    middle = np.nanmean(simulated[:, known], axis=0)
    error = np.abs(observed.after[known, column] - middle)
    widest = float(np.nanmax(np.abs(simulated[:, known] - middle)))
    if widest > 0.0:
        least = max(_WIDEST * widest, _FROM_OTHERS * float(np.sort(error)[-few - 1]))
        excess[known] = error / np.maximum(_FURTHEST * np.nanstd(simulated[:, known], axis=0, ddof=1), least)
    return excess


def _after(observed: Transitions, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The steps that begin where a chosen one ends."""
    order = np.lexsort((observed.times, observed.codes))
    follows = np.zeros(len(chosen), dtype=bool)
    follows[order[1:]] = chosen[order[:-1]] & (np.diff(observed.codes[order]) == 0)
    return follows


def _single(observed: Transitions, draws: Floats, row: int, column: int) -> Single:
    return Single(
        str(observed.trajectories[row]),
        float(observed.times[row]),
        observed.names[column],
        float(observed.before[row, column]),
        float(observed.after[row, column]),
        float(np.nanmin(draws[:, row, column])),
        float(np.nanmax(draws[:, row, column])),
    )
