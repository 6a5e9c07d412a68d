"""The kinds of rules, one file each. What is watched while a trace is read: `monitors`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .absent import Absent
from .alternate import Alternate
from .balance import Balance
from .capacity import Capacity
from .count import Count
from .delay import Delay
from .derived import Derived
from .distribution import Distribution
from .exclusive import Exclusive
from .exists import Exists
from .fifo import Fifo
from .fold import Fold
from .invariant import Invariant
from .lifecycle import Lifecycle
from .mean import Mean
from .monotone import Monotone
from .not_between import NotBetween
from .periodic import Periodic
from .precedence import Precedence
from .python import PythonRule
from .rate import Rate
from .recurrence import Recurrence
from .reference import Agreement
from .response import Response
from .sequence import Sequence
from .succession import Succession
from .unique import Unique
from .within import Within

Rule = Annotated[
    Exists
    | Absent
    | Count
    | Unique
    | Sequence
    | Precedence
    | Response
    | Succession
    | Alternate
    | NotBetween
    | Lifecycle
    | Delay
    | Within
    | Periodic
    | Exclusive
    | Capacity
    | Fifo
    | Balance
    | Invariant
    | Derived
    | Monotone
    | Recurrence
    | Fold
    | Agreement
    | PythonRule
    | Rate
    | Mean
    | Distribution,
    Field(discriminator="kind"),
]
"""One rule of any kind."""
