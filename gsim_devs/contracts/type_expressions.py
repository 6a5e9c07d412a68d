"""The types of message fields and init arguments as plans write them: `int`, `Packet | None`, `tuple[float, ...]`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SCALARS = ("int", "float", "str", "bool")
GRAMMAR = "int, float, str, bool, a message type, X | None or tuple[X, ...]"


@dataclass(frozen=True, slots=True)
class Named:
    """A scalar, `dict`, or a message type."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Optional:
    """Something, or None."""

    of: TypeExpression

    def __str__(self) -> str:
        return f"{self.of} | None"


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of something."""

    of: TypeExpression

    def __str__(self) -> str:
        return f"tuple[{self.of}, ...]"


TypeExpression = Named | Optional | Many


def parse_type(text: str) -> TypeExpression | None:
    """The type that a text stands for; None where it is not one."""
    try:
        return _read(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def names_in(expression: TypeExpression) -> Iterator[str]:
    """The names that a type mentions."""
    if isinstance(expression, Named):
        yield expression.name
    else:
        yield from names_in(expression.of)


def accepts(target: TypeExpression, source: TypeExpression) -> bool:
    """Whether every value of type `source` is one of type `target`; an int may stand for a float."""
    if isinstance(target, Optional):
        return accepts(target.of, source.of if isinstance(source, Optional) else source)
    if isinstance(target, Many):
        return isinstance(source, Many) and accepts(target.of, source.of)
    return source == target or (source, target) == (Named("int"), Named("float"))


def holds(target: TypeExpression, value: object) -> bool:
    """Whether a value from a file is one of this type; lists stand for tuples. No such value is a message."""
    if isinstance(target, Optional):
        return value is None or holds(target.of, value)
    if isinstance(target, Many):
        return isinstance(value, list | tuple) and all(holds(target.of, item) for item in value)
    if isinstance(value, bool):
        return target.name == "bool"
    kinds: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "str": (str,),
        "dict": (dict,),
    }
    return isinstance(value, kinds.get(target.name, ()))


def _read(node: ast.expr) -> TypeExpression:
    match node:
        case ast.Name(id=name):
            return Named(name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return Optional(_read(left))
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, ast.Constant(value=end)])):
            if end is Ellipsis:
                return Many(_read(item))
    raise ValueError("not a type that plans know")
