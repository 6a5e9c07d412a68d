"""What a simulator reports: events of entities, each with a payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from .declaration import Declaration
from .values import Name

JsonSchema = dict[str, Any] | bool


class EventKind(Declaration):
    """One kind of record."""

    entity: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    """Who reports it; a list where several may."""
    event: Name
    """What happened."""
    when: str = ""
    """When it is reported, in words."""
    payload: Mapping[Name, JsonSchema] = {}
    """The fields of the payload, each with its JSON Schema (Draft 2020-12, no references); no others are allowed."""
    optional: tuple[Name, ...] = ()
    """The fields that may be missing."""
    at_end: bool = False
    """Whether it may close a run: reported at the horizon, even where nothing else happens at exactly that time."""

    @property
    def entities(self) -> tuple[str, ...]:
        return (self.entity,) if isinstance(self.entity, str) else self.entity

    @property
    def required(self) -> tuple[str, ...]:
        """The payload fields that are in every such record."""
        return tuple(field for field in self.payload if field not in self.optional)
