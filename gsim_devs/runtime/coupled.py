"""Coupled components: parts and the wires between them. A part or wire that cannot be right is refused at once."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

import xdevs.models

from .atomic import Atomic
from .errors import ModelError
from .ports import declare_ports, fits, give_ports, type_name

C = TypeVar("C", bound=xdevs.models.Component)


class Coupled(xdevs.models.Coupled):
    """A component made of components: declare its ports in the class, `add` and `connect` in `__init__`."""

    wires: list[tuple[xdevs.models.Port[Any], xdevs.models.Port[Any]]]
    """The couplings in the order in which they were made; xdevs keeps them by source."""

    _declared_ports: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare_ports(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        xdevs.models.Coupled.__init__(self, cls.__name__)
        give_ports(self)
        self.wires = []
        return self

    def __init__(self, name: str | None = None) -> None:
        # As for Atomic: a subclass need not call this.
        if name:
            self.name = name

    def add(self, name: str, component: C, entity: str | None = None) -> C:
        """Add a part under its name; its records speak for `entity`, by default for the part itself."""
        if not name or "." in name:
            raise ModelError(f"{self.name}: {name!r} cannot name a part; paths are names joined with dots")
        component.name = name
        if isinstance(component, Atomic):
            component._seat.entity = entity or name
        self.add_component(component)
        return component

    def connect(self, source: xdevs.models.Port[Any], target: xdevs.models.Port[Any]) -> None:
        """Lead the messages of one port to another. The order of these calls is the order in which they arrive."""
        ends: tuple[object, object] = (source, target)
        if not all(isinstance(end, xdevs.models.Port) for end in ends):
            raise ModelError(f"{self.name}: only ports can be connected, not {source!r} to {target!r}")
        if not fits(source.p_type, target.p_type):
            raise ModelError(
                f"{self.name}: {_end(source)} carries {type_name(source.p_type)}, "
                f"but {_end(target)} takes {type_name(target.p_type)}"
            )
        try:
            self.add_coupling(source, target)
        except ValueError:
            raise ModelError(
                f"{self.name}: {_end(source)} cannot be connected to {_end(target)}; "
                "both must belong to this component or to a part of it"
            ) from None

    def add_coupling(self, p_from: Any, p_to: Any, host: Any = None) -> None:
        super().add_coupling(p_from, p_to, host)
        self.wires.append((p_from, p_to))


def _end(port: xdevs.models.Port[Any]) -> str:
    return f"{port.parent.name if port.parent else '?'}.{port.name}"
