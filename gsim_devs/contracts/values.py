"""What a single value may be: its type and bounds. Arguments and fields of stdin commands are made of these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .declaration import Declaration

Bound = int | float | str
"""A number, or the name of an argument whose value bounds this one."""

Name = Annotated[str, StringConstraints(min_length=1)]

BOUND_WORDS = {
    "minimum": "at least",
    "exclusive_minimum": "greater than",
    "maximum": "at most",
    "exclusive_maximum": "less than",
}


class BoundedValue(Declaration):
    """A value on a scale."""

    minimum: Bound | None = None
    """The least value allowed."""
    exclusive_minimum: Bound | None = None
    """The value must be greater than this."""
    maximum: Bound | None = None
    """The greatest value allowed."""
    exclusive_maximum: Bound | None = None
    """The value must be less than this."""

    @property
    def bounds(self) -> dict[str, Bound]:
        """The bounds that are given, by their keys."""
        given = {key: getattr(self, key) for key in BOUND_WORDS}
        return {key: bound for key, bound in given.items() if bound is not None}


class IntegerValue(BoundedValue):
    """A whole number."""

    type: Literal["integer"]
    """Says that this is a whole number."""
    unit: str | None = None
    """The unit, for readers."""


class NumberValue(BoundedValue):
    """A number, written `10`, `10.0` or `1e1`; it arrives as a float."""

    type: Literal["number"]
    """Says that this is a number."""
    unit: str | None = None
    """The unit, for readers."""


class DurationValue(BoundedValue):
    """A time written as text; it arrives as a float in the contract's unit of time. Bounds are in that unit too."""

    type: Literal["duration"]
    """Says that this is a time written as text."""
    format: str
    """How it is written, such as `HH:MM:SS:mmm` or `HH:MM:SS[:mmm]` (see `durations`)."""


class TextValue(Declaration):
    """A text."""

    type: Literal["text"]
    """Says that this is a text."""
    pattern: str | None = None
    """A regular expression that the whole text must match."""


class ChoiceValue(Declaration):
    """One of several texts."""

    type: Literal["choice"]
    """Says that this is one of several texts."""
    choices: Annotated[tuple[str, ...], Field(min_length=1)]
    """The texts to choose from."""


class BooleanValue(Declaration):
    """`true` or `false`."""

    type: Literal["boolean"]
    """Says that this is true or false."""


AnyValue = IntegerValue | NumberValue | DurationValue | TextValue | ChoiceValue | BooleanValue

FieldValue = Annotated[AnyValue, Field(discriminator="type")]
"""The type of one field of a stdin command."""
