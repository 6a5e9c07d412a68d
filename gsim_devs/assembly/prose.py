"""Sentences of a plan or a contract as docstrings. Whatever stands in them, it stays text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

_WIDTH = 110


def docstring(text: str, indent: int = 0) -> list[str]:
    """A docstring on as many lines as it needs."""
    said = _sentence(text)
    opening = 'r"""' if "\\" in said else '"""'
    space = " " * indent
    if indent + len(opening) + len(said) + 3 <= _WIDTH:
        return [f'{space}{opening}{said}"""']
    # Narrower by the closing quotes, so that there are two lines at least.
    wrapped = textwrap.wrap(said, _WIDTH - indent - 3, initial_indent=opening, break_on_hyphens=False)
    return [*(space + line for line in wrapped), f'{space}"""']


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _sentence(text: str) -> str:
    """One paragraph that begins with a capital, ends with a point, and holds nothing that could end a docstring."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    said = " ".join(printable.split()) or "Not described."
    if '"""' in said or said.startswith('"'):
        said = said.replace('"', "'")
    first, _, rest = said.partition(" ")
    if first.isalpha() and first.islower():
        said = f"{first.capitalize()} {rest}".rstrip()
    return said if said.endswith((".", "!", "?", "…")) else f"{said.rstrip(':;,')}."
