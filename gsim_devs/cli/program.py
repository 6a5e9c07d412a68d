"""`gsim-devs`: finds the command, and turns errors into one line and an exit code.

stdout carries results only. Exit codes: 0 done; 1 something was found or failed; 2 the caller must change something.
A command imports what it needs when it is called, so that `--help` and light commands start fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from gsim_devs.errors import GsimError, UsageError

from . import (
    assemble,
    bench,
    build,
    calibrate,
    check,
    conform,
    data,
    diagnose,
    doctor,
    mutate,
    new,
    optimise,
    run,
    runs,
    schema,
    validate,
    whatif,
)

COMMANDS = (
    new,
    validate,
    build,
    assemble,
    run,
    check,
    conform,
    mutate,
    data,
    calibrate,
    diagnose,
    whatif,
    optimise,
    bench,
    runs,
    schema,
    doctor,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; errors of the command line itself end in SystemExit(2)."""
    options = parsed(sys.argv[1:] if argv is None else argv)
    try:
        code: int = options.call(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our results has seen enough. Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (GsimError, OSError) as error:
        for line in str(error).splitlines():
            print(f"gsim-devs: {line}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return code


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line; they remember its words."""
    parser = _parser()
    if words and not words[0].startswith("-") and words[0] not in (known := _names()):
        near = get_close_matches(words[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        parser.error(f"there is no command {words[0]!r}; {hint}")
    options = parser.parse_args(words)
    options.words = tuple(words)
    return options


def _names() -> list[str]:
    return [command.__name__.rpartition(".")[2] for command in COMMANDS]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gsim-devs",
        description="Discrete-event simulators from a specification in plain language.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.register(subparsers)
    return parser
