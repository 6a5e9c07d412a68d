"""Where a dimension is off: neighbouring slices with errors in one direction, joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .residuals import Bias
from .slicing import TIME, Slice
from .suspects import Suspect
from .transitions import Transitions


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring slices in which a dimension is off in one direction."""

    variable: str | None
    """What was cut; None: off on the whole."""
    low: float | None
    """From where; None: from the first slice on."""
    high: float | None
    """Up to where; None: to the last slice."""
    z: float
    """Positive where the simulation says too much."""
    mean: float
    """The mean error of a step."""
    size: float
    """That over the standard deviation that a single step should have."""


def stretches_of(one: Suspect, flagged: set[int]) -> tuple[Stretch, ...]:
    """Where it is off, told by the variable that errors follow, else by the one whose slices show most."""
    by_variable: dict[str, list[tuple[Slice, Bias]]] = {}
    for cut, found in one.biases:
        by_variable.setdefault(cut.variable, []).append((cut, found))
    shown = {
        variable: sum(found.test.z**2 for _, found in each if id(found.test) in flagged)
        for variable, each in by_variable.items()
    }
    chosen = max(shown, key=lambda name: (shown[name], name), default=None)
    if one.course is not None and shown.get(one.course.variable, 0.0) > 0.0:
        chosen = one.course.variable
    if chosen is None or not shown[chosen]:
        return _on_the_whole(one)
    each = by_variable[chosen]
    if (
        one.whole is not None
        and id(one.whole.test) in flagged
        and len({found.test.z > 0 for _, found in each}) == 1
    ):
        return _on_the_whole(one)
    return tuple(_joined(one, run) for run in _runs(each, flagged))


def rows_of(part: Stretch, observed: Transitions) -> NDArray[np.bool_]:
    """Which transitions begin there."""
    if part.variable is None:
        return np.ones(len(observed.times), dtype=bool)
    states = dict(zip(observed.names, observed.before.T, strict=True))
    values = observed.times if part.variable == TIME else states[part.variable]
    low = -np.inf if part.low is None else part.low
    high = np.inf if part.high is None else part.high
    inside: NDArray[np.bool_] = (values >= low) & (values <= high)
    return inside


def _on_the_whole(one: Suspect) -> tuple[Stretch, ...]:
    if one.whole is None:
        return ()
    return (Stretch(None, None, None, one.whole.test.z, one.whole.mean, _size(one.whole)),)


def _runs(each: list[tuple[Slice, Bias]], flagged: set[int]) -> list[list[Slice]]:
    runs: list[list[Slice]] = []
    signs: list[bool] = []
    for cut, found in each:
        if id(found.test) not in flagged:
            continue
        sign = found.test.z > 0
        if runs and runs[-1][-1].index == cut.index - 1 and signs[-1] == sign:
            runs[-1].append(cut)
        else:
            runs.append([cut])
            signs.append(sign)
    return runs


def _joined(one: Suspect, run: list[Slice]) -> Stretch:
    rows = np.logical_or.reduce([cut.rows for cut in run])
    found = one.bias(rows)
    assert found is not None
    low = None if run[0].is_first else run[0].low
    high = None if run[-1].is_last else run[-1].high
    return Stretch(run[0].variable, low, high, found.test.z, found.mean, _size(found))


def _size(found: Bias) -> float:
    return abs(found.mean) / found.typical if found.typical else float("inf")
