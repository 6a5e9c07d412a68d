"""Which names may be given to arguments, components, ports and classes, so that the code written from them works."""

from __future__ import annotations

import builtins
import keyword
import re

from .declaration import IDENTIFIER, LONGEST_IDENTIFIER

OPTIONS = frozenset({"replications", "set", "detail", "help"})
"""Options that every simulator has."""

_RUNTIME = "wires now rng draw send emit after at cancel remaining start stop"
_XDEVS = (
    "name parent input output in_ports out_ports phase sigma ta lambdaf deltint deltext deltcon initialize exit "
    "activate passivate continuef hold_in in_empty out_empty used_in_ports used_out_ports add_in_port add_out_port "
    "get_in_port get_out_port components ic eic eoc add add_component add_coupling remove_coupling connect flatten"
)
_WRITTEN = "self settings runtime messages components system"

ATTRIBUTES = frozenset(f"{_RUNTIME} {_XDEVS} {_WRITTEN}".split())
"""Names that a component's ports, init arguments and timers, and a coupled model's children, cannot have."""

CLASSES = frozenset(
    {"Atomic", "Coupled", "Input", "Output", "Kernel", "Settings", "Any", "Generator"} | set(dir(builtins))
)
"""Names that a class cannot have."""

# With an ending and underscores it has to be the name of a file.
_LONGEST_CLASS = 100
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")


def snake_defect(name: str) -> str | None:
    """Why this is no name for an argument, a component, a port or a field; None where it is one."""
    if not _SNAKE.fullmatch(name):
        return "is not in snake case (small letters, digits, single underscores, a letter first)"
    return "is a keyword of Python" if keyword.iskeyword(name) else None


def attribute_defect(name: str) -> str | None:
    """Why nothing that stands beside the runtime's own names may be called so."""
    return snake_defect(name) or ("is a name of the runtime" if name in ATTRIBUTES else None)


def class_defect(name: str) -> str | None:
    """Why this is no name for a class."""
    if len(name) > _LONGEST_CLASS:
        return f"has {len(name)} letters; at most {_LONGEST_CLASS} are allowed"
    if not _PASCAL.fullmatch(name):
        return "is not in Pascal case (letters and digits, a capital first)"
    if name in CLASSES or keyword.iskeyword(name):
        return "is a name of Python or of the runtime"
    return "gives a file the name of a keyword of Python" if keyword.iskeyword(snake_case(name)) else None


def identifier_defect(name: str) -> str | None:
    """Why this is no name of a system, a case or a rule, and what it may have been meant to be."""
    if len(name) > LONGEST_IDENTIFIER:
        return f"should have at most {LONGEST_IDENTIFIER} characters"
    if re.fullmatch(IDENTIFIER, name):
        return None
    near = re.sub(r"[^a-z0-9]*[^a-z0-9_-][^a-z0-9]*", "-", name.lower()).strip("_-")
    hint = f" (did you mean {near!r}?)" if re.fullmatch(IDENTIFIER, near) else ""
    return f"should be small letters and digits, a letter first, joined by _ or -{hint}"


def snake_case(name: str) -> str:
    """`AckChannel` as `ack_channel`, `HTTPServer` as `http_server`: the file of a class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
