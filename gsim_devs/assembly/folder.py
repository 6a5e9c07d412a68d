"""Put a folder of files in its place as a whole: never half of it, never over anything that is not a simulator."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from gsim_devs.errors import UsageError

from .manifest import NAME, files_of_folder

_CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def put_folder(files: Mapping[str, bytes], into: Path) -> Path:
    """Write the files beside the place, then swap; returns the folder's absolute path."""
    into = into.absolute()
    beside = beside_of(into)
    try:
        refuse_to_replace(into)
        into.parent.mkdir(parents=True, exist_ok=True)
        _write(files, beside)
        _swap(beside, into)
    except OSError as error:
        raise UsageError(f"{into}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return into


def beside_of(into: Path) -> Path:
    """A path that nobody uses, in the same folder, so that a rename is one step."""
    return into.with_name(f".{into.name}.{secrets.token_hex(4)}")


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _swap(new: Path, into: Path) -> None:
    if not into.exists():
        new.rename(into)
        return
    old = beside_of(into)
    into.rename(old)
    try:
        new.rename(into)
    except OSError:
        old.rename(into)
        raise
    shutil.rmtree(old)


def refuse_to_replace(into: Path) -> None:
    """Raise UsageError where something is in the way that was not made here."""
    if into.is_symlink():
        raise UsageError(f"{into} is a link; name the folder itself")
    if not into.exists():
        return
    if not into.is_dir():
        raise UsageError(f"{into} is a file; a simulator is a folder")
    files = files_of_folder(into)
    if files is None and any(into.iterdir()):
        raise UsageError(
            f"{into} exists and is no simulator of gsim-devs; choose another place, or remove it"
        )
    if strangers := _strangers(into, files or ()):
        raise UsageError(
            f"{into} holds {strangers[0]}, which is not part of the simulator; move it away, it would be lost"
        )


def _strangers(folder: Path, files: tuple[str, ...]) -> list[str]:
    """What somebody laid into a simulator's folder. What Python and tools leave behind (caches) does not count."""
    known = {*files, NAME, *(str(parent) for name in files for parent in Path(name).parents)}
    found = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    return [str(path) for path in found if str(path) not in known and not _is_cache(path)]


def _is_cache(path: Path) -> bool:
    return not _CACHES.isdisjoint(path.parts)
