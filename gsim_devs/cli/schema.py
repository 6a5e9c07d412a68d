"""`gsim-devs schema NAME`: the JSON Schema of one of our files."""

from __future__ import annotations

import argparse
import json
from typing import Any

from gsim_devs.errors import UsageError

_PATTERNS = """A pattern is entity.event, or {entity: .., event: .., where: condition, by: key}; entity and event may
be lists.
In expressions: time, entity, event, the fields of the payload by name, args.NAME (arguments of the run), horizon;
trigger.x and target.x where there are two records; accumulators of a fold by name; index in a sequence.
Numbers, texts, lists, (tuples), + - * / // % **, comparisons, and or not, in, x if c else y, [f(x) for x in list],
list[0], payload['x'];
abs all any ceil floor len max min round sum."""


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of a kind of file",
        description="Print the JSON Schema of a kind of file, for editors and other programs.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="contract, plan, cases, rules, mutants or data")
    parser.add_argument(
        "--short", action="store_true", help="of rules: every kind and its keys on one page, for people"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Print the schema."""
    if options.short:
        if options.name != "rules":
            raise UsageError("--short is for rules")
        print(_short())
        return 0
    print(json.dumps(_schema(options.name), indent=2, ensure_ascii=False))
    return 0


def _short() -> str:
    from gsim_devs.rules.patterns import RuleModel
    from gsim_devs.rules.vocabulary import keys, page

    return f"Every rule:\n{keys(RuleModel)}\n\nKinds:\n{page()}\n\n{_PATTERNS}"


def _schema(name: str) -> dict[str, Any]:
    if name == "rules":
        from gsim_devs.rules import rules_schema

        return rules_schema()
    from gsim_devs.contracts import json_schema

    return json_schema(name, others=("rules",))
