"""What the source of a component may hold: a lint with hints for its author.

It keeps simulators repeatable and honest mistakes short. It is no boundary: whoever wants to get round it can, and what
runs is held by the sandbox.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import shorten

from .set_order import ordered_sets

LONGEST = 60_000
"""Characters in a file."""
DEEPEST = 60

_ANY = frozenset({"*"})
_MODULES: Mapping[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "messages": _ANY,
    "runtime": frozenset({"Atomic", "Input", "Output"}),
    "math": frozenset({
        "acos", "asin", "atan", "atan2", "ceil", "comb", "copysign", "cos", "cosh", "degrees", "dist", "e", "erf",
        "erfc", "exp", "expm1", "fabs", "factorial", "floor", "fmod", "fsum", "gamma", "gcd", "hypot", "inf", "isclose",
        "isfinite", "isinf", "isnan", "isqrt", "lcm", "lgamma", "log", "log10", "log1p", "log2", "modf", "nan", "perm",
        "pi", "pow", "prod", "radians", "remainder", "sin", "sinh", "sqrt", "tan", "tanh", "tau", "trunc",
    }),
    "dataclasses": frozenset({"dataclass", "field", "replace"}),
    "enum": frozenset({"Enum", "IntEnum", "auto"}),
    "collections": frozenset({"Counter", "OrderedDict", "defaultdict", "deque"}),
    "collections.abc": frozenset({
        "Callable", "Collection", "Iterable", "Iterator", "Mapping", "MutableMapping", "MutableSequence", "Sequence",
    }),
    "heapq": frozenset({
        "heapify", "heappop", "heappush", "heappushpop", "heapreplace", "merge", "nlargest", "nsmallest",
    }),
    "bisect": frozenset({"bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right"}),
    "itertools": frozenset({
        "accumulate", "chain", "combinations", "count", "cycle", "groupby", "islice", "pairwise", "permutations",
        "product", "repeat", "starmap", "takewhile", "dropwhile", "zip_longest", "filterfalse",
    }),
    "functools": frozenset({"partial", "reduce"}),
    "statistics": frozenset({"fmean", "mean", "median"}),
    "typing": frozenset({
        "Any", "ClassVar", "Final", "Literal", "NamedTuple", "Optional", "Sequence", "TypeAlias", "Union", "Iterable",
        "Mapping", "Callable", "Iterator",
    }),
}  # fmt: skip
_HINTS: Mapping[str, str] = {
    "random": "draw from self.draw",
    "numpy": "draw from self.draw, and calculate with math",
    "time": "the simulated time is self.now",
    "datetime": "the simulated time is self.now",
    "logging": "report events with self.emit",
    "json": "report events with self.emit",
    "xdevs": "derive from runtime.Atomic",
    "xdevs.models": "derive from runtime.Atomic",
}
_NAMES: Mapping[str, str] = {
    "print": "report events with self.emit",
    "getattr": "name the attribute",
    "setattr": "assign to the field",
    "delattr": "assign None to the field",
    "hash": "its values differ between runs",
    "id": "its values differ between runs",
    "type": "compare with isinstance",
}
_FORBIDDEN = frozenset({
    *_NAMES, "breakpoint", "compile", "dir", "eval", "exec", "exit", "globals", "help", "input", "locals", "memoryview",
    "object", "open", "quit", "vars", "BaseException", "SystemExit", "KeyboardInterrupt", "GeneratorExit",
})  # fmt: skip
_CLASSIC = frozenset({
    "deltint", "deltext", "deltcon", "lambdaf", "hold_in", "passivate", "activate", "sigma", "continuef", "ta",
    "initialize", "exit", "add_in_port", "add_out_port", "in_ports", "out_ports",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "gi_frame", "gi_code", "gi_yieldfrom", "cr_frame", "cr_code", "ag_frame", "ag_code", "f_back", "f_builtins",
    "f_code", "f_globals", "f_locals", "tb_frame", "tb_next", "tb_lasti", "mro", "format", "format_map",
    "with_traceback",
})  # fmt: skip
_TAKEN = frozenset({"name", "parent", "input", "output", "now", "draw", "rng"})
_CHANGES = frozenset({
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove",
    "reverse", "setdefault", "sort", "update",
})  # fmt: skip
_DECORATORS = frozenset({"dataclass", "property", "staticmethod", "classmethod"})
_BASES = frozenset({"Atomic", "Enum", "IntEnum", "NamedTuple"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a component must not hold."""

    line: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.sentence}" if self.line else self.sentence


def policy_findings(source: str) -> list[Finding]:
    """Everything that is refused, in the order of the file."""
    if len(source) > LONGEST:
        return [Finding(0, "size", f"The file has {len(source)} characters; at most {LONGEST} are allowed.")]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = (error.lineno or 0) if isinstance(error, SyntaxError) else 0
        said = error.msg if isinstance(error, SyntaxError) else "it cannot be read"
        return [Finding(line, "syntax", f"This is not Python: {said}.")]
    if too_deep := _nesting(tree):
        return [too_deep]
    modules = _imported_modules(tree)
    found = [*_top(tree), *_unordered(tree)]
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        check = _CHECKS.get(type(node))
        if check is not None:
            found += check(node, modules)
        pending += ast.iter_child_nodes(node)
    return sorted(dict.fromkeys(found), key=lambda one: one.line)


def _nesting(tree: ast.Module) -> Finding | None:
    """Before anything else looks at the code: other checks go as deep as the code does."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > DEEPEST:
            return _at(node, "nesting", f"The code is nested more than {DEEPEST} deep.")
        pending += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return None


def _unordered(tree: ast.Module) -> Iterator[Finding]:
    for node in ordered_sets(tree):
        text = shorten(ast.unparse(node), 60, placeholder=" …")
        yield _at(
            node,
            "order",
            f"The order of the set {text} differs between runs; go through sorted({text}), or keep a dict or a list.",
        )


def _imported_modules(tree: ast.Module) -> dict[str, str]:
    """The names that stand for modules."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def _at(node: ast.AST, rule: str, sentence: str) -> Finding:
    return Finding(getattr(node, "lineno", 0), rule, sentence)


# The module and its classes.


def _top(tree: ast.Module) -> Iterator[Finding]:
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef) or _is_text(node):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_declaration(node):
            continue
        yield _at(node, "module", "Only imports, constants, functions and classes may stand outside a class.")


def _is_declaration(node: ast.Assign | ast.AnnAssign) -> bool:
    """A constant; a table of constants under a name in capitals, which says that nobody changes it."""
    if node.value is None or _is_constant(node.value):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return _is_table(node.value) and all(isinstance(one, ast.Name) and one.id.isupper() for one in targets)


def _is_table(node: ast.AST) -> bool:
    if isinstance(node, ast.Dict):
        held = (*node.keys, *node.values)
        return all(one is not None and _is_table(one) for one in held)
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        return all(map(_is_table, node.elts))
    return _is_constant(node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_constant(node: ast.AST) -> bool:
    """A literal that nobody can change, arithmetic on such, or a name."""
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant | ast.Name | ast.Attribute)


def _class(node: ast.ClassDef, modules: Mapping[str, str]) -> Iterator[Finding]:
    for base in node.bases:
        if not isinstance(base, ast.Name) or base.id not in _BASES:
            yield _at(
                node,
                "base",
                f"A class may be derived from {', '.join(sorted(_BASES))}, not {ast.unparse(base)}.",
            )
    if node.keywords:
        yield _at(node, "base", "A class statement may have no keywords.")
    is_plain = bool(node.bases) and ast.unparse(node.bases[0]) == "Atomic"
    for line in node.body:
        if not is_plain or not isinstance(line, ast.Assign | ast.AnnAssign) or _is_declaration(line):
            continue
        if not _is_port(line.value):
            yield _at(
                line,
                "shared state",
                "What stands in the class is shared by all runs; set fields in __init__.",
            )


def _is_port(node: ast.AST | None) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Input", "Output")
    )


def _function(node: ast.FunctionDef | ast.Lambda, modules: Mapping[str, str]) -> Iterator[Finding]:
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None and not _is_constant(default):
            yield _at(node, "default", "A default value must be a constant; it is shared by all calls.")
    if isinstance(node, ast.Lambda):
        return
    if node.name.startswith("__") and node.name not in ("__init__", "__post_init__", "__lt__"):
        yield _at(node, "dunder", f"{node.name} must not be defined.")
    if node.name in _CLASSIC:
        yield _at(
            node,
            "classic",
            f"{node.name} is not for components with handlers: use on_PORT methods and timers.",
        )
    for decorator in node.decorator_list:
        if ast.unparse(decorator) not in _DECORATORS:
            yield _at(node, "decorator", f"The decorator {ast.unparse(decorator)} is not allowed.")


def _decorated_class(node: ast.ClassDef, modules: Mapping[str, str]) -> Iterator[Finding]:
    yield from _class(node, modules)
    for decorator in node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(name) != "dataclass":
            yield _at(node, "decorator", f"The decorator {ast.unparse(decorator)} is not allowed.")


# Imports.


def _import(node: ast.Import, modules: Mapping[str, str]) -> Iterator[Finding]:
    for alias in node.names:
        if alias.name not in _MODULES or alias.name in ("runtime", "messages", "__future__"):
            yield _unknown_module(node, alias.name)


def _import_from(node: ast.ImportFrom, modules: Mapping[str, str]) -> Iterator[Finding]:
    name = "." * node.level + (node.module or "")
    allowed = _MODULES.get(name)
    if allowed is None:
        yield _unknown_module(node, name)
        return
    for alias in node.names:
        if (
            alias.name.startswith("_")
            or alias.name == "*"
            or (allowed is not _ANY and alias.name not in allowed)
        ):
            yield _at(node, "import", f"{alias.name} may not be imported from {name}.")


def _unknown_module(node: ast.AST, name: str) -> Finding:
    hint = _HINTS.get(name) or _HINTS.get(name.partition(".")[0])
    if name in ("runtime", "messages"):
        hint = f"write from {name} import …"
    allowed = ", ".join(sorted(set(_MODULES) - {"__future__"}))
    return _at(node, "import", f"{name} may not be imported; {hint or f'allowed are {allowed}'}.")


# Names and attributes.


def _name(node: ast.Name, modules: Mapping[str, str]) -> Iterator[Finding]:
    if node.id in _FORBIDDEN:
        hint = _NAMES.get(node.id)
        yield _at(node, "name", f"{node.id} must not be used" + (f"; {hint}." if hint else "."))
    elif node.id.startswith("__"):
        yield _at(node, "dunder", f"{node.id} must not be used.")


def _attribute(node: ast.Attribute, modules: Mapping[str, str]) -> Iterator[Finding]:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    name = node.attr
    if name.startswith("__") and ast.unparse(node) != "super().__init__":
        yield _at(node, "dunder", f"The attribute {name} must not be used.")
    elif name.startswith("_") and owner not in ("self", "cls"):
        yield _at(
            node, "private", f"{name} belongs to something else; only self's own private fields may be used."
        )
    elif name in _ATTRIBUTES:
        hint = "; write an f-string" if name.startswith("format") else ""
        yield _at(node, "attribute", f"The attribute {name} must not be used{hint}.")
    elif owner == "self" and name in ("_seat", "_declared_ports", "_held", "_set"):
        yield _at(node, "private", f"{name} belongs to the runtime.")
    elif owner == "self" and name in _CLASSIC:
        yield _at(
            node, "classic", f"{name} is not for components with handlers: use on_PORT methods and timers."
        )
    elif owner == "self" and name in _TAKEN and not isinstance(node.ctx, ast.Load):
        yield _at(node, "private", f"self.{name} belongs to the runtime; choose another name for the field.")
    elif owner in modules:
        allowed = _MODULES.get(modules[owner], frozenset())
        if allowed is not _ANY and name not in allowed:
            yield _at(node, "import", f"{owner}.{name} may not be used.")


def _changed(node: ast.Subscript, modules: Mapping[str, str]) -> Iterator[Finding]:
    if not isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id.isupper():
        yield _at(node, "shared state", f"{node.value.id} is shared by all runs and must not be changed.")


def _called(node: ast.Call, modules: Mapping[str, str]) -> Iterator[Finding]:
    if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
        owner = node.func.value
        name = (
            owner.id
            if isinstance(owner, ast.Name)
            else owner.attr
            if isinstance(owner, ast.Attribute)
            else ""
        )
        if name.isupper():
            yield _at(node, "shared state", f"{name} is shared by all runs and must not be changed.")


def _match_class(node: ast.MatchClass, modules: Mapping[str, str]) -> Iterator[Finding]:
    if node.kwd_attrs:
        yield _at(node, "match", "A pattern must not look into attributes; use if and isinstance.")


def _refused(rule: str, sentence: str) -> Callable[[ast.AST, Mapping[str, str]], Iterator[Finding]]:
    def check(node: ast.AST, modules: Mapping[str, str]) -> Iterator[Finding]:
        yield _at(node, rule, sentence)

    return check


def _except(node: ast.ExceptHandler, modules: Mapping[str, str]) -> Iterator[Finding]:
    if node.type is None or ast.unparse(node.type) == "Exception":
        yield _at(
            node, "except", "Catch the error that you expect by its name; anything else has to be seen."
        )


_CHECKS: Mapping[type[ast.AST], Callable[..., Iterator[Finding]]] = {
    ast.ClassDef: _decorated_class,
    ast.FunctionDef: _function,
    ast.Lambda: _function,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.MatchClass: _match_class,
    ast.Subscript: _changed,
    ast.Call: _called,
    ast.ExceptHandler: _except,
    ast.Global: _refused("global", "State belongs in fields of self, not in global variables."),
    ast.AsyncFunctionDef: _refused("async", "Nothing here waits: set a timer instead."),
    ast.Await: _refused("async", "Nothing here waits: set a timer instead."),
    ast.AsyncFor: _refused("async", "Nothing here waits: set a timer instead."),
    ast.AsyncWith: _refused("async", "Nothing here waits: set a timer instead."),
    ast.With: _refused("with", "There is nothing to open or lock here."),
}
