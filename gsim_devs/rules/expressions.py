"""Expressions of rules: read, typed and compiled to Python closures once, called for each record.

Nothing is ever evaluated as Python: each node of a small grammar (`syntax`) becomes a function of ours. A name becomes
a look-up in a dictionary (`scopes`), a dot never reaches an attribute of an object, and numbers, texts and lists
cannot grow without bound.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .scopes import MISSING, Function, Kind, Namespace, Scope, Value, kind_of_value
from .syntax import ExpressionError, parse, refused

__all__ = ["Compiled", "compile_expression", "ExpressionError", "EVALUATION_ERRORS", "LONGEST_VALUE"]

Expression = str | int | float | bool
"""An expression as it is written; a number stands for itself."""

EVALUATION_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError)
"""What an expression can raise when it meets a record."""

LONGEST_VALUE = 10_000
"""The most items in a list, characters in a text, and bits in a whole number that an expression goes on with."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression that can be called."""

    text: str
    kind: Kind
    call: Function
    constant: Any = MISSING
    """Its value, where that does not depend on a record."""
    field: str | None = None
    """The payload field of the record at hand that it is, where it is nothing else."""
    sides: tuple[Function, str, Function] | None = None
    """Of a single comparison: left, the operator, right; to say what was found."""
    names: tuple[tuple[str, Function], ...] = ()
    """The names in it and what they stand for; to say what was found."""


def compile_expression(written: Expression, scope: Scope, wants: Kind = "any") -> Compiled:
    """Compile; raises ExpressionError for what is no expression, unknown names, and types that do not agree."""
    if not isinstance(written, str):
        value = written
        kind = kind_of_value(value)
        if wants not in ("any", kind):
            raise ExpressionError(f"{value!r} is {_A[kind]}; wanted is {_A[wants]}")
        return Compiled(repr(value), kind, lambda record, other: value, value)
    tree = parse(written)
    compiler = _Compiler(scope)
    part = compiler.part(tree)
    if wants != "any" and part.kind not in ("any", wants):
        raise refused(tree, f"{ast.unparse(tree)} is {_A[part.kind]}; wanted is {_A[wants]}")
    sides = None
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        left, right = compiler.part(tree.left), compiler.part(tree.comparators[0])
        sides = (left.call, _SIGNS[type(tree.ops[0])], right.call)
    return Compiled(written, part.kind, part.call, part.constant, part.field, sides, tuple(compiler.names))


def key_defect(written: Expression, compiled: Compiled) -> str | None:
    """Why the values of an expression cannot be keys; None where nothing speaks against it."""
    tree = parse(written) if isinstance(written, str) else None
    if isinstance(tree, ast.List) and tree.elts:
        return f"a list is no key; write {ast.unparse(ast.Tuple(tree.elts, ast.Load()))}"
    if isinstance(tree, ast.List | ast.ListComp | ast.GeneratorExp):
        return "a list is no key"
    if compiled.field is not None and compiled.kind in ("list", "object"):
        return f"{compiled.field} is {_A[compiled.kind]}, which is no key; name a part of it"
    return None


def found(expression: Compiled, record: Any, other: Any) -> str:
    """The values of the names in an expression, for a message."""
    texts = []
    for name, get in dict(expression.names).items():
        try:
            texts.append(f"{name} = {get(record, other)!r}")
        except EVALUATION_ERRORS:
            texts.append(f"{name} is missing")
    return ", ".join(texts)


def reason(error: Exception) -> str:
    """Why an expression could not be evaluated."""
    if isinstance(error, KeyError):
        return f"there is no field {error.args[0]!r}"
    return str(error)


@dataclass(frozen=True, slots=True)
class _Part:
    kind: Kind
    call: Function
    constant: Any = MISSING
    field: str | None = None


_A: dict[Kind, str] = {
    "number": "a number",
    "text": "a text",
    "bool": "true or false",
    "list": "a list",
    "object": "an object",
    "none": "nothing",
    "any": "any value",
}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "==", ast.IsNot: "!=",
}  # fmt: skip
_CONSTANT_NAMES = {"true": True, "false": False, "null": None}


class _Compiler:
    """Makes parts of nodes."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.names: list[tuple[str, Function]] = []
        self._local: dict[str, Value] = {}

    def part(self, node: ast.expr) -> _Part:
        make: Callable[[Any], _Part] = _MAKERS[type(node)].__get__(self)
        return make(node)

    def constant(self, node: ast.Constant) -> _Part:
        value = node.value
        if not (value is None or isinstance(value, bool | int | float | str)):
            raise refused(node, f"{value!r} is not allowed in an expression")
        if isinstance(value, float) and not math.isfinite(value):
            raise refused(node, "not a finite number")
        return _constant(value)

    def name(self, node: ast.Name) -> _Part:
        thing = self._local.get(node.id) or self.scope.get(node.id)
        if thing is None and node.id in _CONSTANT_NAMES:
            return _constant(_CONSTANT_NAMES[node.id])
        if isinstance(thing, Namespace):
            if thing.value is None:
                raise refused(node, f"{node.id} by itself is no value; write {node.id}.NAME")
            thing = thing.value
        if thing is None:
            raise refused(node, self._unknown(node.id))
        return self._value(node.id, thing)

    def attribute(self, node: ast.Attribute) -> _Part:
        if isinstance(node.value, ast.Name) and node.value.id not in self._local:
            space = self.scope.get(node.value.id)
            if isinstance(space, Namespace):
                member = space.members.get(node.attr)
                if member is None:
                    raise refused(node, _unknown_member(node.value.id, node.attr, space))
                return self._value(f"{node.value.id}.{node.attr}", member)
        whole = self.part(node.value)
        if whole.kind not in ("object", "any"):
            text = ast.unparse(node.value)
            raise refused(node, f"{text} is {_A[whole.kind]} and has no .{node.attr}")
        get, name = whole.call, node.attr
        return _Part("any", lambda record, other: _member(get(record, other), name))

    def subscript(self, node: ast.Subscript) -> _Part:
        whole = self._of(node.value, "list", "object", "text")
        get = whole.call
        if isinstance(node.slice, ast.Slice):
            return self._slice(node.slice, whole)
        index = self.part(node.slice)
        wanted: Kind = "text" if whole.kind == "object" else "number"
        if whole.kind != "any" and index.kind not in (wanted, "any"):
            raise refused(node.slice, f"the index is {_A[index.kind]}; wanted is {_A[wanted]}")
        at = index.call
        return _Part(
            "text" if whole.kind == "text" else "any",
            lambda record, other: get(record, other)[at(record, other)],
        )

    def _slice(self, node: ast.Slice, whole: _Part) -> _Part:
        if node.step is not None:
            raise refused(node, "a slice has no step")
        get, none = whole.call, _constant(None)
        low = (self._of(node.lower, "number") if node.lower else none).call
        high = (self._of(node.upper, "number") if node.upper else none).call
        return _Part(
            whole.kind, lambda record, other: get(record, other)[low(record, other) : high(record, other)]
        )

    def arithmetic(self, node: ast.BinOp) -> _Part:
        kinds: tuple[Kind, ...] = ("number", "text", "list") if isinstance(node.op, ast.Add) else ("number",)
        left, right = self._of(node.left, *kinds), self._of(node.right, *kinds)
        if "any" not in (left.kind, right.kind) and left.kind != right.kind:
            raise refused(node, f"{_A[left.kind]} and {_A[right.kind]} cannot be added")
        kind = right.kind if left.kind == "any" else left.kind
        certain = left.kind == right.kind == "number"
        make = (
            _ARITHMETIC[type(node.op)] if certain else _GUARDED.get(type(node.op), _ARITHMETIC[type(node.op)])
        )
        return self._folded(node, _Part(kind, make(left, right)), left, right)

    def unary(self, node: ast.UnaryOp) -> _Part:
        if isinstance(node.op, ast.Not):
            part = self._of(node.operand, "bool")
            call, field = part.call, part.field
            if field is not None:
                return _Part("bool", lambda record, other: not record.payload[field])
            return self._folded(node, _Part("bool", lambda record, other: not call(record, other)), part)
        part = self._of(node.operand, "number")
        call = part.call
        if isinstance(node.op, ast.USub):
            return self._folded(node, _Part("number", lambda record, other: -call(record, other)), part)
        return part

    def logic(self, node: ast.BoolOp) -> _Part:
        parts = [self._of(value, "bool") for value in node.values]
        calls = [part.call for part in parts]
        while len(calls) > 1:
            last, before = calls.pop(), calls.pop()
            calls.append(_both(before, last) if isinstance(node.op, ast.And) else _either(before, last))
        return self._folded(node, _Part("bool", calls[0]), *parts)

    def comparison(self, node: ast.Compare) -> _Part:
        parts = [self.part(one) for one in (node.left, *node.comparators)]
        calls = []
        for sign, left, right in zip(node.ops, parts, parts[1:], strict=False):
            _check_comparison(node, sign, left.kind, right.kind)
            calls.append(_compare(_SIGNS[type(sign)], left, right))
        while len(calls) > 1:
            last, before = calls.pop(), calls.pop()
            calls.append(_both(before, last))
        return self._folded(node, _Part("bool", calls[0]), *parts)

    def choice(self, node: ast.IfExp) -> _Part:
        test, yes, no = self._of(node.test, "bool"), self.part(node.body), self.part(node.orelse)
        if_true, if_false, is_true = yes.call, no.call, test.call

        def call(record: Any, other: Any) -> Any:
            return if_true(record, other) if is_true(record, other) else if_false(record, other)

        return self._folded(node, _Part(yes.kind if yes.kind == no.kind else "any", call), test, yes, no)

    def collection(self, node: ast.List | ast.Tuple | ast.Set) -> _Part:
        parts = [self.part(item) for item in node.elts]
        calls = [part.call for part in parts]
        if isinstance(node, ast.Tuple) and len(calls) == 2:
            first, second = calls
            return self._folded(
                node,
                _Part("list", lambda record, other: (first(record, other), second(record, other))),
                *parts,
            )
        if isinstance(node, ast.List):
            return _Part("list", lambda record, other: [call(record, other) for call in calls])
        return self._folded(
            node, _Part("list", lambda record, other: tuple([call(record, other) for call in calls])), *parts
        )

    def comprehension(self, node: ast.GeneratorExp | ast.ListComp) -> _Part:
        loop = node.generators[0]
        if len(node.generators) > 1 or self._local or loop.is_async or not isinstance(loop.target, ast.Name):
            raise refused(node, "only one loop over one name is allowed")
        items = self._of(loop.iter, "list", "text").call
        # Evaluation is never re-entered, so the name's value can lie in one place.
        cell: list[Any] = [None]
        self._local = {loop.target.id: Value("any", lambda record, other: cell[0])}
        value = self.part(node.elt).call
        tests = [self._of(test, "bool").call for test in loop.ifs]
        self._local = {}

        def call(record: Any, other: Any) -> list[Any]:
            made = []
            for cell[0] in _bounded(items(record, other)):
                if all(test(record, other) for test in tests):
                    made.append(value(record, other))
            return made

        return _Part("list", call)

    def function(self, node: ast.Call) -> _Part:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
            raise refused(node, _unknown_function(ast.unparse(node.func)))
        name = node.func.id
        if node.keywords:
            raise refused(node, f"{name} takes no arguments by name")
        least, most, takes, gives = _SIGNATURES[name]
        if not least <= len(node.args) <= most:
            raise refused(node, f"{name} takes {least if least == most else f'{least} to {most}'} arguments")
        if name in ("min", "max") and len(node.args) > 1:
            takes = ("number", "text", "list")
        parts = [self._of(argument, *(takes if at == 0 or name in ("min", "max") else ("number",)))
                 for at, argument in enumerate(node.args)]  # fmt: skip
        call = _apply(_FUNCTIONS[name], [part.call for part in parts])
        kind = gives
        if name in ("min", "max"):
            kinds = {part.kind for part in parts}
            kind = kinds.pop() if len(parts) > 1 and len(kinds) == 1 else "any"
        return self._folded(node, _Part(kind, call), *parts)

    def _of(self, node: ast.expr, *kinds: Kind) -> _Part:
        part = self.part(node)
        if part.kind != "any" and part.kind not in kinds:
            wanted = " or ".join(_A[kind] for kind in kinds)
            raise refused(node, f"{ast.unparse(node)} is {_A[part.kind]}; wanted is {wanted}")
        return part

    def _value(self, name: str, value: Value) -> _Part:
        if name not in self._local:
            self.names.append((name, value.get))
        return _Part(value.kind, value.get, value.constant, value.field)

    def _folded(self, node: ast.expr, part: _Part, *parts: _Part) -> _Part:
        """The part as a constant, where all that it is made of is constant."""
        if any(one.constant is MISSING for one in parts):
            return part
        try:
            value = part.call(None, None)
        except EVALUATION_ERRORS as error:
            raise refused(node, f"{ast.unparse(node)} cannot be evaluated: {error}") from None
        return _Part(part.kind, lambda record, other: value, value)

    def _unknown(self, name: str) -> str:
        return f"unknown name {name!r}{_near(name, self.scope)}"


_MAKERS: dict[type[ast.expr], Any] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.Attribute: _Compiler.attribute,
    ast.Subscript: _Compiler.subscript,
    ast.BinOp: _Compiler.arithmetic,
    ast.UnaryOp: _Compiler.unary,
    ast.BoolOp: _Compiler.logic,
    ast.Compare: _Compiler.comparison,
    ast.IfExp: _Compiler.choice,
    ast.Call: _Compiler.function,
    ast.List: _Compiler.collection,
    ast.Tuple: _Compiler.collection,
    ast.Set: _Compiler.collection,
    ast.GeneratorExp: _Compiler.comprehension,
    ast.ListComp: _Compiler.comprehension,
}


def _constant(value: Any) -> _Part:
    return _Part(kind_of_value(value), lambda record, other: value, value)


def _near(name: str, known: Any) -> str:
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else f"; known are {', '.join(names)}"


def _unknown_member(space: str, name: str, known: Namespace) -> str:
    if not known.members:
        return f"{space} has no {name!r}: there are no {known.what}"
    return f"{space} has no {name!r}{_near(name, known.members)}"


def _unknown_function(name: str) -> str:
    return f"{name} cannot be called{_near(name, _FUNCTIONS)}"


def _check_comparison(node: ast.Compare, sign: ast.cmpop, left: Kind, right: Kind) -> None:
    if isinstance(sign, ast.Is | ast.IsNot):
        if right != "none":
            raise refused(node, "`is` is only for null; write ==")
    elif isinstance(sign, ast.In | ast.NotIn):
        if right not in ("list", "text", "object", "any"):
            raise refused(node, f"nothing can be in {_A[right]}")
        if right == "text" and left not in ("text", "any"):
            raise refused(node, f"{_A[left]} cannot be in a text")
    elif isinstance(sign, ast.Eq | ast.NotEq):
        if left != right and not {"any", "none"} & {left, right}:
            raise refused(node, f"{_A[left]} and {_A[right]} are never equal")
    else:
        ordered = {"number", "text", "list", "any"}
        if not {left, right} <= ordered or (left != right and "any" not in (left, right)):
            raise refused(node, f"{_A[left]} and {_A[right]} have no order")


def _both(a: Function, b: Function) -> Function:
    return lambda record, other: a(record, other) and b(record, other)


def _either(a: Function, b: Function) -> Function:
    return lambda record, other: a(record, other) or b(record, other)


def _compare(sign: str, left: _Part, right: _Part) -> Function:
    a, b = left.call, right.call
    field, value = left.field, right.constant
    if field is not None and value is not MISSING and sign in _FIELD_COMPARISONS:
        # Most conditions are of this form.
        return _FIELD_COMPARISONS[sign](field, value)
    return _COMPARISONS[sign](a, b)


_FIELD_COMPARISONS: dict[str, Callable[[str, Any], Function]] = {
    "==": lambda field, value: lambda record, other: record.payload[field] == value,
    "!=": lambda field, value: lambda record, other: record.payload[field] != value,
    "<": lambda field, value: lambda record, other: record.payload[field] < value,
    "<=": lambda field, value: lambda record, other: record.payload[field] <= value,
    ">": lambda field, value: lambda record, other: record.payload[field] > value,
    ">=": lambda field, value: lambda record, other: record.payload[field] >= value,
    "in": lambda field, value: lambda record, other: record.payload[field] in value,
}
_COMPARISONS: dict[str, Callable[[Function, Function], Function]] = {
    "==": lambda a, b: lambda record, other: a(record, other) == b(record, other),
    "!=": lambda a, b: lambda record, other: a(record, other) != b(record, other),
    "<": lambda a, b: lambda record, other: a(record, other) < b(record, other),
    "<=": lambda a, b: lambda record, other: a(record, other) <= b(record, other),
    ">": lambda a, b: lambda record, other: a(record, other) > b(record, other),
    ">=": lambda a, b: lambda record, other: a(record, other) >= b(record, other),
    "in": lambda a, b: lambda record, other: a(record, other) in b(record, other),
    "not in": lambda a, b: lambda record, other: a(record, other) not in b(record, other),
}


def _add(left: _Part, right: _Part) -> Function:
    a, b = left.call, right.call
    if right.constant is not MISSING:
        value = right.constant
        return lambda record, other: a(record, other) + value
    return lambda record, other: a(record, other) + b(record, other)


def _subtract(left: _Part, right: _Part) -> Function:
    a, b = left.call, right.call
    return lambda record, other: a(record, other) - b(record, other)


def _multiply(left: _Part, right: _Part) -> Function:
    a, b = left.call, right.call
    return lambda record, other: a(record, other) * b(record, other)


def _remainder(left: _Part, right: _Part) -> Function:
    a, b = left.call, right.call
    if right.constant not in (MISSING, 0):
        value = right.constant
        return lambda record, other: a(record, other) % value
    return lambda record, other: a(record, other) % b(record, other)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[_Part, _Part], Function]:
    def make(left: _Part, right: _Part) -> Function:
        a, b = left.call, right.call
        return lambda record, other: function(a(record, other), b(record, other))

    return make


def _power(base: Any, exponent: Any) -> Any:
    _numbers(base, exponent)
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and base.bit_length() * abs(exponent) > LONGEST_VALUE
    ):
        raise OverflowError("the power is too large")
    power = base**exponent
    if isinstance(power, complex):
        raise ValueError("a root of a negative number")
    return power


def _numbers(*values: Any) -> None:
    for value in values:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"{_A[kind_of_value(value)]} where a number is wanted")


def _guarded_product(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return a * b


def _guarded_remainder(a: Any, b: Any) -> Any:
    # `%` would format a text.
    _numbers(a, b)
    return a % b


_ARITHMETIC: dict[type[ast.operator], Callable[[_Part, _Part], Function]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Mod: _remainder,
    ast.Div: _binary(operator.truediv),
    ast.FloorDiv: _binary(operator.floordiv),
    ast.Pow: _binary(_power),
}
_GUARDED: dict[type[ast.operator], Callable[[_Part, _Part], Function]] = {
    ast.Mult: _binary(_guarded_product),
    ast.Mod: _binary(_guarded_remainder),
}


def _apply(function: Callable[..., Any], calls: list[Function]) -> Function:
    if len(calls) == 1:
        only = calls[0]
        return lambda record, other: function(only(record, other))
    return lambda record, other: function(*[call(record, other) for call in calls])


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"{_A[kind_of_value(value)]} has no .{name}")
    return value[name]


def _bounded(items: Any) -> Any:
    if not isinstance(items, list | tuple | str):
        raise TypeError(f"{_A[kind_of_value(items)]} where a list is wanted")
    if len(items) > LONGEST_VALUE:
        raise ValueError(f"{_A[kind_of_value(items)]} of more than {LONGEST_VALUE} items")
    return items


def _round(value: Any, digits: Any = None) -> Any:
    _numbers(value)
    return round(value) if digits is None else round(value, digits)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "len": len, "round": _round, "floor": math.floor, "ceil": math.ceil,
    "sum": sum, "any": any, "all": all,
}  # fmt: skip
_SIGNATURES: dict[str, tuple[int, int, tuple[Kind, ...], Kind]] = {
    "min": (1, 20, ("list",), "any"),
    "max": (1, 20, ("list",), "any"),
    "abs": (1, 1, ("number",), "number"),
    "len": (1, 1, ("list", "text", "object"), "number"),
    "round": (1, 2, ("number",), "number"),
    "floor": (1, 1, ("number",), "number"),
    "ceil": (1, 1, ("number",), "number"),
    "sum": (1, 1, ("list",), "number"),
    "any": (1, 1, ("list",), "bool"),
    "all": (1, 1, ("list",), "bool"),
}
