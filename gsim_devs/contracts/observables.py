"""How data and simulation meet: series read from a trace, and arguments that start from an observed state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from .declaration import Declaration
from .values import Name


class Sampling(Declaration):
    """Values at regular times instead of one for each record."""

    every: Annotated[float, Field(gt=0)]
    """The interval, in the contract's unit of time."""
    start: Annotated[float, Field(ge=0)] = 0.0
    """The first time."""
    take: Literal["last", "sum", "mean", "count"] = "last"
    """From the records of (previous time, time]: the latest value so far, their sum, mean, or number."""


class Observable(Declaration):
    """A series of numbers that can be compared with data."""

    event: Name
    """The event whose records hold it."""
    entity: Name | None = None
    """The entity whose records hold it; none: any."""
    field: Name | None = None
    """The payload field; none: the records are counted."""
    at: Literal["every record"] | Sampling = "every record"
    """At which times it has a value."""
    unit: str | None = None
    """The unit, for readers."""
    help: str = ""
    """What it means, in one line."""


class State(Declaration):
    """How a simulation is started from an observed state."""

    arguments: Mapping[Name, Name] = {}
    """Arguments and the observable whose value at the start each of them takes."""
    time: Name | None = None
    """The argument that takes the time at which the state was observed; none: the model does not depend on it."""
