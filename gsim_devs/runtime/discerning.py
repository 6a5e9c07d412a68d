"""Whether the code of a component might notice that many numbers stand where it has one (`many`).

Two things cannot be kept from it. `is` looks at objects, and no operator of theirs is asked; and what is refused to
many numbers, but not to one, raises an error that could be caught. Reads the source and runs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from types import ModuleType
from typing import Any

_CAUGHT = frozenset(("AttributeError", "BaseException", "Exception", "TypeError"))


@lru_cache(maxsize=1024)
def may_discern(module: ModuleType) -> bool:
    """Whether a module does one of these; also where there is no source to be read."""
    try:
        loader: Any = module.__loader__
        tree = ast.parse(loader.get_source(module.__name__))
    except Exception:  # noqa: BLE001  (whatever has loaded it)
        return True
    return any(_discerns(node, vars(module)) for node in _nodes(tree))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All of them, but for those that say what is raised."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.Raise):
            waiting += ast.iter_child_nodes(node)


def _discerns(node: ast.AST, names: Mapping[str, Any]) -> bool:
    match node:
        case ast.ExceptHandler(type=None) | ast.MatchSingleton(value=True | False):
            return True
        case ast.Name(id=name):
            return name in _CAUGHT
        case ast.Try(finalbody=last):
            # It lets no error through.
            inner = [one for line in last for one in ast.walk(line)]
            return any(isinstance(one, ast.Return | ast.Break | ast.Continue) for one in inner)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = zip([left, *others], others, strict=False)
            return any(
                isinstance(op, ast.Is | ast.IsNot)
                and not (_is_no_number(one, names) or _is_no_number(other, names))
                for op, (one, other) in zip(ops, sides, strict=True)
            )
    return False


def _is_no_number(node: ast.AST, names: Mapping[str, Any]) -> bool:
    """Whether this is surely none: neither many, nor one that would be many in company."""
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, int | float)
        case ast.Name(id="self"):
            return True
        case ast.Attribute(value=ast.Name(id=kind), attr=member):
            value = getattr(names.get(kind), member, None) if kind[0].isupper() else None
            return isinstance(value, Enum) and not isinstance(value, int)
    return False
