"""What do errors follow: time or a state, gradually or with a jump, as an amount or as a rate?

Candidates with one coefficient each are compared by how much of the errors they explain, beyond what levels and rates
that are off throughout explain. Leaves out whether there is anything to explain: see `residuals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .residuals import Errors, small
from .slicing import TIME
from .transitions import Floats, Transitions

Shape = Literal["amount grows", "amount jumps", "rate drifts", "rate jumps"]

_MOST_JUMPS = 40
"""Places tried for a jump."""
_JUMP_MUST_GAIN = 1.1
"""Of two candidates that explain about as much, the one without a place to choose is believed."""
_LEAST_GAIN = 25.0
"""A squared normal score that the best of some hundred candidates hardly reaches by chance."""
_LEAST_SIDE = 20
"""Transitions on either side of a jump."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What errors follow best."""

    variable: str
    shape: Shape
    at: float | None
    """Where it jumps: the first value on the upper side."""
    gain: float
    """By how much it lowers the sum of squared errors, each over the variance that it should have."""
    share: float
    """The same as a share of that sum."""
    is_clear: bool
    """Whether the best of so many candidates would not explain as much by chance."""
    column: Floats
    """The values that errors are proportional to; one for each transition, 0 where the dimension is missing."""


def course(found: Errors, observed: Transitions, noises: Floats) -> Course | None:
    """The best candidate; None where nothing varies. `noises` are the variances of all dimensions in the same rows."""
    weight = 1.0 / np.sqrt(found.noise + small(found))
    base = np.concatenate((np.ones((len(weight), 1)), noises), axis=1) * weight[:, None]
    basis = _orthonormal(base)
    rest = found.error * weight
    rest = rest - basis @ (basis.T @ rest)
    total = float(rest @ rest)
    best: Course | None = None
    best_score = 0.0
    for variable, values in _variables(found, observed):
        for shape, at, column in _candidates(values, found.noise):
            scaled = column * weight
            scaled = scaled - basis @ (basis.T @ scaled)
            size = float(scaled @ scaled)
            if size <= 1e-9 * float((column * weight) @ (column * weight)):
                continue
            gain = float(scaled @ rest) ** 2 / size
            score = gain if at is None else gain / _JUMP_MUST_GAIN
            if score > best_score:
                full = np.zeros(len(found.rows))
                full[found.rows] = column
                best, best_score = (
                    Course(variable, shape, at, gain, gain / total, gain >= _LEAST_GAIN, full),
                    score,
                )
    return best


def _variables(found: Errors, observed: Transitions) -> list[tuple[str, Floats]]:
    named = [(TIME, found.times)]
    named += [(name, observed.before[found.rows, column]) for column, name in enumerate(observed.names)]
    return named


def _candidates(values: Floats, noise: Floats) -> list[tuple[Shape, float | None, Floats]]:
    found: list[tuple[Shape, float | None, Floats]] = [
        ("amount grows", None, values),
        ("rate drifts", None, noise * values),
    ]
    for at in _jumps(values):
        above = (values >= at).astype(float)
        found.append(("amount jumps", at, above))
        found.append(("rate jumps", at, noise * above))
    return found


def _jumps(values: Floats) -> list[float]:
    ordered = np.sort(values)
    if len(ordered) < 2 * _LEAST_SIDE:
        return []
    inner = np.unique(ordered[_LEAST_SIDE : len(ordered) - _LEAST_SIDE + 1])
    inner = inner[inner > ordered[0]]
    if len(inner) > _MOST_JUMPS:
        inner = inner[np.linspace(0, len(inner) - 1, _MOST_JUMPS).astype(int)]
    return [float(one) for one in inner]


def _orthonormal(columns: Floats) -> Floats:
    left, sizes, _ = np.linalg.svd(
        columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300), full_matrices=False
    )
    return left[:, sizes > 1e-8 * max(float(sizes[0]), 1e-300)]
