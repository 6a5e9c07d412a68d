"""The `--json FILE` that every command with a table or a report has."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--json FILE`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same as JSON")


def write_json(options: argparse.Namespace, report: Any) -> None:
    """Write the report, if that was asked for."""
    if options.json is not None:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        # Half a character, which a reply or a trace can hold, is written as JSON writes it.
        options.json.write_text(text, encoding="utf-8", errors="backslashreplace")
