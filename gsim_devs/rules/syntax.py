"""What an expression may consist of: a small part of Python's grammar, in bounded size. Gives nothing a meaning."""

from __future__ import annotations

import ast
import warnings

LONGEST = 2000
"""Characters in an expression."""
MOST_NODES = 400
DEEPEST = 40

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.BoolOp, ast.And, ast.Or,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
    ast.IfExp, ast.Call, ast.List, ast.Tuple, ast.Set,
    ast.GeneratorExp, ast.ListComp, ast.comprehension, ast.Load, ast.Store, ast.Expression,
)  # fmt: skip
_WORDS = {
    ast.Lambda: "lambda",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: "an assignment",
    ast.Starred: "*",
    ast.Dict: "a mapping",
    ast.DictComp: "a mapping",
    ast.SetComp: "a set made in a loop",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.keyword: "an argument by name",
}


class ExpressionError(ValueError):
    """What is wrong with an expression, and where in it (columns count from 1)."""

    def __init__(self, sentence: str, column: int = 0) -> None:
        self.column = column
        super().__init__(f"{sentence} (column {column})" if column else sentence)


def parse(text: str) -> ast.expr:
    """The syntax tree of an expression; raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"{len(text)} characters; at most {LONGEST} are allowed")
    try:
        with warnings.catch_warnings():
            # Python warns of odd escapes in texts; whoever writes a rule cannot do anything with that.
            warnings.simplefilter("ignore")
            # A line break in a long expression is a blank.
            body = ast.parse(" ".join(text.split("\n")).strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"not an expression: {error.msg}", error.offset or 0) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("not an expression that can be read") from None
    _check(body)
    return body


def refused(node: ast.AST, sentence: str) -> ExpressionError:
    """An error that points to a node."""
    return ExpressionError(sentence, getattr(node, "col_offset", -1) + 1)


def _check(body: ast.expr) -> None:
    nodes = 0
    pending: list[tuple[ast.AST, int]] = [(body, 1)]
    while pending:
        node, depth = pending.pop()
        nodes += 1
        if nodes > MOST_NODES or depth > DEEPEST:
            raise refused(node, f"too long or nested too deeply ({MOST_NODES} parts, {DEEPEST} deep)")
        if not isinstance(node, _ALLOWED):
            word = _WORDS.get(type(node), type(node).__name__)
            raise refused(node, f"{word} is not allowed in an expression")
        pending += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
