"""What comes out of reading a trace: records, and lines that are none. Reads nothing itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class Defect(NamedTuple):
    """One thing that is wrong with a record that could be read all the same."""

    line: int
    sentence: str
    """Names the field as it is printed, what was found, and what is allowed; one line."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class BadLine(NamedTuple):
    """A line that no record could be made of."""

    line: int
    sentence: str
    """Goes on after the number of the line: `is not JSON: it breaks off`."""
    excerpt: str
    """How the line begins; what cannot be printed is shown as an escape."""

    def __str__(self) -> str:
        return f"line {self.line} {self.sentence}" + (f": {self.excerpt}" if self.excerpt else "")


# A struct is made in half the time of a named tuple. `gc=False`: a payload cannot refer back to its record.
class Record(msgspec.Struct, frozen=True, gc=False):
    """One thing that a simulation reported, whatever the layout of its trace."""

    time: float
    """In the unit of the contract."""
    entity: str
    event: str
    payload: dict[str, Any]
    """As decoded; whoever changes it changes the record."""
    line: int = 0
    """Where it stands in the trace, counted from 1; 0: nowhere."""
    component: str | None = None
    """The path of the component that spoke; only a detailed trace says."""
    replication: int | None = None
    """Which of several runs it belongs to; only a detailed trace says. Each begins anew at time 0."""
    seq: int | None = None
    """The number of the record; only a detailed trace says."""
    defects: tuple[Defect, ...] = ()
    """What does not fit the contract; a sound record has none."""
