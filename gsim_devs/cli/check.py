"""`gsim-devs check --rules FILE --contract FILE TRACE`: does a trace keep the rules of its system?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

from .report import add_json_option, write_json


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
    add_json_option(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the same as JUnit XML")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the report; 1 if something is violated."""
    from gsim_devs.contracts import load_contract
    from gsim_devs.rules import arguments_of, check, load_rule_set
    from gsim_devs.trace import read

    contract = load_contract(options.contract)
    rules = load_rule_set(options.rules)
    arguments = arguments_of(contract, _pairs(options.set_arg))
    source = sys.stdin.buffer if options.trace == "-" else Path(options.trace)
    report = check(read(source, contract.model_dump(mode="json", by_alias=True)), rules, contract, arguments)
    print(report.text, end="")
    write_json(options, report.data)
    if options.junit is not None:
        options.junit.write_text(report.junit, encoding="utf-8")
    return 0 if report.holds else 1


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set-arg {text}: write NAME=VALUE")
        pairs[name] = value
    return pairs
