"""Files that are there as a whole or not at all, and reading files that anybody may have written.

Knows no file name of a run.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from gsim_devs.errors import UsageError

_PARTIAL = ".partial"
MOST_BYTES = 8_000_000


def put(path: Path, content: str | bytes) -> Path:
    """Write a file beside its place, then rename it: after a crash at any moment the old or the new one is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A half of a surrogate pair, which a language model can write, has no bytes; its escape means the same in Python.
    held = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    beside = partial_of(path)
    try:
        with beside.open("wb") as file:
            file.write(held)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return path


def put_json(path: Path, data: Any) -> Path:
    """The same with plain data."""
    return put(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def partial_of(path: Path) -> Path:
    """A path that nobody uses, in the same folder, so that a rename is one step."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PARTIAL}")


def sweep(folder: Path) -> None:
    """Remove what a process that died was writing into this folder and those inside."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        if path.is_file() and not path.is_symlink():
            path.unlink()


def text_of(path: Path) -> str:
    """The text of a file; UsageError says in a sentence why there is none."""
    content = _bytes_of(path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None


def json_of(path: Path) -> Any:
    """The plain data that a file holds; UsageError says in a sentence why there are none."""
    try:
        return plain_json(text_of(path))
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None


def plain_json(text: str | bytes) -> Any:
    """Plain data from JSON without NaN and Infinity; raises ValueError or RecursionError."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number there")


def _bytes_of(path: Path) -> bytes:
    """Of a plain file of a bearable size; a link, a pipe or a device is none."""
    try:
        opened = open_plain(path)
        with os.fdopen(opened, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path}: more than {MOST_BYTES} bytes, too large to be read")
    return content


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open what must be a plain file; raises OSError where it is something else."""
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(0, "it is no plain file")
    return opened
