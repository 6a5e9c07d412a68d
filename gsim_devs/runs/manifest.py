"""What was to be done in a run, with what, and how it ended. Holds no key of any service."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from gsim_devs.contracts import from_data
from gsim_devs.contracts.declaration import Declaration

from .files import json_of, put_json

Ending: TypeAlias = Literal["done", "failed", "budget", "interrupted", "crashed"]
"""done: there is a result, good or bad; failed: there cannot be one; budget: a limit was reached; interrupted: somebody
stopped it; crashed: a defect of ours, or the process was killed."""

_SECRET = re.compile(
    r"(?i)(^|[-_.])(api[-_]?key|key|secret|password|passwd|authorization|credentials?|token)$"
)
_KEY = re.compile(r"\b(?:sk|pk|key)-[A-Za-z0-9_-]{16,}")
_LEFT_OUT = "(left out)"


class Input(Declaration):
    """A file that the run was given."""

    path: str
    """As it was named."""
    sha256: str
    """Of its bytes."""


class Manifest(Declaration):
    """What was to be done, with what, and how it ended."""

    format: Literal[1] = 1
    """The version of the run directory."""
    id: str = ""
    """The name of the folder; given when the run is created."""
    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
    """The system that is built."""
    command: tuple[str, ...] = ()
    """The command line, without the program."""
    started: str = ""
    """The moment it was created, ISO 8601 with its time zone; given when the run is created."""
    versions: Mapping[str, str] = {}
    """Of Python and packages; `code` is a hash of gsim_devs itself. Given when the run is created."""
    inputs: Mapping[str, Input] = {}
    """Specification, contract, rules, test inputs."""
    configuration: Mapping[str, Any] = {}
    """Every setting as it was resolved, without keys."""
    model: str = ""
    """The language model that is asked."""
    mode: str = ""
    """How it is asked: a service, a recording, by hand."""
    isolation: str = ""
    """How the code that it writes is contained."""
    seeds: tuple[int, ...] = ()
    """Of the simulations."""
    status: Literal["running"] | Ending = "running"
    """How it ended; `running` in the folder of a process that was killed, too."""
    reason: str = ""
    """Why it ended so, in words."""


def load_manifest(path: Path) -> Manifest:
    """Read a manifest; UsageError says in sentences what is wrong with it."""
    return from_data(Manifest, json_of(path), str(path))


def put_manifest(path: Path, manifest: Manifest) -> None:
    """Write it, without what looks like a key of a service."""
    put_json(path, without_keys(manifest.model_dump(mode="json")))


def inputs_of(files: Mapping[str, Path]) -> dict[str, Input]:
    """The files that a run is given, as they are now; those that do not exist are left out."""
    return {
        name: Input(path=str(path), sha256=sha256(path.read_bytes()).hexdigest())
        for name, path in files.items()
        if path.is_file()
    }


def versions() -> dict[str, str]:
    """Of what takes part in a run."""
    return {
        "python": python_version(),
        "gsim-devs": _version("gsim-devs"),
        "xdevs": _version("xdevs"),
        "code": code_version()[:12],
    }


@cache
def code_version() -> str:
    """A hash of the code and the prompts of this package: its number does not change with every edit."""
    root = Path(__file__).parents[1]
    files = sorted(path for path in root.rglob("*") if path.suffix in {".py", ".md"})
    parts = (f"{path.relative_to(root)} {sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    return sha256("".join(parts).encode()).hexdigest()


def without_keys(value: Any) -> Any:
    """Plain data without what is called a key, a password and the like, or looks like one."""
    if isinstance(value, Mapping):
        return {name: _LEFT_OUT if _hides(name, one) else without_keys(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [
            _LEFT_OUT if before is not None and _is_option(before) else without_keys(one)
            for before, one in zip([None, *value], value, strict=False)
        ]
    return _KEY.sub(_LEFT_OUT, value) if isinstance(value, str) else value


def _hides(name: Any, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and bool(_SECRET.search(str(name)))


def _is_option(word: Any) -> bool:
    return isinstance(word, str) and word.startswith("-") and bool(_SECRET.search(word))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
