"""What a simulator accepts and reports, in one object. Leaves out how it behaves: that is its specification's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .arguments import Argument
from .checks.contract import contract_defects
from .declaration import Declaration, Identifier, refuse_if_any
from .events import EventKind
from .layout import Layout
from .observables import Action, Observable, State
from .parameters import Parameter
from .stdin import NoStdin, Stdin
from .values import Name


class TimeBase(Declaration):
    """The unit in which time is counted, and how finely."""

    unit: Literal["ns", "us", "ms", "s", "min", "h", "day", "week", "step"]
    """The unit of every time; `step` has no length in seconds."""
    resolution: Annotated[float, Field(gt=0, le=1)] = 1e-9
    """The tick, in units; 1/resolution must be a whole number. Times closer than half a tick are the same."""


class Horizon(Declaration):
    """When a run ends."""

    argument: Name
    """The argument that says when; a number, integer or duration."""
    closed: bool = True
    """True: what is due at exactly the horizon happens; false: it does not."""


class Contract(Declaration):
    """What a simulator accepts and reports."""

    id: Identifier
    """The name of the system; its four files are called like this."""
    title: str
    """The system in a few words."""
    time: TimeBase
    """The unit in which time is counted, and how finely."""
    horizon: Horizon
    """When a run ends."""
    seed: int | None = None
    """The default of `--seed`; none: drawn anew for each run. An argument called `seed` replaces it."""
    arguments: Mapping[Name, Argument] = {}
    """The arguments of the command line, by name; one without a default is required."""
    stdin: Stdin = NoStdin(form="none")
    """What is read from stdin."""
    layout: Layout = Layout.model_validate({})
    """How a record is printed."""
    events: Annotated[tuple[EventKind, ...], Field(min_length=1)]
    """The kinds of record that a run may print; no others are allowed."""
    parameters: Mapping[Name, Parameter] = {}
    """Calibratable numbers, by name; `--set NAME=VALUE` changes one."""
    observables: Mapping[Name, Observable] = {}
    """Series that can be compared with data, by name."""
    actions: Mapping[Name, Action] = {}
    """What was done to the system while it was observed, by the name of the column in the data."""
    state: State | None = None
    """How a simulation is started from an observed state; none: it cannot be."""

    @property
    def vocabulary(self) -> dict[tuple[str, str], EventKind]:
        """The kinds of record, by entity and event."""
        return {(entity, kind.event): kind for kind in self.events for entity in kind.entities}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        refuse_if_any(contract_defects(self))
        return self
