"""What to type to run a simulator."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gsim_devs.errors import UsageError

Simulator = str | Path | Sequence[str]
"""A simulator's folder, zipapp or .py file; or the items of a command line, for simulators that are not ours.
Its options stand where the item `{arguments}` stands, or at the end."""

_PLACE = "{arguments}"


def command_line(
    simulator: Simulator,
    arguments: Mapping[str, object] | None = None,
    *,
    seed: int | None = None,
    parameters: Mapping[str, object] | None = None,
    replications: int = 1,
    detail: bool = False,
) -> list[str]:
    """Return the command line of one run."""
    options = _options(arguments or {}, seed, parameters or {}, replications, detail)
    if isinstance(simulator, str | Path):
        return [*_interpreted(Path(simulator)), *options]
    words = list(simulator)
    if not words:
        raise UsageError("an empty command line starts no simulator")
    at = words.index(_PLACE) if _PLACE in words else len(words)
    return words[:at] + options + words[at + 1 :]


def _interpreted(path: Path) -> list[str]:
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise UsageError(f"{path} is no simulator: it has no __main__.py")
    if not path.exists():
        raise UsageError(f"there is no simulator at {path}")
    # Isolated: neither the caller's folder nor its environment decides what is imported.
    return [sys.executable, "-I", str(path.absolute())]


def _options(
    arguments: Mapping[str, object],
    seed: int | None,
    parameters: Mapping[str, object],
    replications: int,
    detail: bool,
) -> list[str]:
    if seed is not None and "seed" in arguments:
        raise UsageError("seed is given twice: among the arguments, and by itself")
    options = [word for name, value in arguments.items() for word in (f"--{name}", _text(value))]
    if seed is not None:
        options += ["--seed", str(seed)]
    for name, value in parameters.items():
        options += ["--set", f"{name}={_text(value)}"]
    if replications != 1:
        options += ["--replications", str(replications)]
    if detail:
        options += ["--detail"]
    return options


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
