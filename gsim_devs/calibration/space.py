"""Parameters as points of the unit cube and back, so that every method searches the same kind of space.

A real number and a probability lie evenly on their edge of the cube, a positive number by its logarithm, an integer has
an equal piece for each of its values, and k shares have k - 1 edges, such that even points of the cube are even points
of the simplex. Whatever the point, the values keep their bounds. Leaves out priors, except where asked for quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from gsim_devs.contracts.parameters import (
    BetaPrior,
    DirichletPrior,
    IntegerParameter,
    LognormalPrior,
    LogRealParameter,
    NormalPrior,
    Parameter,
    ProbabilityParameter,
    RealParameter,
    SimplexParameter,
)
from gsim_devs.errors import UsageError

from .arrays import Array

Value: TypeAlias = float | int | tuple[float, ...]
"""The value of a parameter: shares are a tuple."""
Values: TypeAlias = Mapping[str, Value]
"""A value for each parameter, by name."""

_FAR = 6
"""In standard deviations: of a thousand million values, one lies there."""
_EDGE = 1e-12
"""Quantiles stay this far from 0 and 1, where those of an unbounded distribution are infinite."""


@dataclass(frozen=True)
class Space:
    """The unit cube of these parameters."""

    parameters: Mapping[str, Parameter]

    def __post_init__(self) -> None:
        if not self.parameters:
            raise UsageError("there is nothing to calibrate: the contract declares no parameters")
        for name, parameter in self.parameters.items():
            if not isinstance(parameter, SimplexParameter) and not parameter.minimum < parameter.maximum:
                raise UsageError(
                    f"parameter {name}: nothing lies between {parameter.minimum!r} and {parameter.maximum!r}; "
                    f"give it a maximum above its minimum"
                )
            if not isinstance(parameter, SimplexParameter) and _is_excluded(parameter):
                raise UsageError(
                    f"parameter {name}: its prior says that it lies nowhere between {parameter.minimum!r} and "
                    f"{parameter.maximum!r}; move its bounds, or widen its prior"
                )

    @property
    def columns(self) -> dict[str, slice]:
        """Where each parameter stands in a point."""
        found, start = {}, 0
        for name, parameter in self.parameters.items():
            found[name] = slice(start, start + _width(parameter))
            start = found[name].stop
        return found

    @property
    def dimension(self) -> int:
        """The number of edges of the cube."""
        return sum(_width(parameter) for parameter in self.parameters.values())

    @property
    def levels(self) -> Array:
        """For each edge the number of values on it; 0 where there is no end of them."""
        each = []
        for parameter in self.parameters.values():
            count = _count(parameter) if isinstance(parameter, IntegerParameter) else 0
            each += [count] * _width(parameter)
        return np.array(each, dtype=float)

    def values(self, points: Array) -> list[dict[str, Value]]:
        """The values at these points (n, dimension)."""
        columns = self.columns
        return [
            {name: _value(one, point[columns[name]]) for name, one in self.parameters.items()}
            for point in np.clip(points, 0.0, 1.0)
        ]

    def point(self, values: Mapping[str, Any]) -> Array:
        """The point of these values; NaN for those that are not given, or not of this space."""
        point = np.full(self.dimension, math.nan)
        for name, columns in self.columns.items():
            if name in values and _fits(self.parameters[name], values[name]):
                point[columns] = _coordinates(self.parameters[name], values[name])
        return point

    def at_quantiles(self, quantiles: Array) -> Array:
        """The points at these quantiles of the priors, (n, dimension)."""
        points = np.array(quantiles, dtype=float)
        for name, columns in self.columns.items():
            points[:, columns] = _at_quantiles(self.parameters[name], points[:, columns])
        return np.asarray(np.clip(points, 0.0, 1.0))

    def everything(self, most: int) -> Array | None:
        """Every point that has values of its own, if there are no more than so many."""
        levels = self.levels
        if (levels == 0).any() or math.prod(int(one) for one in levels) > most:
            return None
        return np.array(list(product(*((np.arange(one) + 0.5) / one for one in levels))))

    def neighbours(self, point: Array) -> Array:
        """The points one whole number below and above, of each integer."""
        levels = self.levels
        edges = np.eye(len(point))[levels > 0] / levels[levels > 0, None]
        steps = np.concatenate([point - edges, point + edges])
        return np.asarray(steps[((steps >= 0) & (steps <= 1)).all(axis=1)])


def _is_excluded(
    parameter: RealParameter | LogRealParameter | IntegerParameter | ProbabilityParameter,
) -> bool:
    """Whether the bounds hold next to nothing of the prior."""
    prior = parameter.prior
    if not isinstance(prior, NormalPrior | LognormalPrior):
        return False
    low, high = float(parameter.minimum), float(parameter.maximum)
    if isinstance(prior, NormalPrior):
        middle, width = prior.mean, prior.sd
    else:
        middle, width = math.log(prior.median), prior.sigma
        low, high = (math.log(one) if one > 0 else -math.inf for one in (low, high))
    return low > middle + _FAR * width or high < middle - _FAR * width


def _width(parameter: Parameter) -> int:
    return len(parameter.value) - 1 if isinstance(parameter, SimplexParameter) else 1


def _count(parameter: IntegerParameter) -> int:
    return parameter.maximum - parameter.minimum + 1


def _value(parameter: Parameter, at: Array) -> Value:
    if isinstance(parameter, SimplexParameter):
        return _shares(at)
    low, high, u = parameter.minimum, parameter.maximum, float(at[0])
    if isinstance(parameter, IntegerParameter):
        return min(parameter.minimum + int(u * _count(parameter)), parameter.maximum)
    if isinstance(parameter, LogRealParameter):
        return float(min(max(low * (high / low) ** u, low), high))
    return min(max(low + u * (high - low), low), high)


def _coordinates(parameter: Parameter, value: Any) -> Array:
    if isinstance(parameter, SimplexParameter):
        return _sticks(value)
    low, high = parameter.minimum, parameter.maximum
    if isinstance(parameter, IntegerParameter):
        return np.array([(value - low + 0.5) / _count(parameter)])
    if isinstance(parameter, LogRealParameter):
        return np.array([math.log(value / low) / math.log(high / low)])
    return np.array([(value - low) / (high - low)])


def _fits(parameter: Parameter, value: Any) -> bool:
    if isinstance(parameter, SimplexParameter):
        return (
            isinstance(value, Sequence)
            and len(value) == len(parameter.value)
            and abs(math.fsum(value) - 1) < 1e-6
        )
    return not isinstance(value, Sequence) and parameter.minimum <= value <= parameter.maximum


def _shares(at: Array) -> tuple[float, ...]:
    """Break off a piece of what is left, again and again."""
    left, shares = 1.0, []
    for index, u in enumerate(at):
        piece = left * (1 - (1 - float(u)) ** (1 / (len(at) - index)))
        shares.append(piece)
        left -= piece
    return (*shares, left)


def _sticks(shares: Sequence[float]) -> Array:
    left, at = 1.0, []
    for index, share in enumerate(shares[:-1]):
        broken = min(max(share / left, 0.0), 1.0) if left > 0 else 0.5
        at.append(1 - (1 - broken) ** (len(shares) - 1 - index))
        left -= share
    return np.array(at)


def _at_quantiles(parameter: Parameter, quantiles: Array) -> Array:
    prior = parameter.prior
    if isinstance(parameter, SimplexParameter):
        return _dirichlet(prior, quantiles) if isinstance(prior, DirichletPrior) else quantiles
    if prior.kind == "uniform" or isinstance(prior, DirichletPrior):
        return quantiles
    whole = isinstance(parameter, IntegerParameter)
    low = parameter.minimum - 0.5 * whole
    high = parameter.maximum + 0.5 * whole
    value = _prior_quantile(prior, low, high)(quantiles)
    if isinstance(parameter, LogRealParameter):
        return np.asarray(np.log(value / low) / math.log(high / low))
    return np.asarray((value - low) / (high - low))


def _prior_quantile(
    prior: NormalPrior | LognormalPrior | BetaPrior, low: float, high: float
) -> Callable[[Array], Array]:
    """The quantiles of a prior that is cut off at the bounds."""
    from scipy import stats  # type: ignore[import-untyped]

    match prior:
        case NormalPrior():
            belief = stats.norm(prior.mean, prior.sd)
        case LognormalPrior():
            belief = stats.lognorm(s=prior.sigma, scale=prior.median)
        case BetaPrior():
            belief = stats.beta(prior.a, prior.b, loc=low, scale=high - low)
    below, above = belief.cdf(low), belief.cdf(high)

    def quantile(quantiles: Array) -> Array:
        inside = np.clip(below + quantiles * (above - below), _EDGE, 1 - _EDGE)
        return np.asarray(np.clip(belief.ppf(inside), low, high))

    return quantile


def _dirichlet(prior: DirichletPrior, quantiles: Array) -> Array:
    from scipy import stats

    weights, points = prior.concentration, quantiles.copy()
    for index in range(quantiles.shape[1]):
        broken = stats.beta(weights[index], sum(weights[index + 1 :])).ppf(quantiles[:, index])
        points[:, index] = 1 - (1 - broken) ** (quantiles.shape[1] - index)
    return points
