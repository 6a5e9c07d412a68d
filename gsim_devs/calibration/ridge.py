"""Ridge regression of parameters on summaries: the best linear guess of what goes with them, and how good it is.

The linear step of Fearnhead and Prangle (2012). Of the rows that it is made from, it also tells what it would have
guessed without them: what is learnt from such guesses holds for rows that it has never seen, such as the data. Leaves
out which rows are made.
"""

from __future__ import annotations

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array

_PENALTIES = np.logspace(-6, 1, 15)
"""For each row; every aim has the one that guesses best."""
_BEYOND = 0.5
"""How far beyond those that it is made from a number is taken to lie at most, in their range."""


class Ridge:
    """Guesses aims (n, d) from numbers (n, s)."""

    def __init__(self, told: Array, aims: Array, seen: Array, *, weighed: bool = False) -> None:
        """Learn from rows; numbers that are not `seen` (s,) are left out, and so are those that never change.

        `weighed` numbers count by their closest relation to any aim: where there are more of them than rows, those
        that have to do with none do less harm.

        Raises:
            UsageError: no number is left.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            spread = told.std(axis=0)
        # Numbers so large that they have no spread say nothing either.
        varies = np.isfinite(spread) & (spread > 1e-12 * (1 + np.abs(told).max(axis=0)))
        self._used = varies & np.asarray(seen, dtype=bool)
        if not self._used.any():
            raise UsageError(
                "no summary depends on the parameters, or none was observed: there is nothing to learn from"
            )
        self._mean, self._spread = told[:, self._used].mean(axis=0), spread[self._used]
        numbers = (told[:, self._used] - self._mean) / self._spread
        low, high = numbers.min(axis=0), numbers.max(axis=0)
        self._low, self._high = low - _BEYOND * (high - low), high + _BEYOND * (high - low)
        self._centre = aims.mean(axis=0)
        importance = _closest(numbers, aims - self._centre) if weighed else np.ones(numbers.shape[1])
        weights, self.left_out = _fitted(numbers * importance, aims - self._centre)
        self._weights = importance[:, None] * weights
        self.left_out += self._centre

    def guess(self, told: Array) -> Array:
        """The aims that go with rows (n, s)."""
        numbers = np.clip((told[:, self._used] - self._mean) / self._spread, self._low, self._high)
        return np.asarray(self._centre + numbers @ self._weights)


def _closest(numbers: Array, aims: Array) -> Array:
    """The largest correlation of each number with any aim, and never nothing."""
    lengths = np.outer(np.linalg.norm(numbers, axis=0), np.linalg.norm(aims, axis=0))
    relations = np.abs(numbers.T @ aims) / np.maximum(lengths, 1e-300)
    return np.asarray(np.maximum(relations.max(axis=1), 1e-6))


def _fitted(numbers: Array, aims: Array) -> tuple[Array, Array]:
    """The weights of each aim, and what would be guessed of each row by a regression without it."""
    left, sizes, right = np.linalg.svd(numbers, full_matrices=False)
    turned = left.T @ aims
    least = np.full(aims.shape[1], np.inf)
    weights, left_out = np.zeros((numbers.shape[1], aims.shape[1])), np.zeros_like(aims)
    for penalty in len(aims) * _PENALTIES:
        kept = sizes**2 / (sizes**2 + penalty)
        own = np.minimum(left**2 @ kept + 1 / len(aims), 1 - 1e-6)[:, None]
        without = aims - (aims - left @ (kept[:, None] * turned)) / (1 - own)
        # The mean without a row would give that row away where there is nothing else to tell: take that of all.
        without += aims / (len(aims) - 1)
        error = ((aims - without) ** 2).mean(axis=0)
        better = error < least
        least[better] = error[better]
        left_out[:, better] = without[:, better]
        solved = right.T @ ((sizes / (sizes**2 + penalty))[:, None] * turned)
        weights[:, better] = solved[:, better]
    return weights, left_out
