"""The arguments of a simulator's command line. Leaves out parsing them: that travels with the simulator (`runtime`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .declaration import Declaration
from .values import BooleanValue, ChoiceValue, DurationValue, IntegerValue, NumberValue, TextValue


class ArgumentCommons(Declaration):
    """What every argument has."""

    help: str = ""
    """One line for `--help`."""
    label: bool = False
    """True where the argument only names the run and need not reach any component."""

    @property
    def required(self) -> bool:
        """An argument without a default must be given."""
        return getattr(self, "default", None) is None


class IntegerArgument(IntegerValue, ArgumentCommons):
    """A whole number."""

    default: int | None = None
    """Its value where it is not given; none: it is required."""


class NumberArgument(NumberValue, ArgumentCommons):
    """A number; `10`, `10.0` and `1e1` are the same to it."""

    default: float | None = None
    """Its value where it is not given; none: it is required."""


class DurationArgument(DurationValue, ArgumentCommons):
    """A time written as text."""

    default: str | None = None
    """Its value where it is not given, written in the format; none: it is required."""


class TextArgument(TextValue, ArgumentCommons):
    """A text."""

    default: str | None = None
    """Its value where it is not given; none: it is required."""


class ChoiceArgument(ChoiceValue, ArgumentCommons):
    """One of several texts."""

    default: str | None = None
    """Its value where it is not given; none: it is required."""


class BooleanArgument(BooleanValue, ArgumentCommons):
    """`true` or `false`."""

    default: bool | None = None
    """Its value where it is not given; none: it is required."""


class FileArgument(ArgumentCommons):
    """The path of a file, read at the start; components get its content."""

    type: Literal["file"]
    """Says that this is the path of a file."""
    format: Literal["text", "csv", "json", "jsonl"]
    """What it holds: text (str), csv (a tuple of dicts of texts, by the first line), json, jsonl (a tuple of dicts)."""
    default: Any = None
    """The content where no file is given; none: a file is required."""


Argument = Annotated[
    IntegerArgument
    | NumberArgument
    | DurationArgument
    | TextArgument
    | ChoiceArgument
    | BooleanArgument
    | FileArgument,
    Field(discriminator="type"),
]
"""One argument of the command line."""
