"""How a record is printed. The logical record is always (time, entity, event, payload)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .declaration import Declaration
from .values import Name

PlainSource = Literal["time", "entity", "event", "payload"]


class FieldSource(Declaration):
    """A payload field lifted to the top level; it is not printed in the payload then."""

    field: Name
    """The payload field."""


class TimeSource(Declaration):
    """The time in another dress."""

    time: str
    """A format of `durations` such as `HH:MM:SS:mmm`, or `integer` or `number`: so many `unit`s."""
    unit: str | None = None
    """The unit of `integer` and `number`; none: the contract's."""


class ConstantSource(Declaration):
    """The same value in every record."""

    constant: str | int | float | bool | None
    """The value."""


def _kind_of_source(value: Any) -> str | None:
    if isinstance(value, str):
        return "plain"
    held = vars(value) if isinstance(value, Declaration) else value if isinstance(value, dict) else {}
    return next((kind for kind in ("field", "time", "constant") if kind in held), None)


Source = Annotated[
    Annotated[PlainSource, Tag("plain")]
    | Annotated[FieldSource, Tag("field")]
    | Annotated[TimeSource, Tag("time")]
    | Annotated[ConstantSource, Tag("constant")],
    Discriminator(
        _kind_of_source,
        custom_error_type="source",
        custom_error_message="a source is time, entity, event, payload, {field: …}, {time: …} or {constant: …}",
    ),
]
"""Where the value of a printed key comes from."""


class Layout(Declaration):
    """The keys of a printed record, in their order, and where their values come from."""

    form: Literal["lines", "document"] = "lines"
    """`lines`: one JSON object on each line; `document`: one JSON object at the end that holds all records."""
    records_key: Name = "records"
    """The key of the closing document that holds the records."""
    keys: Annotated[Mapping[Name, Source], Field(min_length=1)]
    """The keys as printed and their sources; left out: time, entity, event and (unless flat) payload."""
    flat: bool = False
    """True: payload fields that are not lifted stand at the top level, after the keys."""

    @model_validator(mode="before")
    @classmethod
    def _plain_envelope(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "keys" in data:
            return data
        sources = ["time", "entity", "event"] + ([] if data.get("flat") else ["payload"])
        return {**data, "keys": {source: source for source in sources}}

    @property
    def lifted(self) -> dict[str, str]:
        """The payload fields that have a key of their own, and that key."""
        return {source.field: key for key, source in self.keys.items() if isinstance(source, FieldSource)}
