"""What a simulator reads from stdin: nothing, lines that match patterns, or JSON commands.

Empty lines are skipped; in `lines`, so is everything from `#` to the end of a line, and blanks around a line do not
matter.
All of it is read before simulated time starts; a malformed line is refused by number and nothing is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from .declaration import Declaration
from .values import FieldValue, Name


class Command(Declaration):
    """One kind of command; its name is that of the root's input port that it enters."""

    fields: Mapping[Name, FieldValue] = {}
    """The fields of the command and their types."""
    time: str | None = "time"
    """The field that says when it takes effect (a duration, number or integer); null: all of them at time 0."""
    order: Annotated[int, Field(ge=0, le=65535)] = 0
    """When it comes among what happens at the same instant; lower first."""

    @property
    def message_fields(self) -> dict[str, FieldValue]:
        """The fields that travel in the message: all but the time."""
        return {name: field for name, field in self.fields.items() if name != self.time}


class LineCommand(Command):
    """A command written as one line of text."""

    pattern: str
    """A regular expression that matches the whole line, with one named group for each field; every group takes part."""


class NoStdin(Declaration):
    """Stdin is never read."""

    form: Literal["none"]
    """Says that stdin is never read."""


class LineStdin(Declaration):
    """Commands written as lines; each line is matched against the patterns in their order."""

    form: Literal["lines"]
    """Says that stdin holds lines of text."""
    commands: Annotated[Mapping[Name, LineCommand], Field(min_length=1)]
    """The kinds of command, by name."""


class JsonlStdin(Declaration):
    """Commands written as JSON objects, one on a line."""

    form: Literal["jsonl"]
    """Says that stdin holds one JSON object on each line."""
    discriminator: Name = "command"
    """The key of an object that names its command."""
    commands: Annotated[Mapping[Name, Command], Field(min_length=1)]
    """The kinds of command, by name."""


Stdin = Annotated[NoStdin | LineStdin | JsonlStdin, Field(discriminator="form")]
"""What a simulator reads from stdin."""


def commands_of(stdin: NoStdin | LineStdin | JsonlStdin) -> dict[str, Command]:
    """The kinds of command, by name; empty where stdin is never read."""
    return {} if isinstance(stdin, NoStdin) else dict(stdin.commands)
