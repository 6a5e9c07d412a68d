"""Lines are broken exactly where the formatter breaks them."""

from __future__ import annotations

import ast
import random
import subprocess
import sys

import pytest

from gsim_devs.assembly.code import (
    Atom,
    Call,
    Collection,
    Comprehension,
    Expression,
    Keyed,
    import_of,
    literal,
    module_key,
    module_text,
    statement,
    text_literal,
)

CONFIGURATION = "line-length = 110\ntarget-version = 'py311'\n"


def name(choice: random.Random) -> str:
    return "_".join(
        "".join(choice.choices("abcfgh", k=choice.randint(1, 9))) for _ in range(choice.randint(1, 3))
    )


def expression(choice: random.Random, depth: int) -> Expression:
    if depth == 0 or choice.random() < 0.3:
        return Atom(
            choice.choice(
                [f"settings.{name(choice)}", f"x_{name(choice)}", text_literal(name(choice)), "1.5"]
            )
        )
    parts = [expression(choice, depth - 1) for _ in range(choice.randint(0, 5))]
    if choice.random() < 0.6:
        named = [Keyed(f"x_{name(choice)}{index}=", part) for index, part in enumerate(parts)]
        return Call(f"Y{name(choice)}", tuple(parts[:1] + named[1:]))
    if choice.random() < 0.5:
        return Collection("()", tuple(parts))
    return Collection("{}", tuple(Keyed(f"{text_literal(name(choice))}: ", part) for part in parts))


def any_statement(choice: random.Random) -> tuple[str, Expression, str]:
    """An expression, and what stands before and after it."""
    if choice.random() < 0.3:
        element = Call(f"self.{name(choice)}", (expression(choice, 1), expression(choice, 2)))
        through = Keyed("for i in ", Call("range", (Atom("1"), Atom(f"settings.{name(choice)} + 1"))))
        return f"x_{name(choice)} = ", Comprehension(element, through), ""
    if choice.random() < 0.2:
        groups = (Atom(f"x_{name(choice)}"), Atom(f"x_{name(choice) * 2}"), Atom("strict=True"))
        return f"for x_{name(choice)}, x_{name(choice)} in ", Call("zip", groups), ":"
    return choice.choice(["", f"x_{name(choice)} = "]), Call(name(choice), (expression(choice, 3),)), ""


def formatted(text: str, tmp_path) -> str:
    configuration = tmp_path / "ruff.toml"
    configuration.write_text(CONFIGURATION)
    command = [sys.executable, "-m", "ruff", "format", "--config", str(configuration), "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return result.stdout


def test_lines_are_those_that_the_formatter_makes(tmp_path):
    choice = random.Random(20)
    statements = [any_statement(choice) for _ in range(400)]
    flat, lines = ["def one():"], ["def one():"]
    for before, held, after in statements:
        body = ["        pass"] if after else []
        flat += [f"    {before}{held.flat()}{after}", *body]
        lines += [*statement(before, held, after, 4), *body]

    assert module_text(lines) == formatted("\n".join(flat), tmp_path)


def test_imports_stand_as_the_formatter_and_the_linter_leave_them(tmp_path):
    names = ["Desk", "ACK", "A", "Item10", "Item2", "Ack", "ITEM", "Aa", "AB", "B2B", "HTTPServer", "Http"]
    modules = [
        "components.item_10",
        "components.item_2",
        "components.item",
        "components.a1b",
        "components.a_b",
        "runtime",
    ]
    lines = [line for module in sorted(modules, key=module_key) for line in import_of(module, names)]
    lines += import_of("zz", [f"Very{'Long' * 5}Name{number}" for number in range(5)])
    text = "\n".join(lines) + "\n"

    assert formatted(text, tmp_path) == text
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "--line-length", "110"]
    subprocess.run([*command, "-"], input=text, text=True, check=True, capture_output=True)


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'say "no"',
        "it's",
        'it\'s "both"',
        "back\\slash",
        "two\nlines\r\t\0\x1b",
        "right-to-left \u202e and \ud800",
        '"""',
        "é…",
        -1,
        1e-09,
        True,
        None,
        {},
        {"a": {"b'": [1, "x"]}},
    ],
)
def test_literals_are_what_they_stand_for(value):
    assert ast.literal_eval(literal(value).flat()) == value


def test_lists_outside_mappings_become_tuples():
    assert ast.literal_eval(literal([1, [2.5], []]).flat()) == (1, (2.5,), ())


@pytest.mark.parametrize(
    "text", ["plain", 'say "no"', "it's", 'it\'s "both"', "'\"\"'", "a\\b\n\x1b\u202e", "''\"\""]
)
def test_the_formatter_leaves_quotes_and_escapes(text, tmp_path):
    line = f"x = {text_literal(text)}\n"

    assert formatted(line, tmp_path) == line


def test_a_line_that_nothing_can_break_is_marked():
    long = "x" * 130

    assert module_text(["short", f"y = '{long}'"]) == f"short\ny = '{long}'  # noqa: E501\n"
