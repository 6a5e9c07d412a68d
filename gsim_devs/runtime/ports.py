"""Ports of components: declared once in the class, one xdevs port for each instance.

Leaves out where messages go: that is the kernel's (`routes`) or xdevs' own business.
"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, overload

import xdevs.models

from .errors import ModelError

M = TypeVar("M")


class Port(xdevs.models.Port[M]):
    """An xdevs port that also knows, inside a kernel, where its messages go."""

    def __init__(self, p_type: type[M] | None, name: str) -> None:
        super().__init__(p_type, name)
        self.routes: list[Any] = []
        self.classic_routes: list[Any] = []
        # The one handler that takes everything, where that is so.
        self.only: Any = None


class _Declaration(Generic[M]):
    """A port as a class declares it: `packet_out = Output(Packet)`."""

    def __init__(self, message: type[M] | None = None) -> None:
        if message is not None and not isinstance(message, type):
            raise ModelError(f"a port carries messages of one class, not {message!r}")
        self.message = message
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    # The instance's own port lies in its __dict__ under the same name, so this runs for the class only.
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Port[M]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        return self


class Input(_Declaration[M]):
    """An input port; its messages go to the method `on_<name>`."""


class Output(_Declaration[M]):
    """An output port, written with `self.send(self.<name>, message)`."""


def declared_ports(cls: type) -> list[_Declaration[Any]]:
    """The port declarations of a class, those of its bases first, in the order of the source."""
    found: dict[str, _Declaration[Any]] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, _Declaration):
                found[name] = value
            else:
                found.pop(name, None)
    return list(found.values())


def give_ports(component: xdevs.models.Component, declarations: list[_Declaration[Any]]) -> None:
    """Create the ports of one instance."""
    for declaration in declarations:
        if _is_taken(component, declaration.name):
            raise ModelError(
                f"{type(component).__name__} declares a port {declaration.name!r}, "
                "which every component has already; give it another name"
            )
        port: Port[Any] = Port(declaration.message, declaration.name)
        setattr(component, declaration.name, port)
        if isinstance(declaration, Input):
            component.add_in_port(port)
        else:
            component.add_out_port(port)


def _is_taken(component: xdevs.models.Component, name: str) -> bool:
    """Whether a port of this name would hide a field or method that a component needs, such as `name` or `send`."""
    if name in vars(component):
        return True
    own = [vars(base)[name] for base in type(component).__mro__ if name in vars(base)]
    return any(not isinstance(value, _Declaration) for value in own)


def carries(port_type: type | None, message: object) -> bool:
    """Whether a message may go through a port of this type; an int may stand for a float."""
    if port_type is None or isinstance(message, port_type):
        return True
    return port_type is float and isinstance(message, int)


def fits(source: type | None, target: type | None) -> bool:
    """Whether everything that a port of type `source` carries may enter one of type `target`."""
    if source is None or target is None:
        return True
    return issubclass(source, target) or (target is float and issubclass(source, int))


def type_name(port_type: type | None) -> str:
    return "anything" if port_type is None else port_type.__name__
