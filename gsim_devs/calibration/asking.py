"""What a method asks for, and when it must come to an end.

Methods are generators: they yield an `Ask` and receive an `Answer`. Leaves out who answers: one place simulates,
counts, remembers, and says when it is over.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gsim_devs.errors import UsageError

from .arrays import Array
from .checking import PosteriorCheck
from .problem import Problem
from .seeds import Seeds
from .space import Space

Wanted: TypeAlias = Literal["losses", "validation_losses", "summaries", "details", "trajectories", "failed"]
"""The question to the problem."""


@dataclass(frozen=True)
class Budget:
    """How much a calibration may cost; whichever ends first ends the search."""

    simulations: int | None = None
    """Evaluations of one candidate on all data; none: what the method usually takes."""
    seconds: float | None = None
    """Of simulating and searching; none: as long as it takes."""

    def __post_init__(self) -> None:
        if self.simulations is not None and self.simulations < 1:
            raise UsageError(f"a budget of {self.simulations} simulations is none; give at least 1")
        if self.seconds is not None and not self.seconds > 0:
            raise UsageError(f"a budget of {self.seconds} seconds is none; give more than 0")


@dataclass(frozen=True)
class Task:
    """What a method is given."""

    problem: Problem
    """To know what it can tell; questions go through `Ask`."""
    space: Space
    """Its parameters."""
    seeds: Seeds
    """All random numbers come from here."""
    simulations: int
    """How many it can count on."""
    start: Array | None = None
    """A point to try first, NaN where nothing is known."""
    posterior: bool = False
    """Whether samples of the posterior are wanted of a method that need not give them."""
    check: bool = False
    """Whether the posterior is to be checked with simulations that it is not learnt from."""


@dataclass(frozen=True)
class Ask:
    """Simulate these points of the unit cube."""

    points: Array
    """(n, dimension)."""
    seed: int
    """Of the simulations; points of one ask share it."""
    share: float = 1.0
    """The part of the data that is enough; above 1 where more than one evaluation is worth its price."""
    wanted: Wanted = "losses"
    """What is to be told of them."""


@dataclass(frozen=True)
class Answer:
    """What was asked, as far as the budget allows."""

    values: Array
    """Losses (n,) or rows (n, s), NaN where a simulation failed; there are fewer of them where the budget was spent."""
    over: bool = False
    """The budget is spent: whatever is asked from now on has no answer."""


@dataclass(frozen=True)
class Found:
    """What a method says when it has come to an end by itself."""

    suggested: Array
    """Points that may not have been evaluated yet, (k, dimension), and should be considered."""
    posterior: Array | None = None
    """Samples of the posterior, (n, dimension)."""
    converged: bool = True
    """More of the same would not change it."""
    checked: PosteriorCheck | None = None
    """Whether the posterior is right, if that was asked."""
    spread: Array | None = None
    """How far the truth is likely to be from the last of the suggested, a standard deviation of each edge."""


Search: TypeAlias = Generator[Ask, Answer, Found]
"""A method at work."""
