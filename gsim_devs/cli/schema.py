"""`gsim-devs schema NAME`: the JSON Schema of one of our files."""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of a kind of file",
        description="Print the JSON Schema of a kind of file, for editors and other programs.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="contract, plan, cases, rules or mutants")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the schema."""
    print(json.dumps(_schema(options.name), indent=2, ensure_ascii=False))
    return 0


def _schema(name: str) -> dict[str, Any]:
    if name == "rules":
        from gsim_devs.rules import rules_schema

        return rules_schema()
    from gsim_devs.contracts import json_schema

    return json_schema(name)
