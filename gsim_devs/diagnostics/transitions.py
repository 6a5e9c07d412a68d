"""Observed transitions (a state, the next one, when and where) and what a simulation says should come next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsim_devs.errors import UsageError

Floats = NDArray[np.float64]
Simulate = Callable[[int], ArrayLike]
"""A seed -> next states of shape (draws, transitions, dimensions), each draw from the observed states before.

Draws may differ in their parameters too, as samples of a posterior do: then what is uncertain about the parameters
counts as noise.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """Observed steps; one row each. Missing next values are NaN."""

    before: Floats
    """States before the step (n, d)."""
    after: Floats
    """States after it (n, d)."""
    times: Floats
    """When each step began (n)."""
    trajectories: NDArray[np.generic]
    """Which trajectory each belongs to (n); numbers or names."""
    names: tuple[str, ...]
    """The names of the dimensions."""

    def __post_init__(self) -> None:
        for field in ("before", "after", "times"):
            object.__setattr__(self, field, np.asarray(getattr(self, field), dtype=float))
        object.__setattr__(self, "trajectories", np.asarray(self.trajectories))
        object.__setattr__(self, "names", tuple(self.names))
        shape = (len(self.times), len(self.names))
        if self.before.shape != shape or self.after.shape != shape or self.trajectories.shape != shape[:1]:
            raise UsageError(
                f"transitions do not fit together: {shape[0]} times, {shape[1]} names, states of shape "
                f"{self.before.shape} and {self.after.shape}, {self.trajectories.shape} trajectories"
            )
        if 0 in shape:
            raise UsageError("there are no transitions to look at")
        if not (np.isfinite(self.before).all() and np.isfinite(self.times).all()):
            raise UsageError("a transition starts from a state or at a time that is missing; leave it out")

    @property
    def changes(self) -> Floats:
        return self.after - self.before

    @property
    def codes(self) -> NDArray[np.intp]:
        """Trajectories as numbers from 0."""
        codes: NDArray[np.intp] = np.unique(self.trajectories, return_inverse=True)[1].reshape(-1)
        return codes

    def part(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Transitions:
        """Some of the rows."""
        return Transitions(
            self.before[chosen], self.after[chosen], self.times[chosen], self.trajectories[chosen], self.names
        )


def drawn(simulate: Simulate, seed: int, observed: Transitions) -> Floats:
    """What the simulation says, examined; infinite values are missing ones."""
    draws = np.array(simulate(seed), dtype=float)
    wanted = observed.after.shape
    if draws.ndim != 3 or draws.shape[1:] != wanted or len(draws) < 2:
        raise UsageError(
            f"the simulation gave an array of shape {draws.shape}; what is needed is (draws, {wanted[0]}, {wanted[1]}) "
            "with at least two draws"
        )
    draws[~np.isfinite(draws)] = np.nan
    return draws
