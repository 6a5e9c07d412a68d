"""What a method of calibration must be able to ask: how well parameters fit, and what their simulations look like.

Leaves out where the answers come from: a simulator and data, or a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from gsim_devs.contracts import Parameter

from .arrays import Array
from .space import Values


class Problem(Protocol):
    """Parameters and how badly they fit. A simulation that fails is NaN."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What is searched, by name."""

    def losses(self, thetas: Sequence[Values], *, seed: int, share: float = 1.0) -> Array:
        """How badly each of these fits, (n,).

        The same seed means the same random numbers for each of them, so that differences are theirs. A `share` below 1
        asks for that part of the data only: cheap, and enough to tell good from hopeless.
        """


@runtime_checkable
class Summarised(Protocol):
    """A problem that can tell what simulations look like, for methods that want more than a loss."""

    @property
    def observed_summary(self) -> Array:
        """The same numbers of the data, (s,)."""

    def summaries(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """Numbers that tell simulations apart, (n, s). Each row must have random numbers of its own."""


@runtime_checkable
class Detailed(Summarised, Protocol):
    """A problem that can also summarise more of its data than is needed to find out where to look."""

    @property
    def price(self) -> float:
        """How many evaluations it is worth to do so for one candidate; at most 1: there is no more of the data."""

    @property
    def observed_details(self) -> Array:
        """The summary of so much of the data, (s,)."""

    def details(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """The same of simulations, (n, s). Each row must have random numbers of its own."""


@runtime_checkable
class Identified(Protocol):
    """A problem that can tell itself from others, so that a journal is not continued with other data."""

    @property
    def identity(self) -> Mapping[str, str]:
        """The same for the same problem, whenever it is asked: something for each thing that makes it what it is."""


@runtime_checkable
class Followed(Protocol):
    """A problem that can simulate what was observed from its beginning to its end."""

    @property
    def observed_trajectory(self) -> Array:
        """The series of the data, flattened, (m,)."""

    def trajectories(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """The series of simulations, flattened, (n, m). Each row must have random numbers of its own."""


@runtime_checkable
class Fallible(Protocol):
    """A problem of many simulations, of which some may fail and others not."""

    def failed(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """The share of the simulations of each that fail, (n, 1)."""


@runtime_checkable
class Explained(Protocol):
    """A problem that can tell why simulations fail."""

    def reasons(self, thetas: Sequence[Values], *, seed: int) -> Mapping[str, int]:
        """Why a few simulations of these fail and how often, the most frequent first."""


@runtime_checkable
class Validated(Protocol):
    """A problem with data that were put aside, on which the last few candidates are compared."""

    def validation_losses(self, thetas: Sequence[Values], *, seed: int) -> Array:
        """How badly each of these fits the data that were put aside, (n,)."""


@runtime_checkable
class Ruled(Protocol):
    """A problem whose losses also count what breaks rules."""

    def broken(self, theta: Values) -> Mapping[str, int]:
        """How often these values break each rule."""
