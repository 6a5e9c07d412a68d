"""`gsim-devs run DIR ...`: become the simulator, or stand between it and the world where a language model wrote it."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

from .containment import add_isolation_option, launcher_for

if TYPE_CHECKING:
    from gsim_devs.execution import Launcher


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "run",
        help="run a simulator",
        description="Run a simulator; whatever follows DIR is for the simulator, and its exit code is ours.",
        epilog="gsim-devs run DIR --help shows what the simulator accepts.",
        allow_abbrev=False,
    )
    add_isolation_option(parser)
    parser.add_argument("simulator", metavar="DIR", help="folder or zipapp of the simulator")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the simulator")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Input, output and exit code are the simulator's own."""
    from gsim_devs.execution import tier_of
    from gsim_devs.execution.command import command_line

    argv = [*command_line(options.simulator), *options.arguments]
    launcher = launcher_for(options.simulator, options.isolation)
    return _become(argv) if tier_of(launcher) == "none" else _contained(argv, launcher)


def _become(argv: Sequence[str]) -> NoReturn:
    """Signals are the simulator's own, too."""
    sys.stdout.flush()
    os.execv(argv[0], list(argv))  # noqa: S606  (no shell is what we want)


def _contained(argv: Sequence[str], launcher: Launcher) -> int:
    """Run it in the sandbox and pass on what it writes, and the signals that ask it to end."""
    from gsim_devs.execution import Limits

    # Absolute, because in the sandbox it finds itself elsewhere.
    words = [os.path.abspath(word) if os.path.exists(word) else word for word in argv]  # noqa: PTH100, PTH110
    process = launcher(words, stdin=sys.stdin.fileno(), limits=Limits(seconds=float("inf")))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _end(process.pid))
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = [(process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer)]
    threads = [threading.Thread(target=_pass_on, args=pair) for pair in pipes]
    for thread in threads:
        thread.start()
    code = process.wait()
    for thread in threads:
        thread.join()
    return code if code >= 0 else 128 - code


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)


def _pass_on(source: IO[bytes], target: IO[bytes]) -> None:
    # Whoever reads our output may have seen enough.
    with suppress(BrokenPipeError):
        shutil.copyfileobj(source, target)
        target.flush()
