"""`manifest.json` of a simulator: what its files are, who wrote them, with what. No times and no places.

It is how a simulator's folder or archive is recognised as one of ours before it is replaced.
"""

from __future__ import annotations

import json
import platform
import secrets
import stat
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NAME = "manifest.json"
_KIND = "gsim-devs simulator"
_FORMAT = 1
_PARAMETERS = "parameters.json"


def manifest_of(system: str, files: Mapping[str, bytes], origin: str) -> bytes:
    """Write the manifest of these files; `origin` says what wrote the components."""
    manifest = {
        "kind": _KIND,
        "format": _FORMAT,
        "system": system,
        "origin": origin,
        "versions": {
            "python": platform.python_version(),
            "xdevs": _version("xdevs"),
            "gsim_devs": _version("gsim-devs"),
        },
        "files": {name: sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def note_calibration(folder: Path, how: Mapping[str, str | int]) -> None:
    """Let the manifest of a simulator's folder say that its parameters were calibrated, and how.

    A folder without a manifest of ours is left as it is.
    """
    path, parameters = folder / NAME, folder / _PARAMETERS
    if _PARAMETERS not in (files_of_folder(folder) or ()):
        return
    held: Any = json.loads(path.read_bytes())
    held["files"][_PARAMETERS] = sha256(parameters.read_bytes()).hexdigest()
    text = (json.dumps(held | {"calibrated": dict(how)}, indent=2, ensure_ascii=False) + "\n").encode()
    beside = path.with_name(f".{NAME}.{secrets.token_hex(4)}")
    beside.write_bytes(text)
    # At once or not at all.
    beside.replace(path)


def files_of_folder(folder: Path) -> tuple[str, ...] | None:
    """The files that a simulator's folder holds according to its manifest; None where it has none of ours."""
    path = folder / NAME
    try:
        # A link could lead to the manifest of another folder.
        return _files(path.read_bytes()) if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None


def origin_of(simulator: Path) -> str | None:
    """What wrote the components of a simulator's folder or archive; None where it does not say."""
    try:
        if simulator.is_dir():
            text = (simulator / NAME).read_bytes()
        else:
            with zipfile.ZipFile(simulator) as archive:
                text = archive.read(NAME)
        held: Any = json.loads(text)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return str(held["origin"]) if isinstance(held, dict) and "origin" in held else None


def is_archive(path: Path) -> bool:
    """Whether a file is a simulator that was packed by us."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _files(archive.read(NAME)) is not None
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


def _files(text: bytes) -> tuple[str, ...] | None:
    try:
        held: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(held, dict) or held.get("kind") != _KIND or held.get("format") != _FORMAT:
        return None
    files = held.get("files")
    return tuple(files) if isinstance(files, dict) else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
