"""A plan: the tree of components, what each does, and how they are joined. Leaves out whether it makes sense: `checks`.

Coupled models and message types are written from it by code; each entry of `models` is written by a language model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .declaration import Declaration
from .values import Name


class MessageType(Declaration):
    """What travels through ports: a frozen record."""

    about: str = ""
    """What it stands for."""
    fields: Mapping[Name, str] = {}
    """Its fields and their types: int, float, str, bool, a message type, `X | None`, `tuple[X, ...]`."""


class Port(Declaration):
    """An input port, or a port of a coupled model."""

    message: Name
    """The type of its messages."""
    protocol: str = ""
    """When messages come and what they mean."""


class OutputPort(Port):
    """An output port of an atomic model."""

    initial: bool = False
    """True: it sends its first message by itself, not only in answer to an input."""


class Emission(Declaration):
    """An event that a component reports for another entity than its own."""

    event: Name
    """The event."""
    entity: Name
    """The entity that the record names."""


class ModelSpecification(Declaration):
    """What one atomic class does and how it is spoken to. Its file is `components/<name in snake case>.py`."""

    function: str
    """What it does."""
    logging: str = ""
    """What it reports, and when."""
    emits: tuple[Name | Emission, ...] = ()
    """The events that it reports, for its own entity or for another."""
    arguments: Mapping[Name, str] = {}
    """Its init arguments and their types; as for messages, and `dict` for the content of files."""
    inputs: Mapping[Name, Port] = {}
    """Its input ports."""
    outputs: Mapping[Name, OutputPort] = {}
    """Its output ports."""
    orders: Mapping[Name, Annotated[int, Field(ge=0, le=65535)]] = {}
    """The order of its timers (names of methods) among what happens at one instant; lower first, 0 where not given."""


class ArgumentBinding(Declaration):
    """An init argument gets an argument of the command line."""

    argument: Name
    """The contract's argument."""


class ParameterBinding(Declaration):
    """An init argument gets a calibratable number."""

    parameter: Name
    """The contract's parameter."""


class ValueBinding(Declaration):
    """An init argument gets a fixed value."""

    value: Any
    """The value."""


class CopyBinding(Declaration):
    """An init argument gets the number of the copy, from 1."""

    number: Literal[True] = Field(alias="copy")
    """Says that it gets the number of the copy."""


def _kind_of_binding(value: Any) -> str | None:
    held = vars(value) if isinstance(value, Declaration) else value if isinstance(value, dict) else {}
    kinds = {
        "argument": "argument",
        "parameter": "parameter",
        "value": "value",
        "copy": "copy",
        "number": "copy",
    }
    return next((kind for key, kind in kinds.items() if key in held), None)


Binding = Annotated[
    Annotated[ArgumentBinding, Tag("argument")]
    | Annotated[ParameterBinding, Tag("parameter")]
    | Annotated[ValueBinding, Tag("value")]
    | Annotated[CopyBinding, Tag("copy")],
    Discriminator(
        _kind_of_binding,
        custom_error_type="binding",
        custom_error_message="a binding is {argument: NAME}, {parameter: NAME}, {value: …} or {copy: true}",
    ),
]
"""Where an init argument gets its value from."""


class Coupling(Declaration):
    """A way for messages, from `child.port` (every copy) or `port` of the coupled model itself to another."""

    source: Name = Field(alias="from")
    """Where messages come from: an output of a child, or an input of the coupled model."""
    target: Name = Field(alias="to")
    """Where they go: an input of a child, or an output of the coupled model."""
    pairing: Literal["all", "each"] = "all"
    """`all`: every copy with every copy; `each`: copy i with copy i."""

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"


class AtomicNode(Declaration):
    """A component that is an instance of one of the `models`."""

    name: Name
    """Its name among its siblings; copies are called name_1, name_2, …"""
    model: Name
    """Its class, one of the plan's models."""
    entity: Name | None = None
    """The entity for which it reports; none: its name (copies: the name without number)."""
    copies: Annotated[int, Field(ge=1)] | ArgumentBinding | None = None
    """How many there are: a number, or an integer argument of the contract; none: one, without number."""
    arguments: Mapping[Name, Binding] = {}
    """Where each init argument gets its value from."""

    @property
    def speaks_for(self) -> str:
        """The entity of its records."""
        return self.entity or self.name


class Coupled(Declaration):
    """What the root and every coupled child have: ports, children, couplings."""

    about: str = ""
    """What it stands for."""
    inputs: Mapping[Name, Port] = {}
    """Its own input ports; those of the root have the names of the stdin commands that feed them."""
    outputs: Mapping[Name, Port] = {}
    """Its own output ports."""
    children: Annotated[tuple[Component, ...], Field(min_length=1)]
    """Its components."""
    couplings: tuple[Coupling, ...] = ()
    """How its components are joined."""
    unused: tuple[Name, ...] = ()
    """Outputs of children (`child.port`) that lead nowhere on purpose."""


class CoupledNode(Coupled):
    """A component that consists of components."""

    name: Name
    """Its name among its siblings."""
    class_name: Name = Field(alias="class")
    """The class that is written for it."""


class RootNode(Coupled):
    """The whole system."""

    name: Name
    """The class that is written for it."""

    @property
    def class_name(self) -> str:
        return self.name


def _kind_of_component(value: Any) -> str:
    if isinstance(value, dict):
        return "coupled" if "children" in value or "class" in value else "atomic"
    return "coupled" if isinstance(value, CoupledNode) else "atomic"


Component = Annotated[
    Annotated[AtomicNode, Tag("atomic")] | Annotated[CoupledNode, Tag("coupled")],
    Discriminator(_kind_of_component),
]
"""A node of the tree: atomic with a `model`, coupled with `children`."""


class PlanTree(Declaration):
    """How a system is divided into components."""

    system: Name
    """The id of the contract that it is for."""
    messages: Mapping[Name, MessageType] = {}
    """The types of messages, by class name."""
    models: Annotated[Mapping[Name, ModelSpecification], Field(min_length=1)]
    """The atomic classes, by class name; one may be used by several components."""
    root: RootNode
    """The whole system."""
