"""`gsim-devs new ID`: a commented skeleton of the four files of a system."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

_SKELETON = Path(__file__).parent / "skeleton"
_FILES = {
    "spec.md": "specs/{id}.md",
    "contract.yaml": "contracts/{id}.yaml",
    "rules.yaml": "trace_checkers/{id}.yaml",
    "cases.yaml": "scenarios/{id}/cases.yaml",
}
_ID = "SYSTEM_ID"


def register(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "new",
        help="write a skeleton of the four files of a system",
        description="Write specification, contract, rules and test inputs of a new system, to be filled in.",
        allow_abbrev=False,
    )
    parser.add_argument("id", metavar="ID", help="name of the system: small letters, digits, _ or -")
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path(), help="where to (default: here)")
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Write the files, none of which may exist, and print their paths."""
    from gsim_devs.contracts.names import identifier_defect

    if cause := identifier_defect(options.id):
        raise UsageError(f"{options.id!r} cannot be the name of a system; it {cause}")
    texts = {name: (_SKELETON / name).read_text(encoding="utf-8").replace(_ID, options.id) for name in _FILES}
    paths = {name: options.root / place.format(id=options.id) for name, place in _FILES.items()}
    for path in paths.values():
        if path.exists():
            raise UsageError(f"{path} exists already; nothing was written")
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[name], encoding="utf-8")
        print(path)
    print("gsim-devs: fill them in, then: gsim-devs validate " + options.id, file=sys.stderr)
    return 0
