"""Python text, line by line as the formatter would leave it. Knows nothing of plans.

Only the handful of expressions that a simulator's wiring needs. The formatter itself is a tool for developers and is
not asked; tests compare with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

WIDTH = 110
LINT_WIDTH = 120

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Expression(Protocol):
    """Something that has a value."""

    def flat(self) -> str:
        """The expression on one line."""

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        """The expression on several lines, between what stands before and after it."""


@dataclass(frozen=True, slots=True)
class Atom:
    """Something that is never broken: a name, a literal."""

    text: str

    def flat(self) -> str:
        return self.text

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        return [_line(indent, prefix + self.text + suffix)]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A value with what names it: `name=` in a call, `"key": ` in a dict."""

    prefix: str
    value: Expression

    def flat(self) -> str:
        return self.prefix + self.value.flat()

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        return statement(prefix + self.prefix, self.value, suffix, indent)


@dataclass(frozen=True, slots=True)
class Call:
    """A call; if it is too long its arguments go to a line of their own, then to one line each."""

    function: str
    arguments: tuple[Expression, ...]

    def flat(self) -> str:
        return f"{self.function}({_joined(self.arguments)})"

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        if not self.arguments:
            return [_line(indent, prefix + self.flat() + suffix)]
        together = _line(indent + 4, _joined(self.arguments))
        inner = [together] if len(together) <= WIDTH else _one_each(self.arguments, indent + 4)
        return [_line(indent, f"{prefix}{self.function}("), *inner, _line(indent, ")" + suffix)]


@dataclass(frozen=True, slots=True)
class Collection:
    """A tuple, list or dict; if it is too long, one item on each line."""

    brackets: str
    items: tuple[Expression, ...]

    def flat(self) -> str:
        alone = "," if self.brackets == "()" and len(self.items) == 1 else ""
        return self.brackets[0] + _joined(self.items) + alone + self.brackets[1]

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        if not self.items:
            return [_line(indent, prefix + self.brackets + suffix)]
        return [
            _line(indent, prefix + self.brackets[0]),
            *_one_each(self.items, indent + 4, is_tuple=self.brackets == "()"),
            _line(indent, self.brackets[1] + suffix),
        ]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A list of something for each of something."""

    element: Expression
    loop: Keyed
    """`for x in ` and what is gone through."""

    def flat(self) -> str:
        return f"[{self._inner()}]"

    def broken(self, prefix: str, suffix: str, indent: int) -> list[str]:
        together = _line(indent + 4, self._inner())
        inner = [together]
        if len(together) > WIDTH:
            inner = [
                line for part in (self.element, self.loop) for line in statement("", part, "", indent + 4)
            ]
        return [_line(indent, prefix + "["), *inner, _line(indent, "]" + suffix)]

    def _inner(self) -> str:
        return f"{self.element.flat()} {self.loop.flat()}"


def statement(prefix: str, expression: Expression, suffix: str = "", indent: int = 0) -> list[str]:
    """An expression between what stands before and after it, on as few lines as fit."""
    whole = _line(indent, prefix + expression.flat() + suffix)
    return [whole] if len(whole) <= WIDTH else expression.broken(prefix, suffix, indent)


def import_of(module: str, names: Iterable[str]) -> list[str]:
    """An import of some names from a module."""
    ordered = sorted(names, key=_member_key)
    whole = f"from {module} import {', '.join(ordered)}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"from {module} import (", *(f"    {name}," for name in ordered), ")"]


def module_key(module: str) -> tuple[Any, ...]:
    """Where the import of a module stands among others: numbers within names count as numbers."""
    return _natural(module)


def literal(value: Any, *, is_inside: bool = False) -> Expression:
    """A value from a file; a list stands for a tuple, except inside a mapping, which is taken as it is."""
    if isinstance(value, str):
        return Atom(text_literal(value))
    if isinstance(value, list | tuple):
        return Collection(
            "[]" if is_inside else "()", tuple(literal(item, is_inside=is_inside) for item in value)
        )
    if isinstance(value, dict):
        items = (
            Keyed(f"{text_literal(key)}: ", literal(held, is_inside=True)) for key, held in value.items()
        )
        return Collection("{}", tuple(items))
    return Atom(repr(value))


def text_literal(text: str) -> str:
    """A text in the quotes that the formatter prefers; whatever cannot be printed is escaped."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def module_text(lines: Sequence[str]) -> str:
    """The file; a line that nothing could break is marked for the linter."""
    return "".join(line + ("  # noqa: E501" if len(line) > LINT_WIDTH else "") + "\n" for line in lines)


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return "\\" + character
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else repr(character)[1:-1]


def _line(indent: int, text: str) -> str:
    return " " * indent + text


def _joined(items: Iterable[Expression]) -> str:
    return ", ".join(item.flat() for item in items)


def _one_each(items: Sequence[Expression], indent: int, *, is_tuple: bool = False) -> list[str]:
    """One item on each line; the formatter puts no comma behind a single one."""
    comma = "," if len(items) > 1 or is_tuple else ""
    return [line for item in items for line in statement("", item, comma, indent)]


def _member_key(name: str) -> tuple[Any, ...]:
    is_constant = len(name) > 1 and name.isupper()
    return (not is_constant, _natural(name.lower()), _natural(name))


def _natural(text: str) -> tuple[Any, ...]:
    """Characters by their codes, runs of digits by their value and before everything else."""
    found: list[tuple[int, int]] = []
    for character in text:
        if not character.isdigit():
            found.append((1, ord(character)))
        elif found and found[-1][0] == 0:
            found[-1] = (0, found[-1][1] * 10 + int(character))
        else:
            found.append((0, int(character)))
    return tuple(found)
