"""The frame of a rules file. What a kind of rule needs besides is declared where rules are evaluated (`rules`)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from .cases import repeated_ids
from .declaration import Declaration, Identifier, refuse_if_any
from .values import Name


class RuleFrame(Declaration):
    """What every rule has; further keys belong to its kind."""

    model_config = ConfigDict(extra="allow")

    id: Identifier
    """Its name."""
    clause: Name
    """The sentence of the specification that it checks, quoted or by its number."""
    level: Literal["component", "system"]
    """Whether it speaks of one component or of the system as a whole."""
    kind: Name
    """Its kind."""


class RuleFile(Declaration):
    """The rules that the traces of one system must keep."""

    system: Identifier
    """The id of the contract."""
    rules: tuple[RuleFrame, ...]
    """The rules."""

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        refuse_if_any(repeated_ids("rules", [rule.id for rule in self.rules]))
        return self
