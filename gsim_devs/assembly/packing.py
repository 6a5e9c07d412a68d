"""A simulator's folder as one file that Python runs (a zipapp). The same folder makes the same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from gsim_devs.errors import UsageError

from .folder import beside_of
from .manifest import NAME, files_of_folder, is_archive

_SHEBANG = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, into: Path) -> Path:
    """Write the archive, and return its absolute path; an older one there is replaced, anything else is refused."""
    files = files_of_folder(folder)
    if files is None:
        raise UsageError(f"{folder} is no simulator of gsim-devs: it has no manifest.json of one")
    content = _SHEBANG + _zipped({name: _read(folder, name) for name in sorted([*files, NAME])})
    into = into.absolute()
    if into.is_symlink() or (into.exists() and not is_archive(into)):
        raise UsageError(f"{into} exists and is no packed simulator; choose another place, or remove it")
    beside = beside_of(into)
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.chmod(0o755)
        beside.replace(into)
    except OSError as error:
        raise UsageError(f"{into}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return into


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    # Neither `..` nor a link may bring in what lies elsewhere.
    if not path.resolve().is_relative_to(folder.resolve()) or path.is_symlink() or not path.is_file():
        raise UsageError(
            f"{folder}: {name}, which its manifest lists, is not a file in it; assemble it again"
        )
    return path.read_bytes()


def _zipped(files: dict[str, bytes]) -> bytes:
    """Not compressed: compressors differ from one machine to the next, and a start would take longer."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return held.getvalue()
