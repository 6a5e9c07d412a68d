"""The base of everything that is declared in a file: frozen, strict about keys, every field described.

A field's description is the docstring below it; it ends up in the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

IDENTIFIER = r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$"
LONGEST_IDENTIFIER = 64
Identifier = Annotated[str, Field(pattern=IDENTIFIER, max_length=LONGEST_IDENTIFIER)]
"""The name of a system, a case, a rule: small letters and digits, joined by `_` or `-`."""


_FIRST = ("system", "id", "name", "class", "type", "form", "kind")


class Declaration(BaseModel):
    """Something that a file declares."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @model_serializer(mode="wrap")
    def _names_first(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        held: dict[str, Any] = write(self)
        return {key: held[key] for key in _FIRST if key in held} | held


class Defect(NamedTuple):
    """Something declared that disagrees with something else declared."""

    place: tuple[str | int, ...]
    """The keys that lead to it."""
    sentence: str
    """What was found and what is allowed."""


class Disagreement(ValueError):  # noqa: N818  (pydantic turns it into its own error)
    """What one declaration gets wrong in itself; raised while it is validated, so that all of it is reported."""

    def __init__(self, defects: Iterable[Defect]) -> None:
        self.defects = tuple(defects)
        super().__init__(
            "; ".join(f"{dotted(place)}: {text}" if place else text for place, text in self.defects)
        )


def refuse_if_any(defects: Iterable[Defect]) -> None:
    """Raise `Disagreement` unless there are no defects."""
    found = tuple(defects)
    if found:
        raise Disagreement(found)


def dotted(place: Iterable[str | int]) -> str:
    """`events[0].payload.type`."""
    text = ""
    for key in place:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")
