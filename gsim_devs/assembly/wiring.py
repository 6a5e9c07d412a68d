"""The `__init__` of a coupled model: its parts, then its wires."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gsim_devs.contracts import (
    ArgumentBinding,
    AtomicNode,
    Binding,
    Component,
    CopyBinding,
    CoupledNode,
    Coupling,
    ParameterBinding,
    RootNode,
)

from .code import Atom, Call, Comprehension, Expression, Keyed, literal, statement, text_literal

_BODY = 8
_ARGUMENTS = ("self", "settings")
_MOST_BRANCHES, _MOST_COMPLEXITY, _MOST_STATEMENTS = 12, 10, 50


@dataclass(frozen=True, slots=True)
class _Part:
    """A child, and what the code calls it."""

    node: Component
    variable: str
    """The component, or one of its copies."""
    group: str | None = None
    """All copies."""


def wiring(node: RootNode | CoupledNode) -> list[str]:
    """Write the method for a coupled model of a plan without defects."""
    number = _free("i", [child.name for child in node.children])
    parts = _parts(node, number)
    used = {
        end.rpartition(".")[0] for coupling in node.couplings for end in (coupling.source, coupling.target)
    }
    lines = []
    for name, part in parts.items():
        lines += _addition(part, number, is_used=name in used)
    if node.couplings:
        lines.append("")
    for coupling in node.couplings:
        lines += _connection(coupling, parts)
    return [f"    def __init__(self, settings: Settings) -> None:{_pardon(lines)}", *lines]


def _parts(node: RootNode | CoupledNode, number: str) -> dict[str, _Part]:
    """The children by name. No variable hides a builtin, an argument of the method, or another variable."""
    variables = {child.name: _free(child.name, ()) for child in node.children}
    taken = {number, *variables, *variables.values()}
    parts: dict[str, _Part] = {}
    for child in node.children:
        group = None
        if isinstance(child, AtomicNode) and child.copies is not None:
            group = _free(_plural(child.name), taken)
            taken.add(group)
        parts[child.name] = _Part(child, variables[child.name], group)
    return parts


def _free(word: str, taken: Collection[str]) -> str:
    """The word, with underscores behind it until it means nothing else; names in plans never end with one."""
    while word in taken or word in _ARGUMENTS or keyword.iskeyword(word) or hasattr(builtins, word):
        word += "_"
    return word


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return word[:-1] + "ies"
    return word + "s"


def _addition(part: _Part, number: str, *, is_used: bool) -> list[str]:
    """One part, or all its copies; without a name where no wire needs it."""
    added = _added(part.node, number)
    if part.group is None:
        return statement(f"{part.variable} = " if is_used else "", added, "", _BODY)
    assert isinstance(part.node, AtomicNode)
    through = Keyed(f"for {number} in ", _numbers(part.node))
    if is_used:
        return statement(f"{part.group} = ", Comprehension(added, through), "", _BODY)
    return [*statement("", through, ":", _BODY), *statement("", added, "", _BODY + 4)]


def _added(node: Component, number: str) -> Expression:
    if isinstance(node, CoupledNode):
        return Call("self.add", (Atom(text_literal(node.name)), Call(node.class_name, (Atom("settings"),))))
    copied = node.copies is not None
    name = f'f"{node.name}_{{{number}}}"' if copied else text_literal(node.name)
    given = tuple(Keyed(f"{key}=", _value(binding, number)) for key, binding in node.arguments.items())
    arguments: tuple[Expression, ...] = (Atom(name), Call(node.model, given))
    # A part speaks for its own name unless told otherwise, and that of a copy has a number.
    if copied or node.speaks_for != node.name:
        arguments += (Keyed("entity=", Atom(text_literal(node.speaks_for))),)
    return Call("self.add", arguments)


def _numbers(node: AtomicNode) -> Call:
    """The numbers of the copies, from 1."""
    copies = node.copies
    last = (
        f"settings.{copies.argument} + 1" if isinstance(copies, ArgumentBinding) else str((copies or 0) + 1)
    )
    return Call("range", (Atom("1"), Atom(last)))


def _value(binding: Binding, number: str) -> Expression:
    if isinstance(binding, ArgumentBinding):
        return Atom(f"settings.{binding.argument}")
    if isinstance(binding, ParameterBinding):
        return Atom(f"settings.{binding.parameter}")
    return Atom(number) if isinstance(binding, CopyBinding) else literal(binding.value)


def _connection(coupling: Coupling, parts: Mapping[str, _Part]) -> list[str]:
    """One wire, or the loops over the copies that it joins."""
    ends = [end.rpartition(".") for end in (coupling.source, coupling.target)]
    copied = [parts[child] for child, dot, _ in ends if dot and parts[child].group is not None]
    loops = [(part.variable, Atom(part.group or "")) for part in copied]
    lines: list[str] = []
    if coupling.pairing == "each":
        both = ", ".join(variable for variable, _ in loops)
        together = Call("zip", (*(group for _, group in loops), Atom("strict=True")))
        lines += statement(f"for {both} in ", together, ":", _BODY)
        depth = 1
    else:
        for depth, (variable, group) in enumerate(loops):
            lines += statement(f"for {variable} in ", group, ":", _BODY + 4 * depth)
        depth = len(loops)
    ports = tuple(Atom(f"{parts[child].variable if dot else 'self'}.{port}") for child, dot, port in ends)
    return lines + statement("", Call("self.connect", ports), "", _BODY + 4 * depth)


def _pardon(lines: list[str]) -> str:
    """A mark for the linter where a coupled model has many parts: one line for each is as simple as it gets."""
    held = list(ast.walk(ast.parse("\n".join(["def __init__():", *lines]))))
    loops = sum(isinstance(node, ast.For) for node in held)
    statements = sum(isinstance(node, ast.stmt) for node in held)
    codes = ["C901"] if loops + 1 > _MOST_COMPLEXITY else []
    codes += ["PLR0912"] if loops > _MOST_BRANCHES else []
    codes += ["PLR0915"] if statements > _MOST_STATEMENTS else []
    return f"  # noqa: {', '.join(codes)}" if codes else ""
