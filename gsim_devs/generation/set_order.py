"""Where a source depends on the order of a set, which differs between runs for texts and objects.

Read from how names are written down and assigned, without following calls: a set that comes from elsewhere is missed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_SETS = ("set", "frozenset")
_STEADY = ("int", "float", "bool")
"""What sorts of members are in the same order in every run."""
_COMBINED = ("union", "intersection", "difference", "symmetric_difference", "copy")
_ORDERED = ("list", "tuple", "iter", "enumerate", "deque", "zip", "map")
"""What keeps the order of what it is given."""
_ORDERLESS = ("sorted", "any", "all", "min", "max", "len", "sum", "set", "frozenset", "Counter")
"""What comes to the same in any order."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def ordered_sets(tree: ast.Module) -> Iterator[ast.expr]:
    """The sets that something goes through in their order."""
    fields = _assigned(ast.walk(tree), is_field=True)
    in_functions = [[*ast.walk(node)] for node in ast.walk(tree) if isinstance(node, _Function)]
    for nodes in in_functions:
        known = fields | _assigned(nodes, is_field=False)
        orderless = {
            id(node.args[0])
            for node in nodes
            if isinstance(node, ast.Call) and node.args and _called(node) in _ORDERLESS
        }
        for node in nodes:
            if id(node) not in orderless:
                yield from (one for one in _gone_through(node) if _is_set(one, known))


def _gone_through(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.For):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        yield from (one.iter for one in node.generators)
    elif isinstance(node, ast.Call) and _called(node) in _ORDERED:
        yield from node.args
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "pop"
        and not node.args
    ):
        yield node.func.value


def _assigned(nodes: Iterable[ast.AST], *, is_field: bool) -> set[str]:
    """The names, or the fields with a dot before them, that are sets of which the order is not steady."""
    sets: set[str] = set()
    others: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.AnnAssign):
            (sets if _says_set(node.annotation) else others).update(_named(node.target, is_field))
        elif isinstance(node, ast.arg) and node.annotation is not None and not is_field:
            (sets if _says_set(node.annotation) else others).add(node.arg)
        elif isinstance(node, ast.Assign) and _is_set(node.value, set()):
            sets.update(name for target in node.targets for name in _named(target, is_field))
    # What is written down counts for more than what is assigned.
    return sets - others


def _named(target: ast.expr, is_field: bool) -> list[str]:
    if isinstance(target, ast.Attribute):
        return [f".{target.attr}"] if is_field else []
    if isinstance(target, ast.Name):
        # A field of a dataclass is written down as a name, and read with a dot.
        return [f".{target.id}"] if is_field else [target.id]
    return []


def _says_set(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Subscript):
        member = annotation.slice
        return _says_set(annotation.value) and not (isinstance(member, ast.Name) and member.id in _STEADY)
    return isinstance(annotation, ast.Name) and annotation.id in _SETS


def _is_set(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Set(elts=elements):
            return not all(isinstance(one, ast.Constant) and isinstance(one.value, int) for one in elements)
        case ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in known
        case ast.Attribute(attr=name):
            return f".{name}" in known
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, known) or _is_set(right, known)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)):
            return name in _COMBINED and _is_set(owner, known)
        case ast.Call():
            return _called(node) in _SETS
    return False


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
