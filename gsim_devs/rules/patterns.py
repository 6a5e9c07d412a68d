"""Which records a rule speaks of, and the fields that every rule has. Leaves out what each kind of rule demands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from gsim_devs.contracts.declaration import Declaration, Identifier

if TYPE_CHECKING:
    from .facts import Facts
    from .monitors import Monitor, Tally

    MakeMonitor = Callable[[Tally], Monitor]

Name = Annotated[str, Field(min_length=1)]
Expression = str | int | float | bool
"""A number, or an expression (see SEMANTICS.md)."""


def _one_expression(written: Any) -> Any:
    if isinstance(written, list):
        parts = ", ".join(map(str, written)) if all(isinstance(part, str) for part in written[:5]) else "a, b"
        sentence = "a key of several parts is one expression: ({parts})"
        raise PydanticCustomError("key", sentence, {"parts": parts[:80]})
    return written


KeyExpression = Annotated[Expression, BeforeValidator(_one_expression)]
"""An expression whose value tells apart what is judged separately; of several parts it is written `(a, b)`."""


class Pattern(Declaration):
    """Records of certain entities and events that fulfil a condition."""

    entity: Name | tuple[Name, ...] | None = None
    """Who speaks; none: anyone."""
    event: Name | tuple[Name, ...] | None = None
    """What happened; none: anything."""
    where: Expression | None = None
    """A condition on the record; none: always."""
    by: KeyExpression | None = None
    """The key of this record, where it is another one than the rule's `by`."""

    @model_validator(mode="after")
    def _says_something(self) -> Pattern:
        if self.entity is None and self.event is None:
            raise ValueError("a pattern names an entity, an event, or both")
        return self


ShortPattern = Annotated[str, Field(pattern=r"^.+\..+$", examples=["entity.event"])]
"""`entity.event`"""

AnyPattern = Pattern | ShortPattern


class Tolerance(Declaration):
    """How far apart two numbers may be that count as equal: absolute + relative · the larger one."""

    absolute: Annotated[float, Field(ge=0)] = 1e-9
    """In the unit of the numbers."""
    relative: Annotated[float, Field(ge=0)] = 1e-9
    """As a share of the larger one."""


class Scope(Declaration):
    """The part of a trace that a rule speaks of: after a record, before one, or from each opening to its closing."""

    after: AnyPattern | None = None
    """What opens it; none: it is open from the start."""
    before: AnyPattern | None = None
    """What closes it; none: it stays open."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Scope:
        if self.after is None and self.before is None:
            raise ValueError("a scope needs `after`, `before`, or both")
        return self


class RuleModel(Declaration):
    """What every rule has."""

    id: Identifier
    """Its name."""
    clause: Name
    """The sentence of the specification that it checks, word for word."""
    level: Literal["component", "system"]
    """Whether it speaks of one component or of the system as a whole."""
    about: str = ""
    """What it demands, in other words, for readers."""
    by: KeyExpression | None = None
    """The entity key: the rule holds for the records of each key separately. None: for all together."""
    when: Expression | None = None
    """A condition on the run's arguments; where it is false the rule is not exercised."""
    scope: Scope | None = None
    """The part of the trace it speaks of; none: the whole."""
    tolerance: Annotated[float, Field(ge=0)] | Tolerance = Tolerance()
    """How far apart numbers and times may be that count as equal; a number is the absolute part."""
    at_horizon: Literal["pending", "due"] = "pending"
    """Whether what falls on exactly the horizon must be on the trace, where the contract's horizon is closed."""

    @property
    def margins(self) -> tuple[float, float]:
        """Absolute and relative tolerance."""
        if isinstance(self.tolerance, Tolerance):
            return self.tolerance.absolute, self.tolerance.relative
        return self.tolerance, 1e-9

    def prepare(self, facts: Facts) -> MakeMonitor:
        """Resolve patterns and expressions; the result makes a monitor for each part of a trace."""
        raise NotImplementedError
