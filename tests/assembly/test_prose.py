"""Whatever a plan says becomes a docstring and nothing else."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.assembly.prose import docstring

PIECES = st.sampled_from(
    ['"', "'", '"""', "\\", "\n", "\r", "\t", "\0", "\u202e", "\ud800", "#", "{", "%", " ", "word", ":"]
)


def said(lines: list[str]) -> str:
    """What Python takes a function's docstring to be."""
    tree = ast.parse("\n".join(["def f():", *lines, "    pass"]))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert [type(node) for node in function.body] == [ast.Expr, ast.Pass]
    found = ast.get_docstring(function)
    assert found is not None
    return found


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_stays_inside(text):
    lines = docstring(text, 4)

    assert said(lines).split()[-1].endswith((".", "!", "?", "…"))
    assert all(character.isprintable() for line in lines for character in line)
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a data packet on its way", "A data packet on its way."),
        ("pH of the basin", "pH of the basin."),
        ("Ends by itself!", "Ends by itself!"),
        ("two\n  lines:", "Two lines."),
        ('says "x"', 'Says "x".'),
        ('"x" it says', "'x' it says."),
        ("one \\d and \\", "One \\d and \\."),
        ("", "Not described."),
    ],
)
def test_text_becomes_a_sentence(text, expected):
    assert said(docstring(text, 4)) == expected


def test_long_text_is_wrapped_and_closed_on_a_line_of_its_own():
    lines = docstring("word " * 60, 4)

    assert [len(line) <= 110 for line in lines] == [True] * 4
    assert lines[-1] == '    """'
    assert said(lines).split() == ["Word", *["word"] * 58, "word."]
