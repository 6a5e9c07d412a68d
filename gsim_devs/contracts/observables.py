"""How data and simulation meet: series read from a trace, starts from an observed state, actions as commands."""

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
    """A series of numbers that can be compared with data, or of texts that say more of the state."""

    type: Literal["number", "text"] = "number"
    """`text`: what no number says, such as a list; it is not compared, but a simulation can start from it."""
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


class Action(Declaration):
    """What somebody did to the system: a column of the data that becomes one command on stdin for each row."""

    command: Name
    """The command; it takes effect at the time of the row."""
    field: Name
    """The field that takes the value; the command has no others but its time."""
    unit: str | None = None
    """The unit, for readers."""
    help: str = ""
    """What it means, in one line."""
