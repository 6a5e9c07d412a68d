"""`gsim-devs check --rules FILE --contract FILE TRACE`: does a trace keep the rules of its system?"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.rules import Violation

_MOMENT = 0.1
"""How often, in seconds, a trace that is being written is looked at."""


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "check",
        help="check a trace against rules",
        description="Check a trace against the contract and the rules of its system; tell where it is violated.",
        epilog="exit code: 0 all rules are kept, 1 the trace or a rule is violated, 2 something is wrong with the call",
        allow_abbrev=False,
    )
    parser.add_argument("trace", metavar="TRACE", help="the trace; - is standard input")
    parser.add_argument("--rules", metavar="FILE", type=Path, required=True, help="the rules (YAML)")
    parser.add_argument("--contract", metavar="FILE", type=Path, required=True, help="the contract (YAML)")
    parser.add_argument(
        "--set-arg",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the run (default: the contract's)",
    )
    parser.add_argument(
        "--plan",
        metavar="FILE",
        type=Path,
        help="the plan, or a simulator's folder: names the components at fault where the trace does not",
    )
    parser.add_argument(
        "--reference",
        metavar="TRACE",
        type=Path,
        help="a trace that is right, for rules that compare with one (default: they are not exercised)",
    )
    parser.add_argument(
        "--allow-python",
        action="store_true",
        help="let rules that are code run: those of the file beside the rules, which may do anything",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="tell each violation at once; read a file on as it grows, until Ctrl-C",
    )
    add_json_option(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the same as JUnit XML")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the report; 1 if something is violated."""
    from gsim_devs.contracts import load_contract, load_plan, speakers
    from gsim_devs.rules import arguments_of, check, load_rule_set
    from gsim_devs.runtime.values import pairs
    from gsim_devs.trace import read

    contract = load_contract(options.contract)
    rules = load_rule_set(options.rules)
    arguments = arguments_of(contract, pairs("--set-arg", options.set_arg))
    plan = options.plan / "plan.json" if options.plan and options.plan.is_dir() else options.plan
    declared = contract.model_dump(mode="json", by_alias=True)
    report = check(
        read(_source(options), declared),
        rules,
        contract,
        arguments,
        speakers=speakers(load_plan(plan)) if plan else None,
        notify=_tell if options.follow else None,
        reference=read(options.reference, declared) if options.reference else None,
        allow_python=options.allow_python,
    )
    print(report.text, end="")
    write_json(options, report.data)
    if options.junit is not None:
        options.junit.write_text(report.junit, encoding="utf-8")
    return 0 if report.holds else 1


def _source(options: argparse.Namespace) -> Any:
    stream = sys.stdin.buffer if options.trace == "-" else None
    if options.follow:
        return _Followed(stream, Path(options.trace))
    return stream or Path(options.trace)


class _Followed:
    """A trace that is still being written: a pipe up to its end, a file up to Ctrl-C."""

    def __init__(self, pipe: IO[bytes] | None, path: Path) -> None:
        self.stream: Any = pipe
        self.grows = pipe is None
        if pipe is None:
            try:
                self.stream = path.open("rb")
            except OSError as error:
                raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
        # A pipe's simulator gets the same Ctrl-C: what it still says is read. The second one ends us.
        signal.signal(signal.SIGINT, self._stop)

    def read1(self, size: int) -> bytes:
        """What there is, at least a byte; nothing once it is over."""
        while True:
            block: bytes = self.stream.read1(size)
            if block or not self.grows:
                return block
            time.sleep(_MOMENT)

    def _stop(self, number: int, frame: Any) -> None:
        self.grows = False
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell(violation: Violation) -> None:
    from gsim_devs.rules import in_words

    print(*in_words(violation), "", sep="\n", flush=True)
