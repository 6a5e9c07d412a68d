"""Ports of components: declared once in the class, one xdevs port for each instance.

Leaves out where messages go: that is the kernel's (`routes`) or xdevs' own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import xdevs.models

from .errors import ModelError

M = TypeVar("M")

# What xdevs and this runtime keep in every component.
_FIELDS = frozenset(
    (
        "name",
        "parent",
        "input",
        "output",
        "in_ports",
        "out_ports",
        "phase",
        "sigma",
        "components",
        "ic",
        "eic",
        "eoc",
    )
)


class Port(xdevs.models.Port[M]):
    """An xdevs port that also knows, inside a kernel, where its messages go."""

    def __init__(self, p_type: type[M] | None, name: str) -> None:
        super().__init__(p_type, name)
        self.routes: list[Any] = []
        self.classic_routes: list[Any] = []
        # Who may send through it.
        self.sender: xdevs.models.Component | None = None
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

    if TYPE_CHECKING:
        # To a type checker this is a descriptor: the declaration in the class, the port in an instance.
        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Port[M]: ...
        def __get__(self, instance: object, owner: type) -> Any: ...


class Input(_Declaration[M]):
    """An input port; its messages go to the method `on_<name>`."""


class Output(_Declaration[M]):
    """An output port, written with `self.send(self.<name>, message)`."""


def declare_ports(cls: Any) -> None:
    """Note the port declarations of a class and its bases, in the order of the source, and take them out of it.

    The interpreter reads a field of an instance the fast way only where the class has nothing of the same name.
    """
    declared = dict(cls._declared_ports)
    for name, value in list(vars(cls).items()):
        declared.pop(name, None)
        if isinstance(value, _Declaration):
            declared[name] = value
            delattr(cls, name)
    cls._declared_ports = declared


def give_ports(component: xdevs.models.Component) -> None:
    """Create the ports of one instance."""
    # Never through vars(component): once that is asked for, the interpreter reads every field the slow way.
    cls: Any = type(component)
    for declaration in cls._declared_ports.values():
        if hasattr(cls, declaration.name) or declaration.name in _FIELDS:
            raise ModelError(
                f"{cls.__name__} declares a port {declaration.name!r}, which every component has already; "
                "give it another name"
            )
        port: Port[Any] = Port(declaration.message, declaration.name)
        setattr(component, declaration.name, port)
        if isinstance(declaration, Input):
            component.add_in_port(port)
        else:
            component.add_out_port(port)
            port.sender = component


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
    """The type of a port for people."""
    return "anything" if port_type is None else port_type.__name__
