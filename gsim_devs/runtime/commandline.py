"""The command line of every simulator, made from its contract.

Exit codes: 0, also when a reader closes the pipe; 1 when a component fails; 2 when an argument or a line of stdin is
refused. Records go to stdout and nothing else does.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .errors import GsimError, UsageError
from .program import Program, load
from .values import take

__all__ = ["Program", "load", "main"]


def main(folder: str, argv: Sequence[str] | None = None) -> int:
    """Run the simulator in a folder as its command line says; returns the exit code."""
    name = Path(folder).resolve().name.removesuffix(".pyz")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(load(folder), name, sys.argv[1:] if argv is None else list(argv))
    except GsimError as error:
        _say(name, str(error))
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:
        # The reader has what it wanted. Python would complain when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(program: Program, name: str, argv: list[str]) -> int:
    options = vars(_parser(program.contract, name).parse_args(argv))
    given = {key: value for key in program.contract["arguments"] if (value := options[key]) is not None}
    values = program.settle(given)
    settings = {**values, **program.settle_parameters(_pairs(options["set"]))}
    replications = _positive(options["replications"])
    seed, is_own = _seed(program, values, options)
    reads = program.contract["stdin"]["form"] != "none"
    commands = program.commands(_stdin()) if reads else []
    writer = program.writer(sys.stdout.buffer, options["detail"])
    # What is loaded by now stays until the end; the collector need not look at it again and again.
    gc.freeze()
    try:
        for replication in range(replications):
            writer.replication = replication
            program.simulate(settings, commands, seed, replication, writer.write)
    finally:
        writer.close()
        if is_own and program.has_drawn:
            _say(name, f"seed {seed} was drawn; --seed {seed} repeats this run")
    return 0


class _Parser(argparse.ArgumentParser):
    """Refuses with one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        if message.startswith("unrecognized arguments: "):
            unknown = message.split(": ", maxsplit=1)[1].split(maxsplit=1)[0]
            near = difflib.get_close_matches(unknown, options, 1)
            hint = f"did you mean {near[0]}?" if near else "see --help"
            raise UsageError(f"unknown argument {unknown}; {hint}")
        raise UsageError(f"{message}; see --help")


def _parser(contract: Mapping[str, Any], name: str) -> _Parser:
    parser = _Parser(
        prog=name,
        allow_abbrev=False,
        description=f"{contract['title']}. Prints its events as JSON lines. Times are in {contract['time']['unit']}.",
    )
    for argument, declaration in contract["arguments"].items():
        parser.add_argument(f"--{argument}", metavar=_metavar(declaration), help=_help(declaration))
    own = parser.add_argument_group("running")
    if "seed" not in contract["arguments"]:
        own.add_argument(
            "--seed", metavar="INTEGER", help="key of the random streams (default: from the system)"
        )
    own.add_argument(
        "--replications", metavar="INTEGER", default="1", help="runs with different random streams"
    )
    own.add_argument(
        "--detail", action="store_true", help="add seq, replication and component to each record"
    )
    own.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=_parameters_help(contract["parameters"]),
    )
    return parser


def _metavar(declaration: Mapping[str, Any]) -> str:
    kind = declaration["type"]
    if kind == "choice":
        return "{" + ",".join(declaration["choices"]) + "}"
    return str(declaration["format"] if kind == "duration" else kind.upper())


def _help(declaration: Mapping[str, Any]) -> str:
    words = [declaration["help"]] if declaration["help"] else []
    notes = [declaration["unit"]] if declaration.get("unit") else []
    for key, sign in (
        ("minimum", "≥"),
        ("exclusive_minimum", ">"),
        ("maximum", "≤"),
        ("exclusive_maximum", "<"),
    ):
        if declaration.get(key) is not None:
            notes.append(f"{sign} {declaration[key]}")
    notes.append("required" if declaration["default"] is None else f"default: {declaration['default']}")
    return " ".join([*words, f"({', '.join(notes)})"]).replace("%", "%%")


def _parameters_help(parameters: Mapping[str, Any]) -> str:
    if not parameters:
        return "change a parameter (this simulator has none)"
    return f"change a parameter: {', '.join(parameters)}".replace("%", "%%")


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set takes NAME=VALUE, not {text!r}")
        pairs[name] = value
    return pairs


def _positive(text: str) -> int:
    try:
        count = take({"type": "integer"}, text, "")
        if count < 1:
            raise ValueError("must be at least 1")
    except ValueError as error:
        raise UsageError(f"--replications {error}") from None
    return int(count)


def _seed(program: Program, values: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[int, bool]:
    """The seed, and whether nobody chose it."""
    if "seed" in program.contract["arguments"]:
        return int(values["seed"]), False
    if options["seed"] is None:
        return program.fresh_seed(), program.contract["seed"] is None
    try:
        return int(take({"type": "integer"}, options["seed"], "")), False
    except ValueError as error:
        raise UsageError(f"--seed {error}") from None


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"stdin is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        ) from None


def _say(name: str, sentence: str) -> None:
    sys.stderr.write(f"{name}: {sentence}\n")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
