"""`gsim-devs check --rules FILE --contract FILE TRACE`: does a trace keep the rules of its system?"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gsim_devs.errors import UsageError

from .report import add_json_option, write_json

if TYPE_CHECKING:
    from gsim_devs.contracts import Contract
    from gsim_devs.rules import Violation
    from gsim_devs.trace import BadLine, Record

_FEW = 3
"""How many violations of one rule are told in full where nobody asks for all."""
_MOST = 10_000
"""How many violations of one rule are kept where somebody does."""
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
    parser.add_argument("--all", action="store_true", help=f"tell all violations, not {_FEW} of each rule")
    add_json_option(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the same as JUnit XML")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the report; 1 if something is violated."""
    from gsim_devs.contracts import load_contract, load_plan, speakers
    from gsim_devs.rules import arguments_of, check, load_rule_set
    from gsim_devs.trace import read

    contract = load_contract(options.contract)
    rules = load_rule_set(options.rules)
    given = _given(options, contract)
    arguments = arguments_of(contract, given)
    plan = options.plan / "plan.json" if options.plan and options.plan.is_dir() else options.plan
    declared = contract.model_dump(mode="json", by_alias=True)
    records = _Watched(read(_source(options), declared))
    report = check(
        records,
        rules,
        contract,
        arguments,
        speakers=speakers(load_plan(plan)) if plan else None,
        limit=_MOST if options.all else 10,
        notify=_tell if options.follow else None,
        reference=read(options.reference, declared) if options.reference else None,
        allow_python=options.allow_python,
    )
    note = _on_horizon(contract, given, arguments, records.last)
    print(report.words(None if options.all else _FEW, note), end="")
    write_json(options, report.data)
    if options.junit is not None:
        options.junit.write_text(report.junit, encoding="utf-8")
    return 0 if report.holds else 1


def _given(options: argparse.Namespace, contract: Contract) -> dict[str, str]:
    from gsim_devs.runtime.values import pairs

    given = pairs("--set-arg", options.set_arg)
    needed = [
        f"the argument {name} has no default: give --set-arg {name}=VALUE"
        for name, argument in contract.arguments.items()
        if argument.required and argument.type != "file" and not argument.label and name not in given
    ]
    if needed and set(given) <= set(contract.arguments):
        raise UsageError("\n".join(needed))
    return given


def _on_horizon(
    contract: Contract, given: Mapping[str, str], arguments: Mapping[str, Any], last: float | None
) -> str:
    """A hint where the default of the horizon hardly belongs to this trace."""
    name = contract.horizon.argument
    horizon = arguments[name]
    if name in given or last is None or horizon / 2 < last <= horizon:
        return ""
    return f"horizon {horizon!r} (the default of {name}; --set-arg {name}=VALUE gives another); last record at {last!r}"


class _Watched:
    """The records of a trace, and when the last of them was."""

    def __init__(self, records: Iterable[Record | BadLine]) -> None:
        self._records = records
        self.last: float | None = None

    def __iter__(self) -> Iterator[Record | BadLine]:
        from gsim_devs.trace import BadLine

        for record in self._records:
            if not isinstance(record, BadLine):
                self.last = record.time
            yield record


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
