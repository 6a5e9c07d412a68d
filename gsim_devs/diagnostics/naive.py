"""What one can say without a simulation: the expected next state, by least squares on the state before."""

from __future__ import annotations

import numpy as np

from .transitions import Floats, Transitions

_PENALTY = 1e-3
_FURTHEST = 3.0
"""In standard deviations."""
_MOST_FOR_SQUARES = 12
"""With more dimensions, squares and products are too many columns."""


def conditional_mean(observed: Transitions, training: Transitions | None = None) -> Floats:
    """The next state expected from a quadratic in the states before.

    It is fitted to `training`; without, to one half of the trajectories (of one alone: of its steps) for the other.
    """
    if training is not None:
        return _fitted(training, observed)
    codes = observed.codes
    odd = codes % 2 == 1 if codes.max() else np.arange(len(codes)) >= len(codes) // 2
    expected = observed.before.copy()
    if odd.any() and not odd.all():
        expected[odd] = _fitted(observed.part(~odd), observed.part(odd))
        expected[~odd] = _fitted(observed.part(odd), observed.part(~odd))
    return expected


def _fitted(training: Transitions, wanted: Transitions) -> Floats:
    mean, scale = training.before.mean(axis=0), training.before.std(axis=0)
    scale[scale <= 0.0] = 1.0
    # A quadratic is no guide far outside of what it was fitted to.
    known, asked = (
        _columns(np.clip((one.before - mean) / scale, -_FURTHEST, _FURTHEST)) for one in (training, wanted)
    )
    expected = wanted.before.copy()
    for column in range(len(wanted.names)):
        changes = training.changes[:, column]
        rows = np.isfinite(changes)
        if not rows.any():
            continue
        ridge = _PENALTY * rows.sum() * np.eye(known.shape[1])
        ridge[0, 0] = 0.0
        solution = np.linalg.solve(known[rows].T @ known[rows] + ridge, known[rows].T @ changes[rows])
        expected[:, column] += asked @ solution
    return expected


def _columns(states: Floats) -> Floats:
    columns = [np.ones((len(states), 1)), states]
    if states.shape[1] <= _MOST_FOR_SQUARES:
        above = np.triu_indices(states.shape[1])
        columns.append(states[:, above[0]] * states[:, above[1]])
    return np.concatenate(columns, axis=1)
