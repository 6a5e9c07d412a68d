"""Text files that are named on a command line."""

from __future__ import annotations

from pathlib import Path

from gsim_devs.errors import UsageError


def read_text(path: Path) -> str:
    """What is in a file; a UsageError that names it where that is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
