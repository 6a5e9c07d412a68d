"""Test inputs of a system, and the counts that each must yield. Leaves out running them: `conformance`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from .declaration import Declaration, Defect, Identifier, refuse_if_any
from .values import Name

Kind = Annotated[str, Field(pattern=r"^.+\..+$")]
"""A kind of record: `entity.event`."""

Level = Literal["smoke", "normal", "edge", "stress"]
"""How much a test input asks of a simulator."""


class MatchingRecords(Declaration):
    """How many records of a kind hold given payload values."""

    kind: Kind
    """The kind of record, `entity.event`."""
    where: Mapping[Name, Any]
    """Payload fields and the value that each must have."""
    count: Annotated[int, Field(ge=0)]
    """The number of such records."""


class Expectation(Declaration):
    """What is known beforehand of a run's trace."""

    records: Annotated[int, Field(ge=0)] | None = None
    """The number of records."""
    first_time: Annotated[float, Field(ge=0)] | None = None
    """The time of the first record."""
    last_time: Annotated[float, Field(ge=0)] | None = None
    """The time of the last record."""
    last: Kind | None = None
    """The kind of the last record, `entity.event`."""
    last_where: Mapping[Name, Any] = {}
    """Payload fields of the last record and the value of each."""
    counts: Mapping[Kind, Annotated[int, Field(ge=0)]] = {}
    """The number of records of some kinds, by `entity.event`."""
    matching: tuple[MatchingRecords, ...] = ()
    """The number of records that hold given payload values."""
    tolerance: Annotated[float, Field(ge=0)] = 1e-9
    """How far apart two numbers may be that count as equal."""


class Case(Declaration):
    """One test input."""

    id: Identifier
    """Its name."""
    level: Level
    """smoke: it runs at all; normal: ordinary use; edge: limits and coincidences; stress: size."""
    notes: str = ""
    """What it is for."""
    arguments: Mapping[Name, bool | int | float | str] = {}
    """Arguments of the command line; those left out take their defaults. Files are named relative to this file."""
    stdin: str | tuple[str, ...] = ""
    """What comes on stdin: a text, or its lines."""
    replications: Annotated[int, Field(ge=1)] = 1
    """How often it is run; rules about chance pool the runs."""
    seeds: tuple[int, ...] = ()
    """The seed of each replication; none: replication k (from 0) has seed k."""
    timeout: Annotated[float, Field(gt=0)] = 60.0
    """After how many seconds of real time it is stopped."""
    expect: Expectation | None = None
    """What is known beforehand of its trace."""

    @property
    def stdin_text(self) -> str:
        """What comes on stdin, as one text."""
        return self.stdin if isinstance(self.stdin, str) else "".join(f"{line}\n" for line in self.stdin)

    @model_validator(mode="after")
    def _one_seed_each(self) -> Self:
        if self.seeds and len(self.seeds) != self.replications:
            text = f"there are {len(self.seeds)} seeds for {self.replications} replications; one for each is needed"
            refuse_if_any([Defect(("seeds",), text)])
        return self


class CaseFile(Declaration):
    """The test inputs of one system."""

    system: Identifier
    """The id of the contract."""
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    """The test inputs."""

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        refuse_if_any(repeated_ids("cases", [case.id for case in self.cases]))
        return self


def repeated_ids(key: str, ids: list[str]) -> list[Defect]:
    """A defect for each id that occurred before."""
    return [
        Defect((key, index, "id"), f"there is already one with the id {name!r} at {key}[{ids.index(name)}]")
        for index, name in enumerate(ids)
        if name in ids[:index]
    ]
