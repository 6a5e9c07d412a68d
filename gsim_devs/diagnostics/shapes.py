"""What do errors follow: time or a state, gradually or with a jump, as an amount or as a rate?

Candidates with one coefficient each are compared by how much of the errors they explain, beyond what levels and rates
that are off throughout explain. A rate is told by a dimension's noise, which grows with what happens in a step.
Dimensions that exchange something are asked together: a wrong flow shows in both. Leaves out whether there is anything
to explain: see `residuals`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .residuals import Errors, small
from .slicing import TIME
from .transitions import Floats, Transitions

Shape = Literal["amount grows", "amount jumps", "rate drifts", "rate jumps"]

_MOST_JUMPS = 40
"""Places tried for a jump with a state."""
_MOST_TIMES = 100
"""And with time, which has one place that is right where all trajectories change together."""
_MUST_GAIN = 1.1
"""Of two candidates that explain about as much, the one is believed that has no place to choose, the one that is a
rate, or a flow that grows with a state, rather than an amount that comes from nowhere, and the one that jumps with time
rather than with a state, which trajectories that are alike all reach at the same time."""
_LEAST_GAIN = 25.0
"""A squared normal score that the best of some hundred candidates hardly reaches by chance."""
_LEAST_SHARE = 0.25
"""What explains less of the errors beyond noise is not what is behind them."""
_LEAST_SIDE = 20
"""Transitions on either side of a jump."""


_OPPOSITE_WITHIN = 0.35
"""Errors that cancel out but for this share of them are of one flow."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What moves from one dimension to another."""

    source: str
    target: str
    grows: bool
    """Whether more of it moves in the data where the variable is large, compared with the simulation; else less."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What errors follow best."""

    variable: str
    shape: Shape
    at: float | None
    """Where it jumps: the first value on the upper side."""
    flow: Flow | None
    """What is wrong by it, where two dimensions are off by as much in opposite directions."""
    names: tuple[str, ...]
    """The dimensions that were asked."""
    gain: float
    """By how much it lowers the sum of squared errors, each over the variance that it should have, where most."""
    share: float
    """What it explains of the errors beyond noise in all dimensions that were asked."""
    is_more: bool
    """Whether the best of so many candidates would not explain as much by chance."""
    column: Floats
    """The values that errors are proportional to; one for each transition."""

    @property
    def is_clear(self) -> bool:
        """Whether this is what is behind errors, and not only goes along with it."""
        return self.is_more and self.share >= _LEAST_SHARE


def course(asked: Sequence[tuple[int, Errors]], observed: Transitions, noises: Floats) -> Course | None:
    """What the errors of these columns follow; None where nothing varies. `noises` are the variances of all columns."""
    fits = [_Fit.of(found, noises) for _, found in asked]
    # Errors that are noise have a mean square of 1.
    beyond = sum(one.total - len(one.rest) for one in fits)
    best: Course | None = None
    best_score = 0.0
    for variable, places, columns in _candidates(observed):
        for rate_of in (None, *(column for column, _ in asked)):
            tried = columns if rate_of is None else columns * noises[:, [rate_of]]
            gains = np.stack([one.gains(tried) for one in fits])
            jumps = ~np.isnan(places)
            is_amount = (rate_of is None) & (jumps | (variable == TIME))
            is_odd = jumps & (variable != TIME)
            doubts = jumps.astype(int) + is_amount + is_odd
            scores = gains.sum(axis=0) / _MUST_GAIN**doubts
            at = int(np.argmax(scores))
            if scores[at] > best_score:
                best_score = float(scores[at])
                best = Course(
                    variable,
                    _shape(rate_of is not None, bool(jumps[at])),
                    float(places[at]) if jumps[at] else None,
                    _flow(
                        observed,
                        variable,
                        rate_of,
                        {
                            column: one.slope(tried[:, at])
                            for (column, _), one in zip(asked, fits, strict=True)
                        },
                    ),
                    tuple(observed.names[column] for column, _ in asked),
                    float(gains[:, at].max()),
                    float(gains[:, at].sum() / max(beyond, gains[:, at].sum())),
                    float(gains[:, at].max()) >= _LEAST_GAIN,
                    tried[:, at],
                )
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Errors of a dimension without what levels and rates explain, each over what it should scatter by."""

    rows: NDArray[np.bool_]
    weight: Floats
    basis: Floats
    rest: Floats
    total: float

    @classmethod
    def of(cls, found: Errors, noises: Floats) -> _Fit:
        weight = 1.0 / np.sqrt(found.noise + small(found))
        base = np.concatenate((np.ones((len(weight), 1)), noises[found.rows]), axis=1) * weight[:, None]
        basis = _orthonormal(base)
        rest = found.error * weight
        rest = rest - basis @ (basis.T @ rest)
        return cls(found.rows, weight, basis, rest, float(rest @ rest))

    def gains(self, columns: Floats) -> Floats:
        """By how much each column, one for each transition, lowers the sum of squares."""
        scaled, sizes, lengths = self._scaled(columns)
        differs = sizes > 1e-9 * lengths
        gains: Floats = np.zeros(len(sizes))
        np.divide((scaled.T @ self.rest) ** 2, sizes, out=gains, where=differs)
        return gains

    def slope(self, column: Floats) -> float:
        scaled, sizes, _ = self._scaled(column[:, None])
        return float(scaled[:, 0] @ self.rest) / float(sizes[0]) if sizes[0] else 0.0

    def _scaled(self, columns: Floats) -> tuple[Floats, Floats, Floats]:
        scaled = columns[self.rows] * self.weight[:, None]
        lengths = (scaled**2).sum(axis=0)
        scaled = scaled - self.basis @ (self.basis.T @ scaled)
        return scaled, (scaled**2).sum(axis=0), lengths


def _shape(is_rate: bool, has_place: bool) -> Shape:
    if is_rate:
        return "rate jumps" if has_place else "rate drifts"
    return "amount jumps" if has_place else "amount grows"


def _flow(
    observed: Transitions, variable: str, rate_of: int | None, slopes: Mapping[int, float]
) -> Flow | None:
    """The two whose errors grow in opposite directions by the same; a rate is of one of them."""
    pairs = [pair for pair in combinations(slopes, 2) if rate_of is None or rate_of in pair]
    left = {
        (one, other): abs(slopes[one] + slopes[other]) / (abs(slopes[one]) + abs(slopes[other]) or 1.0)
        for one, other in pairs
        if slopes[one] * slopes[other] < 0.0
    }
    if not left or min(left.values()) > _OPPOSITE_WITHIN:
        return None
    one, other = min(left, key=lambda pair: left[pair])
    gains = np.nanmean(observed.changes[:, [one, other]], axis=0)
    named = [observed.names[each] for each in (one, other)]
    # A flow that grows with a state comes from there.
    is_its_own = rate_of is None and variable in named
    is_swapped = variable == named[1] if is_its_own else bool(gains[0] > gains[1])
    source, target = (other, one) if is_swapped else (one, other)
    return Flow(observed.names[source], observed.names[target], slopes[source] > 0.0)


def _candidates(observed: Transitions) -> Iterator[tuple[str, Floats, Floats]]:
    """For each variable the places of jumps, NaN for none, and a column for each."""
    named = [(TIME, observed.times)]
    named += [(name, observed.before[:, column]) for column, name in enumerate(observed.names)]
    for name, values in named:
        jumps = _jumps(values, _MOST_TIMES if name == TIME else _MOST_JUMPS)
        columns = np.concatenate((values[:, None], (values[:, None] >= jumps).astype(float)), axis=1)
        yield name, np.concatenate(([np.nan], jumps)), columns


def _jumps(values: Floats, most: int) -> Floats:
    ordered = np.sort(values)
    if len(ordered) < 2 * _LEAST_SIDE:
        return np.empty(0)
    inner = np.unique(ordered[_LEAST_SIDE : len(ordered) - _LEAST_SIDE + 1])
    inner = inner[inner > ordered[0]]
    if len(inner) > most:
        inner = inner[np.linspace(0, len(inner) - 1, most).astype(int)]
    places: Floats = inner
    return places


def _orthonormal(columns: Floats) -> Floats:
    left, sizes, _ = np.linalg.svd(
        columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300), full_matrices=False
    )
    basis: Floats = left[:, sizes > 1e-8 * max(float(sizes[0]), 1e-300)]
    return basis
