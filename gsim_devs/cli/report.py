"""The `--json FILE` that every command with a table or a report has, and files that commands write at their end."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--json FILE`."""
    parser.add_argument("--json", type=new_file, metavar="FILE", help="write the same as JSON")


def new_file(text: str) -> Path:
    """A file that an option names, refused before any work is done where it could not be written after it."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"cannot write {path}: there is no folder {path.parent}")
    return path


def write_json(options: argparse.Namespace, report: Any) -> None:
    """Write the report, if that was asked for."""
    if options.json is not None:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        # Half a character, which a reply or a trace can hold, is written as JSON writes it.
        options.json.write_text(text, encoding="utf-8", errors="backslashreplace")
