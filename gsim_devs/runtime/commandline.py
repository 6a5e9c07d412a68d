"""The command line of every simulator, made from its contract.

Exit codes: 0, also when a reader closes the pipe; 1 when a component fails, or stdout takes no more; 2 when an argument
or a line of stdin is refused; 128 and the number of a signal that ends it. Records go to stdout and nothing else does:
what components print goes to stderr.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from .errors import GsimError, UsageError
from .program import Program, load
from .values import pairs, take

__all__ = ["Program", "load", "main"]


def main(folder: str, argv: Sequence[str] | None = None) -> int:
    """Run the simulator in a folder as its command line says; returns the exit code."""
    name = Path(folder).resolve().name.removesuffix(".pyz")
    guard = _Guard()
    try:
        with _heeding_signals(guard):
            return _run(load(folder), name, sys.argv[1:] if argv is None else list(argv), guard)
    except GsimError as error:
        _say(name, str(error))
        return 2 if isinstance(error, UsageError) else 1
    except _StdoutLost as lost:
        # Python would complain once more when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(lost.cause, BrokenPipeError):
            # The reader has what it wanted.
            return 0
        _say(name, f"cannot write to stdout: {lost.cause.strerror}")
        return 1
    except _Interrupted as interruption:
        return 128 + interruption.number


def _run(program: Program, name: str, argv: list[str], guard: _Guard) -> int:
    stdout = _stdout()
    if "--help" in argv or "-h" in argv:
        with guard:
            stdout.write(_parser(program, name).format_help().encode())
            stdout.flush()
        return 0
    options = _options(program, name, argv)
    given = {key: value for key in program.contract["arguments"] if (value := options[key]) is not None}
    values = program.settle(given)
    settings = {**values, **program.settle_parameters(pairs("--set", options["set"]))}
    changes = program.settle_changes(map(_change, options["change"]))
    replications = _positive(options["replications"])
    seed, is_own = _seed(program, values, options)
    reads = program.contract["stdin"]["form"] != "none"
    commands = program.commands(_stdin() if reads else "", values)
    writer = program.writer(stdout, options["detail"], guard)
    # What is loaded by now stays until the end; the collector need not look at it again and again.
    gc.freeze()
    has_drawn = False
    try:
        with redirect_stdout(sys.stderr):
            for replication in range(replications):
                writer.replication = replication
                try:
                    program.simulate(settings, commands, seed, replication, writer.write, changes)
                finally:
                    has_drawn |= program.has_drawn
    finally:
        writer.close()
        if is_own and has_drawn:
            _say(name, f"seed {seed} was drawn; --seed {seed} repeats this run")
    return 0


# What may end a run from outside. No Exceptions, so that no component is blamed for them or catches them by accident.


class _Interrupted(KeyboardInterrupt):
    """A signal asks for the end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _StdoutLost(BaseException):
    """Stdout takes no more."""

    def __init__(self, cause: OSError) -> None:
        super().__init__()
        self.cause = cause


class _Guard(AbstractContextManager["_Guard"]):
    """Entered while text goes to stdout: a signal waits for its end, so that no line is torn; a second one kills."""

    def __init__(self) -> None:
        self._is_entered = False
        self._signal = 0

    def __enter__(self) -> _Guard:
        self._is_entered = True
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._is_entered = False
        if self._signal:
            raise _Interrupted(self._signal)
        if isinstance(error, OSError):
            raise _StdoutLost(error)

    def interrupt(self, number: int, frame: object) -> None:
        if self._signal:
            # A second one: nobody reads what we wait to write.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._signal = number
        if not self._is_entered:
            raise _Interrupted(number)


@contextmanager
def _heeding_signals(guard: _Guard) -> Iterator[None]:
    # A process in the background of a script ignores SIGINT, and shall go on doing so.
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, guard.interrupt) for number in numbers}
    except ValueError:
        # Not the main thread: signals are not for us.
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# Arguments.


class _Parser(argparse.ArgumentParser):
    """Refuses with one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        if message.startswith("unrecognized arguments: "):
            import difflib

            unknown = message.split(": ", maxsplit=1)[1].split(maxsplit=1)[0].partition("=")[0]
            near = [option for option in options if option.startswith(unknown)]
            near = near or difflib.get_close_matches(unknown, options, 1)
            hint = f"did you mean {near[0]}?" if near else "see --help"
            raise UsageError(f"unknown argument {unknown}; {hint}")
        raise UsageError(f"{message}; see --help")


def _options(program: Program, name: str, argv: list[str]) -> dict[str, Any]:
    parser = _parser(program, name)
    valued = {option for action in parser._actions if action.nargs != 0 for option in action.option_strings}
    return vars(parser.parse_args(list(_joined(argv, valued))))


def _joined(argv: list[str], valued: set[str]) -> Iterator[str]:
    """The words of a command line, `--name value` as one: else argparse takes -1e5 for an option."""
    words = iter(argv)
    for word in words:
        value = next(words, None) if word in valued else None
        if value is None:
            yield word
        elif value.startswith("--"):
            yield from (word, value)
        else:
            yield f"{word}={value}"


def _parser(program: Program, name: str) -> _Parser:
    contract = program.contract
    parser = _Parser(
        prog=name, usage="%(prog)s [--NAME VALUE ...]", allow_abbrev=False, description=_description(contract)
    )
    for argument, declaration in contract["arguments"].items():
        parser.add_argument(
            f"--{argument}", metavar=_metavar(declaration), help=_help(declaration, declaration["default"])
        )
    own = parser.add_argument_group("running")
    if "seed" not in contract["arguments"]:
        default = "drawn anew for each run" if contract["seed"] is None else contract["seed"]
        own.add_argument("--seed", metavar="INTEGER", help=f"key of the random streams (default: {default})")
    own.add_argument(
        "--replications",
        metavar="INTEGER",
        default="1",
        help="runs with different random streams (default: 1)",
    )
    own.add_argument(
        "--detail", action="store_true", help="add seq, replication and component to each record"
    )
    own.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help=_parameters_help(program)
    )
    own.add_argument(
        "--change",
        metavar="TIME:NAME=VALUE",
        action="append",
        default=[],
        help="change a parameter at a time, before everything else that happens then",
    )
    return parser


def _description(contract: Mapping[str, Any]) -> str:
    commands = ", ".join(contract["stdin"].get("commands", ()))
    reads = f" Reads commands from stdin: {commands}." if commands else ""
    return f"{contract['title']}. Prints its events as JSON. Times are in {contract['time']['unit']}.{reads}"


def _metavar(declaration: Mapping[str, Any]) -> str:
    kind = declaration["type"]
    if kind == "choice":
        return "{" + ",".join(declaration["choices"]) + "}"
    return str(declaration["format"] if kind == "duration" else kind.upper())


def _help(declaration: Mapping[str, Any], default: Any) -> str:
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
    notes.append(
        "required" if default is None else f"default: {_shown_default(declaration['type'], default)}"
    )
    return " ".join([*words, f"({', '.join(notes)})"]).replace("%", "%%")


def _shown_default(kind: str, default: Any) -> str:
    if kind == "file":
        return "its own"
    if kind == "boolean":
        return str(default).lower()
    if kind == "simplex":
        return ",".join(map(str, default))
    return str(default) or "empty"


def _parameters_help(program: Program) -> str:
    declared, values = program.contract["parameters"], program.settle_parameters({})
    if not declared:
        return "change a parameter (this simulator has none)"
    told = [f"{name}: {_help(declaration, values[name])}" for name, declaration in declared.items()]
    return f"change a parameter; {'; '.join(told)}"


def _change(text: str) -> tuple[str, str, str]:
    time, colon, setting = text.partition(":")
    name, equals, value = setting.partition("=")
    if not colon or not equals:
        raise UsageError(f"--change takes TIME:NAME=VALUE, not {text!r}")
    return time, name, value


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


def _stdout() -> IO[bytes]:
    if sys.stdout is None:
        raise UsageError("stdout is closed; records have nowhere to go")
    stdout: Any = sys.stdout.buffer
    if isinstance(stdout, io.RawIOBase):
        # So it is with PYTHONUNBUFFERED. A raw file may take less than it is given, and says so only in passing.
        return open(stdout.fileno(), "wb", closefd=False)
    return cast("IO[bytes]", stdout)


def _stdin() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"stdin is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        ) from None
    except OSError as error:
        raise UsageError(f"stdin cannot be read: {error.strerror}") from None


def _say(name: str, sentence: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{name}: {'; '.join(sentence.splitlines())}\n")
