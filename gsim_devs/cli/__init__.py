"""The command `gsim-devs`: one file for each command, which parses, calls a room below, and prints.

The pytest plugin stands here too: it joins rooms in the same way. Every pytest run of an environment imports
it, so this package imports nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    from . import program

    return program.main(argv)
